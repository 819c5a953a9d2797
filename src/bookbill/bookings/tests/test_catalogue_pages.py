"""Services, tax codes and repricing, through a browser without JavaScript."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.catalogue import ComponentDraft, create_service, create_tax_code
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, Repricing, Service, TaxCode
from bookbill.bookings.tests.reading import text_of
from bookbill.companies.models import Company, User
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.work.draining import drain
from bookbill.work.models import Job
from tests.support.cast import NOW


@pytest.fixture
def service(company: Company, ana: Actor) -> Service:
    return transact(lambda: create_service(name="Deep clean", unit_price=Decimal(115), by=ana, now=NOW))


def taxes(*parts: tuple[str, str], **fields: str) -> dict[str, str]:
    """The fields of a tax code's form as a browser sends them."""
    sent = {
        "components-TOTAL_FORMS": str(len(parts)),
        "components-INITIAL_FORMS": str(len(parts)),
        "name": "GST + QST",
        "revision": "1",
        **fields,
    }
    for at, (name, rate) in enumerate(parts):
        sent |= {f"components-{at}-name": name, f"components-{at}-rate": rate}
        sent[f"components-{at}-category"] = "standard"
    return sent


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


@pytest.mark.parametrize(
    ("name", "category", "said"),
    [
        ("HST", "standard", "HST 13%"),
        ("HST 13 %", "standard", "HST 13 %"),
        ("HST", "zero", "HST 13%"),
        ("HST", "exempt", "HST exempt"),
        ("HST", "reverse_charge", "HST reverse charge"),
    ],
)
def test_a_booking_names_its_tax_as_its_invoice_does(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], name: str, category: str, said: str
) -> None:
    parts = [ComponentDraft(name, Decimal(13), category=category)]
    code = transact(lambda: create_tax_code(name="Taxed", components=parts, by=ana, now=NOW))
    booking = make_booking(tax_code_id=code.pk)
    assert f"<dt>{said}</dt>" in text_of(desk.get(f"/bookings/{booking.pk}"))
    invoice = text_of(desk.get(f"/payments/invoices/new?bookings={booking.pk}"))
    assert f"<dt>{said} on $100.00</dt>" in invoice
    assert "13 % 13%" not in text_of(desk.get("/settings/taxes"))


def test_a_service_is_edited_archived_and_brought_back(desk: Client, service: Service) -> None:
    page = f"/settings/services/{service.pk}"
    assert 'value="115.00"' in text_of(desk.get(page))
    sent = {"name": "Deep clean", "unit_price": "120", "unit": "visit", "revision": "1"}
    assert desk.post(page, sent).status_code == 303
    service.refresh_from_db()
    assert (service.unit_price, service.unit) == (Decimal(120), "visit")
    stale = desk.post(page, {**sent, "unit_price": "130"})
    assert (stale.status_code, "Somebody changed this meanwhile" in text_of(stale)) == (422, True)
    desk.post(f"{page}/archival", {"archived": "yes"})
    assert (
        "Deep clean"
        not in text_of(desk.get("/settings/services")).partition("<main")[2].partition("toast")[0]
    )
    assert "Deep clean" in text_of(desk.get("/settings/services?tab=archived"))
    desk.post(f"{page}/archival?archived=no")
    assert Service.objects.current().get() == service


def test_a_price_is_offered_as_the_reader_writes_it(desk: Client, service: Service) -> None:
    User.objects.update(language="fr")
    assert 'value="115,00"' in text_of(desk.get(f"/settings/services/{service.pk}"))


