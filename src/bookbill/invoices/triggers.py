"""A version never changes (D4), charges only grow, and what a mail said stays: the database refuses anything else."""

from bookbill.lib.triggers import append_only, frozen

TRIGGERS = [
    frozen("invoices_version", but_once=("pdf_id", "pdf_sha256")),
    append_only("invoices_charge"),
    append_only("invoices_freedbooking"),
    append_only("invoices_reminder"),
    append_only("invoices_mailtext"),
    append_only("invoices_mailtrial"),
    append_only("invoices_receipt"),
]
