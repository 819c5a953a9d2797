"""What a customer's page says first. Pure functions."""

from enum import StrEnum


class State(StrEnum):
    DUE = "due"
    PAID = "paid"
    PAID_AS_SENT = "paid_as_sent"
    """All that was sent is paid, and what came on top was not sent yet."""
    NOTHING_TO_PAY = "nothing_to_pay"
    CANCELLED = "cancelled"


def state_of(*, cancelled: bool, payable_minor: int, due_minor: int, paid_minor: int) -> State:
    """``payable_minor`` is what of ``due_minor`` may be asked for now (`Invoice.payable`); thanks are for money only."""
    if cancelled:
        return State.CANCELLED
    if payable_minor:
        return State.DUE
    if not paid_minor:
        return State.NOTHING_TO_PAY
    return State.PAID_AS_SENT if due_minor else State.PAID
