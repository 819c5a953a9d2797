"""Reading the pages of bookings."""

from typing import Any


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def numbers(answer: Any) -> list[str]:
    """The numbers of the listed bookings, in order."""
    return [row.booking.number for row in answer.context["rows"]]
