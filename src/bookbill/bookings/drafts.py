"""What the edges hand to the actions: cleaned values, nothing worked out yet."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from uuid import UUID

from bookbill.money.pricing import Discount


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One line. Missing price, unit or description are taken from the service."""

    description: str = ""
    quantity: Decimal = Decimal(1)
    unit: str = ""
    unit_price: Decimal | None = None
    service_id: UUID | None = None
    tax_code_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class BookingDraft:
    customer_id: UUID
    service_date: date
    items: tuple[ItemDraft, ...]
    start_time: time | None = None
    discount: Discount | None = None
    tax_code_id: UUID | None = None
    provider_id: UUID | None = None
    service_address: dict[str, str] = field(default_factory=dict)
    completed: bool = False
    cancelled: bool = False
    held_back: bool = False
    is_instant: bool = False
    note: str = ""
    external_id: str | None = None
