"""Noting that a customer opened their page."""

from datetime import datetime
from uuid import UUID

from bookbill.activity.actions import record
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.lib.actor import Actor


def note_view(invoice_id: UUID, *, by: Actor, now: datetime) -> bool:
    """Note the first view of a sent invoice; True if this was it. Later ones change nothing.

    Asks for no right: whoever holds the link may say that it was opened. Raises NotFound.
    """
    invoice = lock_invoice(invoice_id)
    if invoice.viewed_at is not None or invoice.sent_at is None:
        return False
    invoice.viewed_at = now
    invoice.save(update_fields=["viewed_at"])
    record(entry("invoice.viewed", invoice, {}, {"viewed_at": now}), by=by, now=now)
    return True
