"""What the History of an invoice tells, and how long."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.test import Client

from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.copying import send_cancelled_copy
from bookbill.invoices.actions.linking import renew_link
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

HOUR = timedelta(hours=1)
Make = Callable[..., Any]


def told(desk: Client, invoice: Invoice) -> str:
    return desk.get(f"/payments/invoices/{invoice.pk}/history").content.decode()


def reprice(booking: Booking, price: str, by: Actor, now: datetime = NOW) -> None:
    edit = BookingEdit({}, (ItemDraft(description="Office clean", unit_price=Decimal(price)),))
    transact(lambda: edit_booking(booking.pk, edit, by=by, now=now))


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
