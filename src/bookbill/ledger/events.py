"""What happened to money that capabilities above react to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bookbill.lib.actor import Actor


@dataclass(frozen=True, slots=True)
class BookingMoneyChanged:
    """What is paid, reduced or written off on these bookings changed."""

    booking_ids: tuple[UUID, ...]
    by: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class ReceiptsAsked:
    """These payments were recorded, and their customers are to get a receipt."""

    payment_ids: tuple[UUID, ...]
    by: Actor
    now: datetime
