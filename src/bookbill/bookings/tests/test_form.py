"""The booking's form, through a browser without JavaScript."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.catalogue import create_service
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, Service, TaxCode
from bookbill.bookings.rules import State
from bookbill.bookings.tests.reading import text_of
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.addresses import clean_address
from bookbill.lib.transactions import transact
from tests.support.cast import NOW


@pytest.fixture
def service(company: Company, ana: Actor) -> Service:
    return transact(
        lambda: create_service(name="Deep clean", unit="visit", unit_price=Decimal(115), by=ana, now=NOW)
    )


def lines(*rows: dict[str, Any]) -> dict[str, str]:
    """The fields of a booking's lines as a browser sends them."""
    sent = {"items-TOTAL_FORMS": str(len(rows)), "items-INITIAL_FORMS": "0"}
    for index, row in enumerate(rows):
        sent |= {f"items-{index}-{name}": str(value) for name, value in row.items()}
    return sent


def test_a_new_booking_takes_text_and_price_from_the_service(
    desk: Client, make_customer: Callable[..., Customer], service: Service
) -> None:
    customer = make_customer()
    answer = desk.post(
        "/bookings/new",
        {
            "customer": customer.pk,
            "service_date": "2026-06-30",
            "start_time": "09:30",
            "act": "save",
            **lines(
                {"service": service.pk, "quantity": "2"},
                {"description": "Parking", "unit_price": "12.50"},
                {},
            ),
        },
    )
    assert answer.status_code == 303
    booking = Booking.objects.get()
    items = [(item.description, item.unit, item.unit_price) for item in booking.items.order_by("position")]
    assert items == [("Deep clean", "visit", Decimal(115)), ("Parking", "", Decimal("12.5"))]
    assert (booking.state, booking.total_minor) == (State.SCHEDULED, 24_250)
    assert answer["Location"] == f"/bookings/{booking.pk}"


def test_save_and_complete_makes_a_completed_booking(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    sent = {"customer": make_customer().pk, "service_date": "2026-06-30", "act": "complete"}
    assert (
        desk.post("/bookings/new", {**sent, **lines({"description": "Job", "unit_price": "90"})}).status_code
        == 303
    )
    assert Booking.objects.get().state == State.COMPLETED


def test_the_same_form_sent_twice_makes_one_booking(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    sent = {
        "customer": make_customer().pk,
        "service_date": "2026-06-30",
        "operation_id": "once",
        **lines({"description": "Job", "unit_price": "90"}),
    }
    assert desk.post("/bookings/new", sent)["Location"] == desk.post("/bookings/new", sent)["Location"]
    assert Booking.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"description": "Job"}, "Enter a price."),
        ({"unit_price": "90"}, "Say what it is."),
        ({"description": "Job", "unit_price": "ninety"}, "is not a number"),
        ({}, "A booking needs at least one line."),
    ],
)
def test_a_line_that_cannot_be_billed_is_refused_with_what_was_typed_kept(
    desk: Client, make_customer: Callable[..., Customer], row: dict[str, str], sentence: str
) -> None:
    sent = {"customer": make_customer().pk, "service_date": "2026-06-30", "note": "Ring twice"}
    answer = desk.post("/bookings/new", {**sent, **lines(row)})
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert "Ring twice" in text_of(answer)
    assert not Booking.objects.exists()


def test_without_a_customer_the_form_leads_to_adding_one_and_back(desk: Client, company: Company) -> None:
    shown = text_of(desk.get("/bookings/new"))
    assert "First, a customer" in shown
    assert "/customers/new?next=/bookings/new" in shown


def test_editing_keeps_units_and_tax_codes_of_lines_that_are_not_touched(
    desk: Client, make_booking: Callable[..., Booking], tax_code: TaxCode
) -> None:
    item = ItemDraft(
        description="Windows",
        unit="m²",
        quantity=Decimal("2.5"),
        unit_price=Decimal("8.25"),
        tax_code_id=tax_code.pk,
    )
    booking = make_booking(items=(item,), completed=False)
    sent = form_values(desk, f"/bookings/{booking.pk}/edit") | {"note": "Back door"}
    assert desk.post(f"/bookings/{booking.pk}/edit", sent).status_code == 303
    kept = Booking.objects.get().items.get()
    assert (kept.unit, kept.quantity, kept.unit_price, kept.tax_code_id) == (
        "m²",
        Decimal("2.5"),
        Decimal("8.25"),
        tax_code.pk,
    )
    assert Booking.objects.get().note == "Back door"


def test_an_edit_over_someone_elses_is_refused(desk: Client, make_booking: Callable[..., Booking]) -> None:
    booking = make_booking(completed=False)
    sent = form_values(desk, f"/bookings/{booking.pk}/edit")
    assert desk.post(f"/bookings/{booking.pk}/edit", sent | {"note": "First"}).status_code == 303
    answer = desk.post(f"/bookings/{booking.pk}/edit", sent | {"note": "Second"})
    assert answer.status_code == 422
    assert "changed by someone else" in text_of(answer)
    assert Booking.objects.get().note == "First"


