"""What the edges hand to the actions: cleaned values, nothing worked out yet."""

from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from enum import Enum
from uuid import UUID

from bookbill.money.pricing import Discount


class TaxChoice(Enum):
    """What a new booking may say instead of a tax code, or of none."""

    USUAL = "usual"
    """The company's usual one."""


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """One line. Missing price, unit, description or tax code are taken from the service, else the tax code is the booking's."""

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
    tax_code_id: UUID | TaxChoice | None = TaxChoice.USUAL
    """None: no tax."""
    provider_id: UUID | None = None
    service_address: dict[str, str] = field(default_factory=dict)
    completed: bool = False
    cancelled: bool = False
    held_back: bool = False
    is_instant: bool = False
    note: str = ""
    external_id: str | None = None
