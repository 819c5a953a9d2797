"""Where money goes, as pure functions over whole minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

K = TypeVar("K")


class Method(StrEnum):
    CASH = "cash"
    CHEQUE = "cheque"
    BANK_TRANSFER = "bank_transfer"
    CARD = "card"
    DIRECT_DEBIT = "direct_debit"
    OTHER = "other"


class Cause(StrEnum):
    """Why money was placed or taken back."""

    PLACED = "placed"
    CREDIT_USED = "credit_used"
    MOVED = "moved"
    RELEASED = "released"
    REFUNDED = "refunded"
    REVERSED = "reversed"


@dataclass(frozen=True, slots=True)
class Cover:
    """What covers a booking: money, lowered claims, claims given up."""

    paid_minor: int
    reduced_minor: int
    written_off_minor: int

    @property
    def total_minor(self) -> int:
        return self.paid_minor + self.reduced_minor + self.written_off_minor


def fit_cover(cover: Cover, *, total_minor: int, claimed_anew: bool) -> Cover:
    """What may stay when a booking costs ``total_minor``: the excess shrinks the write-off, then the reduction, then money.

    One that is claimed anew (cancelled, or moved to another customer) keeps neither write-off nor reduction; a fee keeps money.
    """
    if claimed_anew:
        return Cover(min(cover.paid_minor, total_minor), 0, 0)
    excess = max(0, cover.total_minor - total_minor)
    written_off = max(0, cover.written_off_minor - excess)
    excess -= cover.written_off_minor - written_off
    reduced = max(0, cover.reduced_minor - excess)
    excess -= cover.reduced_minor - reduced
    return Cover(cover.paid_minor - excess, reduced, written_off)


def take_back(amount_minor: int, placings: Sequence[tuple[K, int]]) -> list[tuple[K, int]]:
    """Take ``amount_minor`` out of placings in the order given; returns (key, taken) where anything is taken."""
    taken = []
    for key, placed in placings:
        part = min(amount_minor, placed)
        if part > 0:
            taken.append((key, part))
            amount_minor -= part
    if amount_minor:
        raise ValueError("more is taken back than was placed")
    return taken