def test_an_archived_service_is_copied_as_text_and_a_replaced_code_as_its_successor(
    desk: Client, ana: Actor, service: Service, tax_code: TaxCode, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(items=(ItemDraft(service_id=service.pk),), tax_code_id=tax_code.pk)
    desk.post(f"/settings/services/{service.pk}/archival", {"archived": "yes"})
    new = transact(lambda: edit_tax_code(tax_code.pk, {"name": "HST 2"}, by=ana, now=NOW))
    desk.get("/settings/services")  # shows the toast
    page = text_of(desk.get(f"/bookings/new?copy={booking.pk}"))
    assert str(service.pk) not in page
    assert f'<option value="{new.pk}" selected>HST 2</option>' in page
    assert 'value="Deep clean"' in page


def test_a_tax_code_takes_up_to_ten_taxes_asked_for_one_by_one(desk: Client, company: Company) -> None:
    parts = [("T0", "1")]
    for number in range(1, 10):
        page = text_of(desk.post("/settings/taxes/new", {**taxes(*parts), "more": "yes"}))
        assert f'name="components-{number}-name"' in page
        assert f'value="T{number - 1}"' in page
        parts.append((f"T{number}", "1"))
    full = text_of(desk.post("/settings/taxes/new", {**taxes(*parts), "more": "yes"}))
    assert 'name="components-10-name"' not in full
    assert not TaxCode.objects.exists()
    assert desk.post("/settings/taxes/new", taxes(*parts, ("T10", "1"))).status_code == 422
    assert desk.post("/settings/taxes/new", taxes(*parts[:9], ("", ""))).status_code == 303
    assert TaxCode.objects.get().components.count() == 9


def test_asking_for_one_more_tax_judges_nothing_yet(desk: Client, company: Company) -> None:
    answer = desk.post("/settings/taxes/new", {**taxes(("", "five"), name=""), "more": "yes"})
    assert (answer.status_code, "field-error" in text_of(answer)) == (200, False)
    assert 'value="five"' in text_of(answer)


def test_an_unused_code_is_changed_and_a_used_one_leads_to_its_bookings(
    desk: Client, tax_code: TaxCode, make_booking: Callable[..., Booking]
) -> None:
    page = f"/settings/taxes/{tax_code.pk}"
    assert "never changes" not in text_of(desk.get(page))
    assert desk.post(page, taxes(("HST", "14"), name="HST"))["Location"] == "/settings/taxes"
    assert TaxCode.objects.get().name == "HST"
    make_booking(tax_code_id=tax_code.pk)
    assert "1 booking has this code" in text_of(desk.get(page))
    answer = desk.post(page, taxes(("HST", "15"), name="HST 15 %", revision="2"))
    assert answer["Location"] == f"{page}/bookings"
    shown = text_of(desk.get(answer["Location"]))
    assert "“HST 15 %” is in force from now on." in shown
    assert ("$114.00" in shown, "$115.00" in shown) == (True, True)
    assert "“HST 15 %” took its place; edit that one." in text_of(desk.get(page))
    replaced = text_of(desk.get("/settings/taxes?tab=archived"))
    assert "HST 15 %" in replaced


def test_a_code_in_use_says_why_it_is_not_archived(desk: Client, ana: Actor, tax_code: TaxCode) -> None:
    transact(
        lambda: create_service(
            name="Windows", unit_price=Decimal(1), tax_code_id=tax_code.pk, by=ana, now=NOW
        )
    )
    answer = desk.post(f"/settings/taxes/{tax_code.pk}/archival", {"archived": "yes"})
    assert "1 service has “HST 13 %”. Give it another tax first." in text_of(answer)
    assert TaxCode.objects.current().exists()


@pytest.fixture
def replaced(ana: Actor, tax_code: TaxCode, make_booking: Callable[..., Booking]) -> list[Booking]:
    """Three bookings under a code that 15 % replaced."""
    made = [make_booking(tax_code_id=tax_code.pk) for _ in range(3)]
    raised = {"name": "HST 15 %", "components": [ComponentDraft("HST", Decimal(15))]}
    transact(lambda: edit_tax_code(tax_code.pk, raised, by=ana, now=NOW))
    return made


def test_ticked_bookings_are_repriced_after_a_question_in_figures(
    desk: Client, tax_code: TaxCode, replaced: list[Booking]
) -> None:
    ask = f"/settings/taxes/{tax_code.pk}/repricings"
    ids = [str(booking.pk) for booking in replaced[:2]]
    question = text_of(desk.post(ask, {"ids": ids}))
    assert "Reprice 2 bookings with HST 15 %?" in question
    assert "2 are completed or paid" in question
    assert not Repricing.objects.exists()
    sent = {"ids": ids, "confirmed": "yes", "operation_id": "once"}
    answer = desk.post(ask, sent)
    assert desk.post(ask, sent)["Location"] == answer["Location"]
    running = text_of(desk.get(answer["Location"]))
    assert ("0 / 2" in running, "hx-get" in running) == (True, True)
    drain()
    done = text_of(desk.get(answer["Location"]))
    assert ("2 bookings repriced" in done, done.count("$115.00")) == (True, 2)
    assert [booking.total_minor for booking in Booking.objects.order_by("number_n")] == [
        11_500,
        11_500,
        11_300,
    ]


def test_all_that_can_be_repriced_are_asked_about_again_when_they_are_others_by_now(
    desk: Client, tax_code: TaxCode, replaced: list[Booking]
) -> None:
    ask = f"/settings/taxes/{tax_code.pk}/repricings?group=done"
    question = text_of(desk.post(ask, {"everything": "yes"}))
    assert 'name="confirmed" value="3"' in question
    again = desk.post(ask, {"everything": "yes", "confirmed": "2"})
    assert (again.status_code, "Reprice 3 bookings" in text_of(again)) == (200, True)
    assert desk.post(ask, {"everything": "yes", "confirmed": "3"}).status_code == 303
    assert Repricing.objects.get().chosen == 3


def test_nothing_ticked_is_said(desk: Client, tax_code: TaxCode, replaced: list[Booking]) -> None:
    answer = desk.post(f"/settings/taxes/{tax_code.pk}/repricings", {})
    assert "Tick between 1 and" in text_of(answer)


def test_a_stopped_run_offers_to_resume(desk: Client, tax_code: TaxCode, replaced: list[Booking]) -> None:
    ids = [str(replaced[0].pk)]
    page = desk.post(f"/settings/taxes/{tax_code.pk}/repricings", {"ids": ids, "confirmed": "yes"})[
        "Location"
    ]
    assert "It stopped half-way" not in text_of(desk.get(page))
    Job.objects.filter(kind="bookings.reprice").delete()
    assert "It stopped half-way" in text_of(desk.get(page))
    assert desk.post(f"{page}/resumption").status_code == 303
    drain()
    assert "1 booking repriced" in text_of(desk.get(page))


def test_the_list_takes_as_many_queries_for_one_booking_as_for_twenty(
    desk: Client,
    ana: Actor,
    tax_code: TaxCode,
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
    django_assert_max_num_queries: Any,
) -> None:
    customer = make_customer()
    make_booking(customer, tax_code_id=tax_code.pk)
    transact(lambda: edit_tax_code(tax_code.pk, {"name": "HST 2"}, by=ana, now=NOW))
    page = f"/settings/taxes/{tax_code.pk}/bookings"
    with django_assert_max_num_queries(25) as for_one:
        desk.get(page)
    Booking.objects.filter(tax_code=tax_code).update(note="")
    new = TaxCode.objects.current().get()
    more = [make_booking(customer, tax_code_id=new.pk) for _ in range(20)]
    for booking in more:
        booking.items.update(tax_code=tax_code)
    with django_assert_max_num_queries(len(for_one)):
        assert more[-1].number in text_of(desk.get(page))


def test_the_usual_tax_is_chosen_in_the_settings_and_new_bookings_begin_with_it(
    desk: Client, company: Company, tax_code: TaxCode, make_customer: Callable[..., Customer]
) -> None:
    make_customer()
    settings = {
        "number_format": "INV-{year}-{n:05}",
        "number_restarts_yearly": "on",
        "payment_terms_days": "14",
        "hold_seconds": "0",
        "after_sending": "follow",
        "default_tax_code_id": str(tax_code.pk),
        "revision": "1",
    }
    assert desk.post("/settings/invoicing", settings).status_code == 303
    assert Company.objects.get().default_tax_code_id == tax_code.pk
    for form in ("/bookings/new", "/payments/invoices/instant"):
        assert f'<option value="{tax_code.pk}" selected>HST 13 %</option>' in text_of(desk.get(form))
    assert "Default" in text_of(desk.get("/settings/taxes"))
    none = {**settings, "default_tax_code_id": "", "revision": "2"}
    assert desk.post("/settings/invoicing", none).status_code == 303
    assert Company.objects.get().default_tax_code_id is None
