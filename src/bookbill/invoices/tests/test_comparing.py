"""Any version beside any other, or beside what stands now: what differs first, the rest on demand."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.catalogue import ComponentDraft
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.repricing import reprice_bookings
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.retrying import retry_mail
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY, make_tax_code


def text(answer: Any) -> str:
    return str(answer.content.decode())


def price(booking: Booking, amount: str, by: Actor) -> None:
    edit = BookingEdit({}, items=(ItemDraft(description="Office clean", unit_price=Decimal(amount)),))
    transact(lambda: edit_booking(booking.pk, edit, by=by, now=NOW))


@pytest.fixture
def invoice(
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> Invoice:
    """Over four bookings; the first cost 100.00 in version 1, 60.00 in version 2, and costs 75.00 now."""
    customer = make_customer()
    own = [make_booking(customer, service_date=TODAY - dt.timedelta(days=9 - place)) for place in range(4)]
    made = make_sent(*own)
    price(own[0], "60.00", ana)
    transact(lambda: send_invoices([made.pk], by=ana, now=NOW))
    price(own[0], "75.00", ana)
    return made


def path(invoice: Invoice, query: str = "") -> str:
    return f"/payments/invoices/{invoice.pk}/comparison{query}"


def test_the_last_sent_version_stands_beside_now(desk: Client, invoice: Invoice) -> None:
    page = text(desk.get(path(invoice)))
    assert "1 booking differs, out of 4." in page
    assert "<del" in page
    assert "$60.00</del>" in page
    assert "$75.00</ins>" in page
    assert "$100.00</del>" not in page


def test_the_country_of_an_address_is_named(
    desk: Client,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    customer = make_customer(billing_address={"line1": "12 Elm St", "country": "CA"})
    assert ">Canada</span>" in text(desk.get(path(make_sent(make_booking(customer)))))


def test_any_version_stands_beside_any_other(desk: Client, invoice: Invoice) -> None:
    page = text(desk.get(path(invoice, "?version=1&with=2")))
    assert "$100.00</del>" in page
    assert "$60.00</ins>" in page
    assert "$75.00" not in page
    back = text(desk.get(path(invoice, "?version=2&with=1")))
    assert "$60.00</del>" in back
    same = text(desk.get(path(invoice, "?version=2&with=2")))
    assert "The bookings are the same" in same
    for odd in ("?version=9", "?with=9", "?with=x", "?version=now&with=%00"):
        assert desk.get(path(invoice, odd)).status_code == 404


def test_what_is_the_same_is_shown_on_demand_a_page_at_a_time(
    desk: Client, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookbill.invoices.views.comparing.PAIRS_PAGE", 3)
    numbers = list(Booking.objects.oldest_first().values_list("number", flat=True))
    shown = [
        [number for number in numbers if number in text(desk.get(path(invoice, query)))]
        for query in ("", "?all=1", "?all=1&page=2")
    ]
    assert shown == [numbers[:1], numbers[:3], numbers[3:]]


ONE, TWO = (ItemDraft(description="Windows", quantity=Decimal(n), unit_price=Decimal(50)) for n in (1, 2))


@pytest.mark.parametrize(
    ("before", "edit", "gone", "come"),
    [
        (ONE, BookingEdit({"start_time": dt.time(9)}), ["Jun 30, 2026"], ["Jun 30, 2026, 9:00\N{NO-BREAK SPACE}AM"]),
        (ONE, BookingEdit({"service_address": {"line1": "9 Elm St"}}), [], ["9 Elm St"]),
        (TWO, BookingEdit({}, (replace(TWO, unit="h"),)), ["Windows · 2 × $50.00 · $100.00"], ["Windows · 2 h × $50.00 · $100.00"]),
        (ONE, BookingEdit({}, (replace(ONE, unit_price=Decimal("50.0012")),)), ["Windows · $50.00"], ["Windows · 1 × $50.0012 · $50.00"]),
        (ONE, BookingEdit({}, (ONE, ONE)), ["Total · $50.00"], ["Windows · $50.00", "Total · $100.00"]),
    ],
    ids=["hour", "place", "unit", "price", "line twice"],
)  # fmt: skip
def test_what_makes_a_booking_differ_is_marked(
    desk: Client,
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
    before: ItemDraft,
    edit: BookingEdit,
    gone: list[str],
    come: list[str],
) -> None:
    booking = make_booking(items=(before,))
    sent = make_sent(booking)
    transact(lambda: edit_booking(booking.pk, edit, by=ana, now=NOW))

    page = text(desk.get(path(sent)))

    assert re.findall("<del[^>]*>(.*?)</del>", page) == gone
    assert re.findall("<ins[^>]*>(.*?)</ins>", page) == come


def succeed(code: TaxCode, by: Actor, **changes: object) -> None:
    """The code is replaced, and every booking moves to its successor."""
    new = transact(lambda: edit_tax_code(code.pk, changes, by=by, now=NOW))
    every = list(Booking.objects.values_list("pk", flat=True))
    transact(lambda: reprice_bookings(every, old=code.pk, new=new.pk, by=by, now=NOW))


@pytest.mark.parametrize(
    ("component", "gone", "come"),
    [
        (ComponentDraft("HST", Decimal(15)), ["HST 13% on $100.00 · $13.00", "Total · $113.00"], ["HST 15% on $100.00 · $15.00", "Total · $115.00"]),
        (ComponentDraft("HST", Decimal(0), category="exempt"), ["HST 13% on $100.00 · $13.00", "Total · $113.00"], ["HST exempt on $100.00 · $0.00", "Total · $100.00"]),
    ],
    ids=["rate", "category"],
)  # fmt: skip
def test_what_a_successor_of_the_same_name_changes_is_marked(
    desk: Client,
    ana: Actor,
    tax_code: TaxCode,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
    component: ComponentDraft,
    gone: list[str],
    come: list[str],
) -> None:
    sent = make_sent(make_booking(tax_code_id=tax_code.pk))
    succeed(tax_code, ana, components=[component])

    page = text(desk.get(path(sent)))

    assert re.findall("<del[^>]*>(.*?)</del>", page) == gone
    assert re.findall("<ins[^>]*>(.*?)</ins>", page) == come


def test_tax_contained_in_the_prices_differs_from_tax_added(
    desk: Client,
    ana: Actor,
    company: Company,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    code = make_tax_code(company, "Zero", "0")
    sent = make_sent(make_booking(tax_code_id=code.pk))
    succeed(code, ana, inclusive=True)
    page = text(desk.get(path(sent)))
    assert "Zero 0% on $100.00 · $0.00</del>" in page
    assert "Zero 0% on $100.00 · $0.00 · included in the prices</ins>" in page


def test_which_line_carries_which_tax_is_compared(
    desk: Client,
    ana: Actor,
    company: Company,
    tax_code: TaxCode,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    taxed, untaxed = replace(ONE, tax_code_id=tax_code.pk), replace(ONE, description="Floor")
    booking = make_booking(items=(taxed, untaxed))
    sent = make_sent(booking)
    moved = (replace(taxed, tax_code_id=None), replace(untaxed, tax_code_id=tax_code.pk))
    transact(lambda: edit_booking(booking.pk, BookingEdit({}, moved), by=ana, now=NOW))
    page = text(desk.get(path(sent)))
    assert re.findall("<del[^>]*>(.*?)</del>", page) == ["Windows · $50.00 · HST 13%", "Floor · $50.00"]
    assert re.findall("<ins[^>]*>(.*?)</ins>", page) == ["Windows · $50.00", "Floor · $50.00 · HST 13%"]


@pytest.mark.both_databases
def test_a_code_of_another_name_that_prints_the_same_changes_nothing(
    desk: Client,
    ana: Actor,
    tax_code: TaxCode,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    sent = make_sent(make_booking(tax_code_id=tax_code.pk))
    succeed(tax_code, ana, name="Ontario")
    assert "The bookings are the same" in text(desk.get(path(sent)))
    assert not Invoice.objects.get().is_changed()
    Message.objects.update(state="failed", ready_at=NOW, next_at=None, trouble_at=NOW)
    transact(lambda: retry_mail(sent.pk, Message.objects.get().pk, by=ana, now=NOW))
    transact(lambda: send_invoices([sent.pk], by=ana, now=NOW))
    assert "The bookings are the same" in text(desk.get(path(sent, "?version=1&with=2")))


def test_a_cancelled_one_is_compared_among_its_versions(desk: Client, ana: Actor, invoice: Invoice) -> None:
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))
    page = text(desk.get(path(invoice)))
    assert "Cancelled copy" in page
    assert "The bookings are the same" in page
    assert desk.get(path(invoice, "?with=now")).status_code == 404
