"""The part of a booking's net and taxes that a reduction or a write-off takes."""

from collections.abc import Sequence
from dataclasses import dataclass

from bookbill.money.allocation import split


@dataclass(frozen=True, slots=True)
class Shares:
    """An amount shared over net and taxes; ``net_minor`` and ``tax_minors`` sum to it."""

    net_minor: int
    tax_minors: tuple[int, ...]


def share_out(amount_minor: int, *, net_minor: int, tax_minors: Sequence[int]) -> Shares:
    """Share ``amount_minor`` pro rata over a net and its taxes, by largest remainder, net first.

    Pass what is *left* of the booking's net and taxes after earlier reductions and write-offs. Then no share
    exceeds its part, and the entry that takes the whole rest takes each rest exactly.

    Raises MoneyError ``nothing_to_split_over`` for an amount over nothing.
    """
    net, *taxes = split(amount_minor, [net_minor, *tax_minors])
    return Shares(net, tuple(taxes))
