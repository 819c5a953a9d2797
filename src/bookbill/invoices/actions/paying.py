"""Settling an invoice: a payment, the customer's credit, a balance given up. The ledger places it on the invoice's bookings."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.companies.rights import Right, require
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.claims import write_off_due
from bookbill.ledger.actions.payments import record_payments, use_credit
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import assert_in_transaction


def record_payment_on_invoice(invoice_id: UUID, draft: PaymentDraft, *, by: Actor, now: datetime) -> Payment:
    """Book money for an invoice: its oldest bookings first, or as the draft places it; what is left becomes credit."""
    assert_in_transaction()
    require(by, Right.RECORD_PAYMENTS)
    invoice = lock_invoice(invoice_id)
    if invoice.cancelled_at:
        raise RuleBroken(
            "not_payable", _("This invoice is cancelled. Record the payment on the customer instead.")
        )
    if draft.customer_id != invoice.customer_id:
        raise RuleBroken("not_payable", _("This invoice belongs to another customer."), field="customer_id")
    booking_ids = tuple(Booking.objects.filter(invoice=invoice).oldest_first().values_list("pk", flat=True))
    came_for = invoice.pk if invoice.sent_at else None  # a draft claims nothing, and may be deleted
    return record_payments([replace(draft, fill=booking_ids, invoice_id=came_for)], by=by, now=now)[0]


def place_credit_on_invoice(
    invoice_id: UUID, *, seen_minor: int | None = None, by: Actor, now: datetime
) -> int:
    """Place the customer's credit: oldest credit first, oldest service date first. How much, in minor units.

    ``seen_minor`` is how much the person saw; another amount refuses with `stale`.
    """
    assert_in_transaction()
    require(by, Right.PLACE_PAYMENTS)
    invoice = lock_invoice(invoice_id)
    _refuse_settled(invoice)
    bookings = {booking.pk: booking for booking in Booking.objects.filter(invoice=invoice).oldest_first()}
    placed = use_credit(bookings, by=by, now=now)
    if not placed:
        raise RuleBroken("no_credit", _("This customer has no credit to place."))
    if seen_minor is not None and placed != seen_minor:
        raise RuleBroken("stale", _("Another amount of credit goes here by now. Look at it, then apply it."))
    return placed


def write_off_invoice(invoice_id: UUID, *, due_minor: int, reason: str, by: Actor, now: datetime) -> None:
    """Give up what is still due, over all bookings. ``due_minor`` is what the person saw; another balance refuses with `stale`."""
    assert_in_transaction()
    require(by, Right.WRITE_OFF)
    invoice = lock_invoice(invoice_id)
    _refuse_settled(invoice)
    if invoice.sent_at is None:
        raise RuleBroken("not_sent", _("Nothing is owed on a draft yet. Change its bookings instead."))
    if invoice.due() != due_minor:
        raise RuleBroken(
            "stale", _("The balance has changed meanwhile. Look at it again, then write it off.")
        )
    booking_ids = list(Booking.objects.filter(invoice=invoice).values_list("pk", flat=True))
    write_off_due(booking_ids, reason=reason, by=by, now=now)


def _refuse_settled(invoice: Invoice) -> None:
    if invoice.cancelled_at:
        raise RuleBroken("invoice_cancelled", _("This invoice is cancelled; nothing on it changes any more."))
    if not invoice.due():
        raise RuleBroken("nothing_due", _("Nothing is due on this invoice."))
