"""Invoices, their frozen versions, sending, cancelling, batch runs."""