def test_duplicate_fills_the_form_with_the_lines_of_the_other(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(price="77.70")
    values = form_values(desk, f"/bookings/new?copy={booking.pk}")
    assert values["customer"] == str(booking.customer_id)
    assert (values["items-0-description"], values["items-0-unit_price"]) == ("Office clean", "77.70")


def test_the_form_says_where_the_work_is_done_and_a_copy_is_done_there_too(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    home = clean_address({"line1": "1 Maple Street", "city": "Toronto"}, field="")
    customer = make_customer(service_address=home)
    sent = {
        "customer": customer.pk,
        "service_date": "2026-06-30",
        "is_elsewhere": "on",
        "external_id": "crm-7",
        **lines({"description": "Job", "unit_price": "90"}),
    }
    refused = desk.post("/bookings/new", sent)
    assert refused.status_code == 422
    assert "Enter where the work is done" in text_of(refused)
    desk.post("/bookings/new", {**sent, "place-line1": "9 Harbour Quay"})
    booking = Booking.objects.get()
    assert (booking.service_address["line1"], booking.external_id) == ("9 Harbour Quay", "crm-7")
    shown = form_values(desk, f"/bookings/{booking.pk}/edit")
    assert (shown["is_elsewhere"], shown["external_id"]) == ("True", "crm-7")
    assert (
        desk.get(f"/bookings/new?copy={booking.pk}").context["form"].place["line1"].value()
        == "9 Harbour Quay"
    )
    copied = form_values(desk, f"/bookings/new?copy={booking.pk}")
    assert copied["is_elsewhere"] == "True"
    assert "external_id" not in copied
    del shown["is_elsewhere"]
    desk.post(f"/bookings/{booking.pk}/edit", shown)
    booking.refresh_from_db()
    assert booking.service_address == home


def test_the_form_moves_the_place_with_the_customer(
    desk: Client, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    address = {"line1": "2 Oak Road", "city": "Toronto"}
    oak = make_customer("Oak Dental", service_address=clean_address(address, field=""))
    booking = make_booking(
        make_customer(service_address=clean_address({"line1": "1 Maple Street"}, field=""))
    )
    here = f"/bookings/{booking.pk}/edit"
    desk.post(here, {**form_values(desk, here), "customer": str(oak.pk)})
    booking.refresh_from_db()
    assert (booking.customer_id, booking.service_address) == (oak.pk, oak.service_address)


def test_a_line_is_asked_for_filled_in_and_summed_while_typing(
    desk: Client, make_customer: Callable[..., Customer], service: Service, tax_code: TaxCode
) -> None:
    added = text_of(desk.get("/bookings/lines/new?items-TOTAL_FORMS=5"))
    assert 'name="items-5-description"' in added
    assert 'name="items-TOTAL_FORMS" value="6"' in added
    filled = text_of(desk.get(f"/bookings/lines/5?items-5-service={service.pk}"))
    assert 'value="Deep clean"' in filled
    assert 'value="115.00"' in filled
    sent = {
        "customer": make_customer().pk,
        "tax_code": tax_code.pk,
        "discount_kind": "percent",
        "discount_value": "10",
        **lines({"description": "Job", "unit_price": "100", "quantity": "2"}, {"description": "Half typed"}),
    }
    sums = text_of(desk.post("/bookings/sums", sent))
    assert "$180.00" not in sums  # the net after discount is not a row of its own
    for amount in ("$200.00", "$20.00", "$23.40", "$203.40"):
        assert amount in sums
    assert not Booking.objects.exists()


def test_the_form_takes_as_many_queries_for_one_line_as_for_ten(
    desk: Client, make_booking: Callable[..., Booking], django_assert_max_num_queries: Any
) -> None:
    one_line = make_booking()
    ten = make_booking(
        items=tuple(ItemDraft(description=f"Line {n}", unit_price=Decimal(5)) for n in range(10))
    )
    desk.get(f"/bookings/{one_line.pk}/edit")
    with django_assert_max_num_queries(20) as one:
        desk.get(f"/bookings/{one_line.pk}/edit")
    with django_assert_max_num_queries(len(one)):
        desk.get(f"/bookings/{ten.pk}/edit")


def form_values(client: Client, path: str) -> dict[str, str]:
    """What a browser would send if nothing were changed: the values the page's forms show."""
    context = client.get(path).context
    shown = [context["form"], *context["items"].forms, context["items"].management_form]
    values = {
        field.html_name: field.field.prepare_value(field.value()) if field.value() is not None else ""
        for form in shown
        for field in form
    }
    return {name: str(value) for name, value in values.items() if value not in ("", None)}
