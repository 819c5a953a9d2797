"""A version never changes (D4) and charges only grow: the database refuses anything else."""

from bookbill.lib.triggers import append_only, frozen

TRIGGERS = [
    frozen("invoices_version", but_once=("pdf_id", "pdf_sha256")),
    append_only("invoices_charge"),
    append_only("invoices_reminder"),
]
