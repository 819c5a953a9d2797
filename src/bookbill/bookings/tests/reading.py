"""Reading the pages of bookings."""

from typing import Any


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def numbers(answer: Any) -> list[str]:
    """The numbers of the listed bookings, in order."""
    return [row.booking.number for row in answer.context["rows"]]


def primary(answer: Any) -> str:
    """The words of the page's one primary button."""
    found = [
        part.split("</a>")[0].split("</button>")[0] for part in text_of(answer).split("data-primary")[1:]
    ]
    assert len(found) == 1, found
    return found[0].rpartition(">")[2].strip()
