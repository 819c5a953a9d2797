"""What a customer's page says first. Pure functions."""

from enum import StrEnum


class State(StrEnum):
    DUE = "due"
    PAID = "paid"
    NOTHING_TO_PAY = "nothing_to_pay"
    CANCELLED = "cancelled"


def state_of(*, cancelled: bool, payable_minor: int, paid_minor: int) -> State:
    """``payable_minor`` is what may be asked for now (`Invoice.payable`); thanks are for money only."""
    if cancelled:
        return State.CANCELLED
    if payable_minor:
        return State.DUE
    return State.PAID if paid_minor else State.NOTHING_TO_PAY
