"""Tables of invoices and of what their mails say. Other capabilities name them by string: "invoices.Invoice"."""

from bookbill.invoices.models.invoice import (
    Charge,
    ChargeCause,
    FreedBooking,
    Invoice,
    InvoiceQuerySet,
    Reminder,
    Version,
    VersionKind,
)
from bookbill.invoices.models.mails import MailText, MailTrial, Receipt

__all__ = [
    "Charge",
    "ChargeCause",
    "FreedBooking",
    "Invoice",
    "InvoiceQuerySet",
    "MailText",
    "MailTrial",
    "Receipt",
    "Reminder",
    "Version",
    "VersionKind",
]
