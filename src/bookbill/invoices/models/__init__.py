"""Tables of invoices. Other capabilities name them by string: "invoices.Invoice"."""

from bookbill.invoices.models.invoice import (
    Charge,
    ChargeCause,
    Invoice,
    InvoiceQuerySet,
    Reminder,
    Version,
    VersionKind,
)

__all__ = [
    "Charge",
    "ChargeCause",
    "Invoice",
    "InvoiceQuerySet",
    "Reminder",
    "Version",
    "VersionKind",
]
