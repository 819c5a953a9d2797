"""The pages of bookings, through the door that people use: a browser without JavaScript."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.catalogue import create_service
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, Service, TaxCode
from bookbill.bookings.rules import State
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.customers.models import Customer
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.addresses import clean_address
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY, add_member


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


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


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


def test_the_booking_offers_what_comes_next(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    scheduled, done = make_booking(completed=False), make_booking()
    assert primary(desk.get(f"/bookings/{scheduled.pk}")) == "Complete"
    assert primary(desk.get(f"/bookings/{done.pk}")) == "Generate Invoice"
    invoice = make_invoice(done)
    assert primary(desk.get(f"/bookings/{done.pk}")) == "Send Invoice"
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert primary(desk.get(f"/bookings/{done.pk}")) == "View Invoice"


def test_completing_is_not_the_first_act_on_a_booking_of_a_later_day(
    company: Company,
    desk: Client,
    make_booking: Callable[..., Booking],
    page_of: Callable[[Actor], Client],
    time_machine: Any,
) -> None:
    time_machine.move_to(NOW)
    pat = add_member(company, "pat", Role.PROVIDER)
    day = {"service_date": TODAY + dt.timedelta(days=1), "provider_id": pat.member_id}
    ahead = make_booking(completed=False, **day)
    act = f'action="/bookings/{ahead.pk}/completion"'
    assert act not in text_of(desk.get("/bookings"))
    assert act in text_of(desk.get(f"/bookings/{ahead.pk}/menu"))
    page = desk.get(f"/bookings/{ahead.pk}")
    assert "data-primary" not in text_of(page)
    assert act in text_of(page)
    # A provider has no menu.
    assert act in text_of(page_of(pat).get(f"/bookings/{ahead.pk}"))
    Booking.objects.filter(pk=ahead.pk).update(service_date=TODAY)
    assert act in text_of(desk.get("/bookings"))
    assert act not in text_of(desk.get(f"/bookings/{ahead.pk}/menu"))


def test_the_list_says_the_year_only_of_another_one(
    desk: Client, make_booking: Callable[..., Booking], time_machine: Any
) -> None:
    time_machine.move_to(NOW)
    make_booking(service_date=dt.date(2026, 5, 4))
    make_booking(service_date=dt.date(2025, 12, 30))
    shown = text_of(desk.get("/bookings"))
    assert "May 4<" in shown
    assert "Dec 30, 2025<" in shown


def test_a_booking_shows_what_is_paid_and_who_did_what(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    draft = PaymentDraft(booking.customer_id, "cash", 4_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    shown = text_of(desk.get(f"/bookings/{booking.pk}"))
    assert "$40.00" in shown
    assert "$60.00" in shown
    assert "Partially paid" in shown
    assert "Ana created the booking" in shown
    assert "On this booking" in text_of(desk.get(f"/bookings/{booking.pk}/payments"))


def test_acts_of_the_menu_change_the_booking(desk: Client, make_booking: Callable[..., Booking]) -> None:
    booking = make_booking(completed=False)
    here = f"/bookings/{booking.pk}"
    assert (
        desk.post(f"{here}/completion", {"next": "/bookings?tab=scheduled"})["Location"]
        == "/bookings?tab=scheduled"
    )
    desk.post(f"{here}/hold", {"held": "yes"})
    booking.refresh_from_db()
    assert (booking.state, booking.held_back) == (State.COMPLETED, True)
    assert "Stop holding back" in text_of(desk.get(f"{here}/menu"))
    desk.post(f"{here}/reopening")
    desk.post(f"{here}/hold?held=no")  # Undo of the toast
    booking.refresh_from_db()
    assert (booking.state, booking.held_back) == (State.SCHEDULED, False)
    assert desk.post(f"{here}/deletion")["Location"] == "/bookings"
    assert not Booking.objects.exists()


def test_cancelling_with_a_fee_replaces_all_lines(desk: Client, make_booking: Callable[..., Booking]) -> None:
    booking = make_booking()
    assert "Cancel B-1001?" in text_of(desk.get(f"/bookings/{booking.pk}/cancellation"))
    desk.post(f"/bookings/{booking.pk}/cancellation", {"reason": "Ill", "fee": "25"})
    booking.refresh_from_db()
    assert (booking.state, booking.total_minor, booking.cancel_reason) == (State.CANCELLED, 2_500, "Ill")
    answer = desk.post(f"/bookings/{booking.pk}/cancellation", {"reason": "Again"})
    assert answer.status_code == 422
    assert "already cancelled" in text_of(answer)


def test_the_list_shows_each_state_under_its_tab(desk: Client, make_booking: Callable[..., Booking]) -> None:
    for completed in (False, True):
        make_booking(completed=completed)
    assert numbers(desk.get("/bookings")) == ["B-1002", "B-1001"]
    assert numbers(desk.get("/bookings?tab=scheduled")) == ["B-1001"]
    assert numbers(desk.get("/bookings?tab=to_invoice")) == ["B-1002"]
    assert "None here" in text_of(desk.get("/bookings?tab=cancelled"))


def test_the_list_finds_by_number_customer_and_day(
    desk: Client, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    make_booking(make_customer("Oak Dental"), service_date=dt.date(2026, 5, 4))
    make_booking(make_customer("Joëlle Tremblay"))
    assert numbers(desk.get("/bookings?q=1001")) == ["B-1001"]
    assert numbers(desk.get("/bookings?q=joelle")) == ["B-1002"]
    assert numbers(desk.get("/bookings?date_from=2026-05-01&date_to=2026-05-31")) == ["B-1001"]
    assert "No booking matches" in text_of(desk.get("/bookings?q=nobody"))


def test_ticked_bookings_are_completed_together_or_not_at_all(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    first, second, third = make_booking(completed=False), make_booking(completed=False), make_booking()
    answer = desk.post("/bookings/completions", {"ids": [first.pk, third.pk]})
    assert answer.status_code in (409, 422)
    assert "already completed" in text_of(answer)
    assert Booking.objects.filter(state=State.SCHEDULED).count() == 2
    assert desk.post("/bookings/completions", {"ids": [first.pk, second.pk]}).status_code == 303
    assert not Booking.objects.filter(state=State.SCHEDULED).exists()


def test_a_provider_sees_own_bookings_without_anything_of_money(
    company: Company,
    page_of: Callable[[Actor], Client],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    pat = add_member(company, "pat", Role.PROVIDER)
    mine = make_booking(provider_id=pat.member_id, completed=False, price="123.45")
    billed = make_booking(provider_id=pat.member_id, price="678.90")
    make_invoice(billed)
    other = make_booking()
    client = page_of(pat)
    listed = client.get("/bookings")
    assert mine.number in numbers(client.get("/bookings?q=maple+off"))
    for address in ("/bookings?q=", "/bookings/calendar?q=", "/search?q="):
        assert mine.number not in text_of(client.get(f"{address}maple@customer")), "finds by an email not shown"
    assert sorted(numbers(listed)) == [mine.number, billed.number]
    pages = [
        listed,
        *(
            client.get(f"/bookings/{booking.pk}{part}")
            for booking in (mine, billed)
            for part in ("", "/menu")
        ),
    ]
    for page in pages:
        assert page.status_code == 200
        for secret in ("123.45", "678.90", "$", "@customer.example", "Draft", "To invoice", "Paid"):
            assert secret not in main_of(page), secret
    assert client.get(f"/bookings/{other.pk}").status_code == 404
    for refused in (
        "/bookings/new",
        "/settings/services",
        f"/bookings/{mine.pk}/edit",
        f"/bookings/{mine.pk}/payments",
        f"/bookings/{mine.pk}/cancellation",
        f"/customers/{mine.customer_id}/bookings",
        "/settings/taxes",
    ):
        assert client.get(refused).status_code == 403, refused
    assert client.post(f"/bookings/{mine.pk}/completion").status_code == 303
    assert client.post(f"/bookings/{other.pk}/completion").status_code == 404


def test_an_accountant_reads_bookings_and_changes_none(
    company: Company, page_of: Callable[[Actor], Client], make_booking: Callable[..., Booking]
) -> None:
    client = page_of(add_member(company, "ada", Role.ACCOUNTANT))
    booking = make_booking(completed=False)
    shown = text_of(client.get(f"/bookings/{booking.pk}"))
    assert "$100.00" in shown
    assert "Cancel booking" not in shown
    for act in ("completion", "hold", "reopening", "deletion", "cancellation"):
        assert client.post(f"/bookings/{booking.pk}/{act}").status_code == 403


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


def test_services_and_tax_codes_are_added_from_their_pages(desk: Client, company: Company) -> None:
    assert "No services yet" in text_of(desk.get("/settings/services"))
    sent = {
        "name": "GST + QST",
        "components-TOTAL_FORMS": "3",
        "components-INITIAL_FORMS": "0",
        "components-0-name": "GST",
        "components-0-rate": "5",
        "components-0-category": "standard",
        "components-1-name": "QST",
        "components-1-rate": "9.975",
        "components-1-category": "standard",
        "components-2-category": "standard",
    }
    assert desk.post("/settings/taxes/new", sent).status_code == 303
    code = TaxCode.objects.get()
    assert [(part.name, part.rate) for part in code.components.order_by("position")] == [
        ("GST", Decimal(5)),
        ("QST", Decimal("9.975")),
    ]
    without_taxes = {name: value for name, value in sent.items() if name.endswith(("FORMS", "category"))}
    refused = desk.post("/settings/taxes/new", {"name": "Nothing", **without_taxes})
    assert refused.status_code == 422
    assert "1 to 10 components" in text_of(refused)
    sent = {"name": "Windows", "unit_price": "45", "unit": "hour", "tax_code": str(code.pk)}
    assert desk.post("/settings/services/new", sent).status_code == 303
    assert "$45.00" in text_of(desk.get("/settings/services"))
    assert "9.975%" in text_of(desk.get("/settings/taxes"))


@pytest.mark.parametrize("path", ["/bookings", "/bookings?tab=to_invoice"])
def test_the_list_takes_as_many_queries_for_one_booking_as_for_thirty(
    desk: Client, make_booking: Callable[..., Booking], django_assert_max_num_queries: Any, path: str
) -> None:
    make_booking()
    desk.get(path)
    with django_assert_max_num_queries(15) as one:
        desk.get(path)
    for _ in range(29):
        make_booking()
    with django_assert_max_num_queries(len(one)):
        assert len(numbers(desk.get(path))) == 30


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


def main_of(answer: Any) -> str:
    """What the page says, without the shell around it, which names the reader."""
    text = text_of(answer)
    return text.partition("<main")[2].partition("</main>")[0] or text


def numbers(answer: Any) -> list[str]:
    """The numbers of the listed bookings, in order."""
    return [row.booking.number for row in answer.context["rows"]]


def primary(answer: Any) -> str:
    """The words of the page's one primary button."""
    found = [
        part.split("</a>")[0].split("</button>")[0] for part in text_of(answer).split("data-primary")[1:]
    ]
    assert len(found) == 1, found
    return found[0].rpartition(">")[2].strip()


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
