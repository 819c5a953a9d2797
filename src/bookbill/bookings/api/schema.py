"""What a booking is in bodies and answers."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from bookbill.bookings.actions.booking import ITEMS_MAX
from bookbill.bookings.actions.editing import BookingEdit
from bookbill.bookings.drafts import BookingDraft, ItemDraft, TaxChoice
from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.companies.rights import Right, may
from bookbill.lib.actor import Actor
from bookbill.money.currencies import exponent_of
from bookbill.money.pricing import Discount
from bookbill.web.api.addresses import AddressIn, AddressOut
from bookbill.web.api.schema import (
    Answer,
    Body,
    ClockTime,
    Id,
    IsoDate,
    Note,
    Quantity,
    UnitPrice,
    decimal,
    text,
)

CLOCK_TIME = "^([01][0-9]|2[0-3]):[0-5][0-9]$"
ExternalId = Annotated[str, text(120, required=True)]


class ItemIn(Body):
    """One line. With a `service_id`, what is left out is taken from the service; a tax code neither has is the booking's."""

    description: Annotated[str, text(500)] = ""
    quantity: Quantity = Decimal(1)
    unit: Annotated[str, text(20)] = ""
    unit_price: UnitPrice | None = None
    service_id: Id | None = None
    tax_code_id: Id | None = None

    def draft(self) -> ItemDraft:
        return ItemDraft(
            description=self.description,
            quantity=self.quantity,
            unit=self.unit,
            unit_price=self.unit_price,
            service_id=self.service_id,
            tax_code_id=self.tax_code_id,
        )


class DiscountIn(Body):
    """`value` is a percentage, or an amount in major units."""

    kind: Literal["percent", "amount"]
    value: Annotated[Decimal, decimal(4)]

    def discount(self) -> Discount:
        return Discount(self.kind, self.value)


Items = Annotated[list[ItemIn], Field(min_length=1, max_length=ITEMS_MAX)]


def tax_choice(body: Body, tax_code_id: UUID | None) -> UUID | TaxChoice | None:
    """A tax code that is left out is the company's usual one; null is none."""
    return tax_code_id if "tax_code_id" in body.model_fields_set else TaxChoice.USUAL


class BookingIn(Body):
    """A `tax_code_id` that is left out is the company's usual one; null: no tax."""

    customer_id: Id
    service_date: IsoDate
    start_time: ClockTime | None = None
    items: Items
    discount: DiscountIn | None = None
    tax_code_id: Id | None = None
    provider_id: Id | None = None
    service_address: AddressIn = AddressIn()
    state: Literal["scheduled", "completed"] = "scheduled"
    held_back: bool = False
    note: Note = ""
    external_id: ExternalId | None = None

    def draft(self) -> BookingDraft:
        return BookingDraft(
            customer_id=self.customer_id,
            service_date=self.service_date,
            start_time=self.start_time,
            items=tuple(item.draft() for item in self.items),
            discount=self.discount.discount() if self.discount else None,
            tax_code_id=tax_choice(self, self.tax_code_id),
            provider_id=self.provider_id,
            service_address=self.service_address.stored(),
            completed=self.state == "completed",
            held_back=self.held_back,
            note=self.note,
            external_id=self.external_id,
        )


class BookingPatch(Body):
    """Only what is sent changes; `items` are replaced whole."""

    customer_id: Id = UUID(int=0)
    service_date: IsoDate = dt.date.min
    start_time: ClockTime | None = None
    items: Items = []
    discount: DiscountIn | None = None
    tax_code_id: Id | None = None
    provider_id: Id | None = None
    service_address: AddressIn = AddressIn()
    state: Literal["scheduled", "completed"] = "scheduled"
    held_back: bool = False
    note: Note = ""
    external_id: ExternalId | None = None

    def edit(self) -> BookingEdit:
        sent = self.sent()
        items = tuple(item.draft() for item in sent.pop("items")) if "items" in sent else None
        if sent.get("discount"):
            sent["discount"] = self.discount.discount() if self.discount else None
        if "service_address" in sent:
            sent["service_address"] = self.service_address.stored()
        return BookingEdit(sent, items)


class PlainItem(Answer):
    """A line without its price."""

    description: str
    quantity: str
    unit: str
    service_id: UUID | None


