"""An invoice as the edges hand it to the actions."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class InvoiceDraft:
    """Bookings of one customer to put on one invoice. What is None comes from the customer and the company."""

    booking_ids: tuple[UUID, ...]
    note: str = ""
    extra_recipients: tuple[str, ...] = ()
    payment_link: bool | None = None
    terms_days: int | None = None
