"""The ledger only grows (M8): the database refuses to change or delete its entries."""

from bookbill.lib.triggers import append_only

TRIGGERS = [
    append_only("ledger_payment", but=("reference",)),
    append_only("ledger_allocation"),
    append_only("ledger_refund"),
    append_only("ledger_reversal"),
    append_only("ledger_reduction"),
    append_only("ledger_writeoff"),
]