class ItemOut(PlainItem):
    """`net_minor` is after discount and without tax."""

    unit_price: str
    tax_code_id: UUID | None
    amount_minor: int
    net_minor: int

    @classmethod
    def of(cls, item: BookingItem, exponent: int) -> "ItemOut":
        return cls(
            **_plain_item(item),
            unit_price=decimal_text(item.unit_price, places=exponent),
            tax_code_id=item.tax_code_id,
            amount_minor=item.amount_minor,
            net_minor=item.net_minor,
        )


class DiscountOut(Answer):
    kind: str
    value: str


class TaxOut(Answer):
    name: str
    rate: str
    category: str
    inclusive: bool
    base_minor: int
    amount_minor: int


class PlainBooking(Answer):
    """A booking as a provider sees it: what is to be done, without anything of price or payment."""

    id: UUID
    created_at: dt.datetime
    number: str
    customer_id: UUID
    service_date: dt.date
    start_time: Annotated[str, Field(pattern=CLOCK_TIME)] | None
    time_zone: str
    items: Sequence[PlainItem]
    provider_id: UUID | None
    service_address: AddressOut
    state: str
    note: str
    external_id: str | None
    completed_at: dt.datetime | None
    cancelled_at: dt.datetime | None
    cancel_reason: str
    revision: int


class BookingOut(PlainBooking):
    """A booking with its price and what covers it. `due_minor` is the total less what is paid, reduced and written off."""

    items: Sequence[ItemOut]
    discount: DiscountOut | None
    tax_code_id: UUID | None
    tax_exempt: bool
    exemption_reason: str
    held_back: bool
    is_instant: bool
    currency: str
    subtotal_minor: int
    discount_minor: int
    taxes: list[TaxOut]
    tax_minor: int
    total_minor: int
    paid_minor: int
    reduced_minor: int
    written_off_minor: int
    due_minor: int
    invoice_id: UUID | None


def booking_for(actor: Actor, booking: Booking) -> BookingOut | PlainBooking:
    """The booking as this actor may see it. In a list, read it ``with_parts()``."""
    items = sorted(booking.items.all(), key=lambda item: item.position)
    plain: dict[str, Any] = {
        name: getattr(booking, name)
        for name in PlainBooking.model_fields
        if name not in ("items", "start_time", "service_address")
    }
    plain["start_time"] = booking.start_time.isoformat("minutes") if booking.start_time else None
    plain["service_address"] = AddressOut.of(booking.service_address)
    if not may(actor, Right.VIEW_PRICES):
        return PlainBooking(**plain, items=[PlainItem(**_plain_item(item)) for item in items])
    exponent = exponent_of(booking.currency)
    taxes = sorted(booking.taxes.all(), key=lambda tax: tax.position)
    made: dict[str, Any] = {
        "items": [ItemOut.of(item, exponent) for item in items],
        "discount": _discount(booking),
        "taxes": [_tax(tax) for tax in taxes],
        "due_minor": booking.due(),
    }
    figures = {
        name: getattr(booking, name) for name in BookingOut.model_fields if name not in {*plain, *made}
    }
    return BookingOut(**plain, **figures, **made)


def decimal_text(value: Decimal, *, places: int = 0) -> str:
    """Without an exponent and without needless zeros, but with at least ``places`` decimals: "115.00", "2.5"."""
    whole, _point, rest = f"{value:f}".partition(".")
    rest = rest.rstrip("0").ljust(places, "0")
    return f"{whole}.{rest}" if rest else whole


def _plain_item(item: BookingItem) -> dict[str, Any]:
    return {
        "description": item.description,
        "quantity": decimal_text(item.quantity),
        "unit": item.unit,
        "service_id": item.service_id,
    }


def _discount(booking: Booking) -> DiscountOut | None:
    discount = booking.discount()
    if discount is None:
        return None
    places = exponent_of(booking.currency) if discount.kind == "amount" else 0
    return DiscountOut(kind=str(discount.kind), value=decimal_text(discount.value, places=places))


def _tax(tax: BookingTax) -> TaxOut:
    return TaxOut(
        name=tax.name,
        rate=decimal_text(tax.rate),
        category=tax.category,
        inclusive=tax.inclusive,
        base_minor=tax.base_minor,
        amount_minor=tax.amount_minor,
    )
