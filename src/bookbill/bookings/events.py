"""What happens to bookings that capabilities above take part in. Wired in `config/wiring.py`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookbill.lib.actor import Actor


@dataclass(frozen=True, slots=True)
class BookingsEditing:
    """Before items, discount, tax, date, customer or state of bookings change: the moment to refuse."""

    booking_ids: tuple[UUID, ...]
    moves_customer: bool
    reopens: bool
    by: Actor
    now: datetime
    leaves_nothing: bool = False
    """Cancelled without a fee: nothing of them is billed any more."""


@dataclass(frozen=True, slots=True)
class BookingTotalsChanging:
    """Just before new totals are stored: what is covered must fit into them, by the database's own check."""

    new_totals: Mapping[UUID, int]
    claimed_anew: frozenset[UUID]
    """Cancelled, or another customer's by now: what lowered the claim on them, or gave it up, is over."""
    by: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class BookingsChanged:
    """Lines, date, address, customer or state of bookings changed."""

    booking_ids: tuple[UUID, ...]
    by: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class BookingsCancelled:
    """Bookings were cancelled; those without a fee leave their invoice."""

    booking_ids: tuple[UUID, ...]
    reason: str
    by: Actor
    now: datetime
