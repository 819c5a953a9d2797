"""Which buttons the state of an invoice allows."""

from bookbill.invoices.models import Invoice
from bookbill.invoices.rules import Status


def acts_of(invoice: Invoice) -> dict[str, bool]:
    """Which buttons the state allows; rights are asked beside them. Read it with its customer."""
    status = invoice.status_now()
    live = status not in (Status.DRAFT, Status.CANCELLED)
    is_reachable = bool(invoice.customer.billing_recipients() or invoice.extra_recipients)
    return {
        "send": status == Status.DRAFT and invoice.sending_at is None,
        "undo": invoice.sending_at is not None,
        "send_again": live and invoice.sending_at is None,
        "edit": status == Status.DRAFT,
        "delete": status == Status.DRAFT,
        "pay": status != Status.CANCELLED and invoice.due() > 0,
        "write_off": live and invoice.due() > 0,
        "cancel": live,
        "remind": live and invoice.payable() > 0 and is_reachable,
        "copy_link": live,
        "duplicate": invoice.customer.archived_at is None,
        "send_copy": status == Status.CANCELLED,
    }
