"""What may happen to a booking in its life."""

from enum import StrEnum


class State(StrEnum):
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class DiscountKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"


def is_invoiceable(*, state: str, total_minor: int, on_invoice: bool) -> bool:
    """Completed work, or a cancellation with a fee, that no live invoice carries."""
    return not on_invoice and (state == State.COMPLETED or (state == State.CANCELLED and total_minor > 0))


def may_delete(*, state: str, covered_minor: int, on_invoice: bool) -> bool:
    """Only a plan that left no trace: scheduled, without money, on no invoice."""
    return state == State.SCHEDULED and covered_minor == 0 and not on_invoice
