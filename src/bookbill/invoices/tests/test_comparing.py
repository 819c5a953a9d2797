"""Any version beside any other, or beside what stands now: what differs first, the rest on demand."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY


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
    assert "1 of 4 bookings differs." in page
    assert "<del" in page
    assert "$60.00</del>" in page
    assert "$75.00</ins>" in page
    assert "$100.00</del>" not in page


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
        (TWO, BookingEdit({}, (replace(TWO, unit="h"),)), ["Windows × 2 · $100.00"], ["Windows × 2 h · $100.00"]),
        (ONE, BookingEdit({}, (ONE, ONE)), ["Total · $50.00"], ["Windows · $50.00", "Total · $100.00"]),
    ],
    ids=["hour", "place", "unit", "line twice"],
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


def test_a_cancelled_one_is_compared_among_its_versions(desk: Client, ana: Actor, invoice: Invoice) -> None:
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))
    page = text(desk.get(path(invoice)))
    assert "Cancelled copy" in page
    assert "The bookings are the same" in page
    assert desk.get(path(invoice, "?with=now")).status_code == 404
