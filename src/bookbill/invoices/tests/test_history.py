"""What the History of an invoice tells, and how long."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.copying import send_cancelled_copy
from bookbill.invoices.actions.linking import renew_link
from bookbill.invoices.actions.receipting import send_receipts
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.claims import write_off
from bookbill.ledger.actions.payments import use_credit
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

HOUR = timedelta(hours=1)
CHEQUE = {"way": "oldest", "method": "cheque", "reference": "884", "received_on": "2026-06-30"}
Make = Callable[..., Any]


def told(desk: Client, invoice: Invoice) -> str:
    return desk.get(f"/payments/invoices/{invoice.pk}/history").content.decode()


def reprice(booking: Booking, price: str, by: Actor, now: datetime = NOW) -> None:
    edit = BookingEdit({}, (ItemDraft(description="Office clean", unit_price=Decimal(price)),))
    transact(lambda: edit_booking(booking.pk, edit, by=by, now=now))


def cancel(booking: Booking, by: Actor, now: datetime) -> None:
    transact(lambda: cancel_booking(booking.pk, fee=None, reason="Rained out", by=by, now=now))


def test_what_happens_to_an_invoice_after_its_cancellation_stands_in_its_history(
    desk: Client, ana: Actor, make_sent: Make, make_booking: Make
) -> None:
    booking: Booking = make_booking()
    invoice = make_sent(booking)
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong house", by=ana, now=NOW + HOUR))
    transact(
        lambda: send_cancelled_copy(invoice.pk, recipients=["boss@x.example"], by=ana, now=NOW + 2 * HOUR)
    )
    transact(lambda: renew_link(invoice.pk, by=ana, now=NOW + 3 * HOUR))
    reprice(booking, "120.00", ana, NOW + 4 * HOUR)

    history = told(desk, invoice)

    assert "Ana sent the cancelled copy" in history
    assert "To boss@x.example" in history
    assert "Ana made a new link for the customer" in history
    assert f"Ana created booking {booking.number}" in history
    assert "$120.00" not in history


def test_a_booking_that_left_a_sent_invoice_is_told_of_up_to_then(
    desk: Client, ana: Actor, make_sent: Make, make_booking: Make, time_machine: Any
) -> None:
    time_machine.move_to(NOW)
    leaves: Booking = make_booking()
    stays: Booking = make_booking(leaves.customer)
    invoice = make_sent(leaves, stays)
    desk.post(f"/payments/invoices/{invoice.pk}/payments", CHEQUE | {"amount": "200.00"})

    cancel(leaves, ana, NOW + HOUR)
    other = make_sent(make_booking(leaves.customer))
    owing = {booking.pk: booking for booking in Booking.objects.filter(invoice=other)}
    transact(lambda: use_credit(owing, by=ana, now=NOW + 2 * HOUR))
    after = told(desk, invoice)

    assert f"Ana created booking {leaves.number}" in after
    assert f"Ana cancelled booking {leaves.number}" in after
    assert "$100.00 on this invoice" not in after  # the payment is told of as it was: all of it lay here
    assert "Credit of the payment" not in after


def test_the_history_asks_as_often_for_three_bookings_that_left_as_for_one(
    desk: Client, ana: Actor, make_sent: Make, make_booking: Make, django_assert_num_queries: Any
) -> None:
    first: Booking = make_booking()
    others = [make_booking(first.customer) for _ in range(3)]
    invoice = make_sent(first, *others)
    cancel(first, ana, NOW + HOUR)
    told(desk, invoice)
    with CaptureQueriesContext(connection) as one:
        told(desk, invoice)
    for booking in others[:2]:
        cancel(booking, ana, NOW + 2 * HOUR)
    with django_assert_num_queries(len(one)):
        told(desk, invoice)


def test_a_receipt_stands_in_the_history_of_the_invoice_in_words(
    desk: Client, ana: Actor, make_sent: Make
) -> None:
    invoice = make_sent()
    desk.post(f"/payments/invoices/{invoice.pk}/payments", CHEQUE | {"amount": "50.00"})
    transact(lambda: send_receipts([Payment.objects.get().pk], by=ana, now=NOW))
    history = told(desk, invoice)
    assert "Ana sent a receipt" in history
    assert "payment.receipt_sent" not in history


@pytest.mark.parametrize(
    ("paid", "sentence", "facts"),
    [
        ("", "Less of booking B-1001 is credited or written off", ["Written off $30.00 → $10.00"]),
        ("70.00", "Money on booking B-1001 became credit", ["Paid $70.00 → $20.00", "Written off $30.00 → $0.00"]),
    ],
)  # fmt: skip
def test_what_a_fallen_price_gave_free_is_said_as_it_was(
    desk: Client, ana: Actor, make_sent: Make, make_booking: Make, paid: str, sentence: str, facts: list[str]
) -> None:
    booking: Booking = make_booking()
    invoice = make_sent(booking)
    if paid:
        desk.post(f"/payments/invoices/{invoice.pk}/payments", CHEQUE | {"amount": paid})
    transact(lambda: write_off(booking.pk, amount_minor=3000, reason="Moved away", by=ana, now=NOW))
    reprice(booking, "20.00" if paid else "10.00", ana)

    history = told(desk, invoice)
    of_booking = desk.get(f"/bookings/{booking.pk}").content.decode()

    assert sentence in history
    assert ("became credit" in of_booking) == bool(paid)
    for fact in facts:
        assert fact in history
        assert fact in of_booking
