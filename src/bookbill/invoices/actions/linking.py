"""The customer's link of an invoice."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import record
from bookbill.companies.rights import Right, require
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.ids import new_link_token
from bookbill.lib.transactions import assert_in_transaction


def renew_link(invoice_id: UUID, *, by: Actor, now: datetime) -> Invoice:
    """End the customer's link and make another. What was printed or mailed with the old one leads nowhere from now on."""
    assert_in_transaction()
    require(by, Right.EDIT_INVOICES)
    invoice = lock_invoice(invoice_id)
    if invoice.sent_at is None:
        raise RuleBroken("not_sent", _("A draft has no link yet; it gets one when it is sent."))
    invoice.link_token = new_link_token()
    invoice.save(update_fields=["link_token"])
    record(entry("invoice.link_renewed", invoice), by=by, now=now)
    return invoice
