"""An invoice over thousands of bookings opens as quickly as one over three: a page of them at a time, sums of all."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.lines import read_lines
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY, add_member, make_tax_code

pytestmark = pytest.mark.both_databases

TABS = ("", "/versions", "/emails", "/history")


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def make_large(
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> Callable[..., Invoice]:
    """A sent invoice over so many bookings, one on each day."""

    def make(count: int, **fields: Any) -> Invoice:
        customer = make_customer()
        days = [TODAY - dt.timedelta(days=count - place) for place in range(count)]
        return make_sent(*(make_booking(customer, service_date=day, **fields) for day in days))

    return make


@pytest.fixture
def _three_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookbill.invoices.lines.LINES_PAGE", 3)


def numbers(invoice: Invoice) -> list[str]:
    return list(Booking.objects.filter(invoice=invoice).oldest_first().values_list("number", flat=True))


def move(booking: Booking, days: int, by: Actor) -> None:
    """Another day for a booking: the invoice over it has changed since it was sent, not its total."""
    edit = BookingEdit({"service_date": booking.service_date - dt.timedelta(days=days)})
    transact(lambda: edit_booking(booking.pk, edit, by=by, now=NOW))


def pay(invoice: Invoice, booking: Booking, by: Actor) -> None:
    draft = PaymentDraft(invoice.customer_id, "cash", 1_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=by, now=NOW))


def send_again(invoice: Invoice, by: Actor) -> None:
    transact(lambda: send_invoices([invoice.pk], by=by, now=NOW))


def cancel(invoice: Invoice, by: Actor) -> None:
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=by, now=NOW))


@pytest.mark.usefixtures("_three_a_page")
def test_its_page_shows_a_page_of_the_bookings_and_where_the_others_are(
    desk: Client, make_large: Callable[..., Invoice]
) -> None:
    invoice = make_large(7)
    own, path = numbers(invoice), f"/payments/invoices/{invoice.pk}"
    pages = [text(desk.get(f"{path}?bookings={page}")) for page in (1, 2, 3)]
    for page, said, shown in zip(pages, ("1–3", "4–6", "7–7"), (own[:3], own[3:6], own[6:]), strict=True):
        assert f"Bookings {said} of 7" in page
        lines = page.split('id="lines"')[1].split('class="totals"')[0]
        assert [number for number in own if f">{number}<" in lines] == shown
        assert "$700.00" in page
    for odd in ("0", "99", "x", "-1", "1" * 40):
        assert desk.get(f"{path}?bookings={odd}").status_code == 200


@pytest.mark.usefixtures("_three_a_page")
def test_a_cancelled_one_is_paged_too_from_its_frozen_copy(
    desk: Client, ana: Actor, make_large: Callable[..., Invoice]
) -> None:
    invoice = make_large(4)
    own = numbers(invoice)
    cancel(invoice, ana)
    page = text(desk.get(f"/payments/invoices/{invoice.pk}?bookings=2"))
    assert "Bookings 4–4 of 4" in page
    assert f">{own[3]}<" in page
    assert f">{own[0]}<" not in page.split('id="lines"')[1].split('class="totals"')[0]
    assert "4 bookings of it can be invoiced again." in page


def test_a_tab_that_is_swapped_in_comes_without_what_stands_around_it(
    desk: Client, make_large: Callable[..., Invoice]
) -> None:
    invoice = make_large(2)
    for tab in TABS:
        part = text(
            desk.get(
                f"/payments/invoices/{invoice.pk}{tab}", headers={"HX-Request": "true", "HX-Target": "tab"}
            )
        )
        assert 'id="tab"' in part
        assert 'id="tabs"' in part
        assert 'id="lines"' not in part
        assert "<html" not in part


@pytest.mark.usefixtures("_three_a_page")
def test_the_sums_of_a_page_are_those_of_the_whole_document(
    company: Any,
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
    tax_code: TaxCode,
) -> None:
    customer, other = make_customer(), make_tax_code(company, "PST 7 %", "7")
    third = make_tax_code(company, "Eco 2 %", "2")
    codes = [(tax_code.pk, other.pk), (third.pk,), (None,), (tax_code.pk,), (other.pk,)]
    own = [
        make_booking(
            customer,
            items=tuple(
                ItemDraft(description="Clean", unit_price=Decimal(f"{place}3.37"), tax_code_id=code)
                for code in each
            ),
            # The taxes of the first stand before those of another on its day.
            service_date=TODAY - dt.timedelta(days=9 - max(2, place)),
        )
        for place, each in enumerate(codes, 1)
    ]
    made = make_sent(*own)
    pay(made, own[0], ana)
    invoice = Invoice.objects.select_related("customer").get(pk=made.pk)

    whole = read_live([invoice], now=NOW)[invoice.pk]
    part, pages = read_lines(invoice, "2", now=NOW)

    assert (part.totals, part.billing, part.exemption_reason) == (
        whole.totals,
        whole.billing,
        whole.exemption_reason,
    )
    assert part.bookings == whole.bookings[3:]
    assert (pages.first, pages.last, pages.count) == (4, 5, 5)


@pytest.mark.parametrize("is_cancelled", [False, True])
def test_more_bookings_and_payments_take_no_more_queries_on_any_tab(
    desk: Client,
    ana: Actor,
    make_large: Callable[..., Invoice],
    django_assert_max_num_queries: Any,
    is_cancelled: bool,
) -> None:
    few, many = make_large(2), make_large(30)
    for invoice in (few, many):
        bookings = list(Booking.objects.filter(invoice=invoice).oldest_first())
        for booking in bookings[:12]:
            pay(invoice, booking, ana)
        for days in (1, 2):
            move(bookings[1], days, ana)
            if days == 1:
                send_again(invoice, ana)
        if is_cancelled:
            cancel(invoice, ana)
    for tab in TABS:
        with django_assert_max_num_queries(60) as for_few:
            desk.get(f"/payments/invoices/{few.pk}{tab}")
        with django_assert_max_num_queries(len(for_few)):
            desk.get(f"/payments/invoices/{many.pk}{tab}")


def test_who_cancelled_a_booking_of_it_is_named_as_who_edited_one(
    desk: Client, ana: Actor, make_large: Callable[..., Invoice]
) -> None:
    invoice = make_large(3)
    first, second, _third = Booking.objects.filter(invoice=invoice).oldest_first()
    fee = ItemDraft("Fee", unit_price=Decimal(30))
    transact(lambda: cancel_booking(first.pk, fee=fee, reason="Ill", by=ana, now=NOW))
    transact(lambda: cancel_booking(second.pk, fee=None, reason="Ill", by=ana, now=NOW))

    page = text(desk.get(f"/payments/invoices/{invoice.pk}"))

    assert re.search(rf"{first.number}: \$[0-9.]+ → \$[0-9.]+, by Ana", page)
    assert re.search(rf"{second.number} removed: \$[0-9.]+, by Ana", page)


def test_who_wrote_a_note_on_a_booking_did_not_change_what_it_costs(
    desk: Client, company: Company, ana: Actor, make_large: Callable[..., Invoice]
) -> None:
    booking = Booking.objects.filter(invoice=make_large(1)).get()
    till = add_member(company, "Till", Role.OFFICE)
    renamed = (ItemDraft("Office clean, both floors", unit_price=booking.items.get().unit_price),)

    def edit(by: Actor, fields: dict[str, Any], items: tuple[ItemDraft, ...] | None = None) -> None:
        transact(lambda: edit_booking(booking.pk, BookingEdit(fields, items), by=by, now=NOW))

    edit(ana, {}, renamed)
    edit(till, {"note": "Ring twice", "start_time": dt.time(9)})
    edit(till, {"note": "Ring three times"})

    page = text(desk.get(f"/payments/invoices/{booking.invoice_id}"))
    assert f"{booking.number}: details changed, same total, by Ana" in page
    edit(ana, {}, (ItemDraft("Office clean", unit_price=Decimal(60)),))
    edit(till, {"service_date": TODAY - dt.timedelta(days=3)})
    page = text(desk.get(f"/payments/invoices/{booking.invoice_id}"))
    assert re.search(rf"{booking.number}: \$[0-9.]+ → \$60.00, by Ana", page)
    assert "Lines changed" in text(desk.get(f"/bookings/{booking.pk}"))


def test_a_changed_one_tells_what_changed_and_how_much_more(
    desk: Client, ana: Actor, make_large: Callable[..., Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookbill.invoices.views.detail.CHANGES_SHOWN", 1)
    invoice = make_large(3)
    for booking in Booking.objects.filter(invoice=invoice).oldest_first()[:2]:
        move(booking, 1, ana)
    page = text(desk.get(f"/payments/invoices/{invoice.pk}"))
    assert f"{numbers(invoice)[0]}: details changed, same total, by Ana" in page
    assert "and 1 more" in page


def test_every_tab_of_a_draft_opens_with_nothing_to_show(
    desk: Client, make_invoice: Callable[..., Invoice]
) -> None:
    draft = make_invoice()
    for tab in TABS:
        assert desk.get(f"/payments/invoices/{draft.pk}{tab}").status_code == 200


def test_the_versions_come_a_page_at_a_time_each_with_what_it_changed(
    desk: Client, ana: Actor, make_large: Callable[..., Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookbill.invoices.views.detail.VERSIONS_PAGE", 2)
    invoice = make_large(1)
    for _ in range(2):
        move(Booking.objects.get(invoice=invoice), 1, ana)
        send_again(invoice, ana)
    first, second = (text(desk.get(f"/payments/invoices/{invoice.pk}/versions?page={n}")) for n in (1, 2))
    tabs = [page.split('id="tab"')[1] for page in (first, second)]
    assert [[n for n in (3, 2, 1) if f"Version {n}<" in tab] for tab in tabs] == [[3, 2], [1]]
    assert tabs[0].count("details changed, same total") == 2
    assert "First sent" in tabs[1]
