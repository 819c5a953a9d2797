"""Numbered pages of rows that are counted anyway: "Bookings 101–200 of 1,200"."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pages:
    """One page of so many rows."""

    number: int
    count: int
    size: int

    @property
    def start(self) -> int:
        """How many rows come before it."""
        return (self.number - 1) * self.size

    @property
    def first(self) -> int:
        return min(self.start + 1, self.count)

    @property
    def last(self) -> int:
        return min(self.start + self.size, self.count)

    @property
    def previous(self) -> int | None:
        return self.number - 1 if self.number > 1 else None

    @property
    def next(self) -> int | None:
        return self.number + 1 if self.last < self.count else None

    @property
    def is_several(self) -> bool:
        return self.count > self.size

    def cut(self, rows: Sequence[T]) -> Sequence[T]:
        """The rows of this page, out of all of them."""
        return rows[self.start : self.start + self.size]


def pages_of(asked: str | None, *, count: int, size: int) -> Pages:
    """The page an address asks for; what is no page of these is the nearest one."""
    wanted = int(asked) if asked and asked.isascii() and asked.isdigit() and len(asked) <= 9 else 1
    return Pages(max(1, min(wanted, -(-count // size))), count, size)
