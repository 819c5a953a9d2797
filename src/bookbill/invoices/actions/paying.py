"""Recording a payment on an invoice: the ledger places it on the invoice's bookings."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken


def record_payment_on_invoice(invoice_id: UUID, draft: PaymentDraft, *, by: Actor, now: datetime) -> Payment:
    """Book money for an invoice: its oldest bookings first, or as the draft places it; what is left becomes credit."""
    invoice = lock_invoice(invoice_id)
    if invoice.cancelled_at:
        raise RuleBroken(
            "not_payable", _("This invoice is cancelled. Record the payment on the customer instead.")
        )
    if draft.customer_id != invoice.customer_id:
        raise RuleBroken("not_payable", _("This invoice belongs to another customer."), field="customer_id")
    booking_ids = tuple(Booking.objects.filter(invoice=invoice).oldest_first().values_list("pk", flat=True))
    return record_payments([replace(draft, fill=booking_ids)], by=by, now=now)[0]
