"""A `Document`: everything a sent invoice says, as raw values. It is what a version stores and hashes.

Amounts are minor units, dates are ISO texts, rates are percentages as text: nothing here is formatted or translated.
A stored document is never migrated. When the shape changes, `SCHEMA` goes up and the earlier reader stays in `READERS`.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

SCHEMA = 1
LAYOUT = 1

StatusWord = Literal["draft", "sent", "partially_paid", "paid", "cancelled"]
TaxCategory = Literal["standard", "zero", "exempt", "reverse_charge", "outside_scope"]


class UnknownSchema(Exception):
    """Stored by a later version of Bookbill than this one."""


class DoesNotAddUp(Exception):
    """The figures of a document contradict each other. It must not be frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxId:
    scheme: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    line1: str = ""
    line2: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seller:
    """The company as it was when the document was frozen. ``colour`` is ``#rrggbb``."""

    name: str
    address: Address = Address()
    email: str = ""
    phone: str = ""
    website: str = ""
    tax_ids: tuple[TaxId, ...] = ()
    logo_sha256: str | None = None
    colour: str = "#1f6f5c"
    paper: Literal["A4", "Letter"] = "A4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Billing:
    name: str
    company_name: str = ""
    email: str = ""
    phone: str = ""
    address: Address = Address()
    tax_ids: tuple[TaxId, ...] = ()
    purchase_order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """What one component of a tax code charges. ``rate`` is in percent ("9.975").

    ``key`` names the tax code inside this document and is what `Line.tax_key` points at; the components of a code
    share it. In the totals, where bookings are summed, it is empty.
    """

    name: str
    rate: str
    base_minor: int
    amount_minor: int
    category: TaxCategory = "standard"
    inclusive: bool = False
    key: str = ""

    @property
    def signature(self) -> tuple[str, str, str, bool]:
        """What makes two taxes one row of the totals."""
        return (self.name, self.rate, self.category, self.inclusive)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``amount_minor`` is quantity × price as entered; ``net_minor`` is after discount and without tax."""

    description: str
    quantity: str
    unit_price: str
    amount_minor: int
    net_minor: int
    unit: str = ""
    tax_key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingBlock:
    """One booking. Subtotal and discount are without tax, also where the prices contain it."""

    id: str
    number: str
    service_date: str
    start_time: str | None = None
    service_address: str | None = None
    lines: tuple[Line, ...]
    subtotal_minor: int
    discount_minor: int = 0
    taxes: tuple[Tax, ...] = ()
    tax_minor: int = 0
    total_minor: int
    paid_minor: int = 0
    reduced_minor: int = 0
    written_off_minor: int = 0
    due_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    subtotal_minor: int
    discount_minor: int
    taxes: tuple[Tax, ...]
    tax_minor: int
    total_minor: int
    paid_minor: int
    reduced_minor: int
    written_off_minor: int
    due_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """``number`` is None on a draft. ``issued_at`` is the instant it was frozen, ISO with its offset from UTC."""

    schema: int = SCHEMA
    layout: int = LAYOUT
    kind: Literal["invoice"] = "invoice"
    status: StatusWord
    currency: str
    language: str
    number: str | None
    issue_date: str | None
    due_date: str | None
    terms_days: int | None
    issued_at: str
    seller: Seller
    billing: Billing
    exemption_reason: str = ""
    bookings: tuple[BookingBlock, ...]
    totals: Totals
    note: str = ""
    terms_and_conditions: str = ""
    pay_url: str | None = None


def totals_of(bookings: Sequence[BookingBlock], *, cancelled: bool = False) -> Totals:
    """The sums over the bookings; equal taxes become one row, in order of appearance. A cancelled one has nothing due."""
    due_minor = sum(booking.due_minor for booking in bookings)
    return Totals(
        subtotal_minor=sum(booking.subtotal_minor for booking in bookings),
        discount_minor=sum(booking.discount_minor for booking in bookings),
        taxes=sum_taxes(tax for booking in bookings for tax in booking.taxes),
        tax_minor=sum(booking.tax_minor for booking in bookings),
        total_minor=sum(booking.total_minor for booking in bookings),
        paid_minor=sum(booking.paid_minor for booking in bookings),
        reduced_minor=sum(booking.reduced_minor for booking in bookings),
        written_off_minor=sum(booking.written_off_minor for booking in bookings),
        due_minor=0 if cancelled else due_minor,
    )


def sum_taxes(taxes: Iterable[Tax]) -> tuple[Tax, ...]:
    """One row for each name, rate, category and way of pricing."""
    sums: dict[tuple[str, str, str, bool], list[int]] = {}
    kinds: dict[tuple[str, str, str, bool], Tax] = {}
    for tax in taxes:
        row = sums.setdefault(tax.signature, [0, 0])
        row[0] += tax.base_minor
        row[1] += tax.amount_minor
        kinds.setdefault(tax.signature, tax)
    return tuple(
        Tax(
            name=kind.name,
            rate=kind.rate,
            category=kind.category,
            inclusive=kind.inclusive,
            base_minor=base,
            amount_minor=amount,
        )
        for kind, (base, amount) in zip(kinds.values(), sums.values(), strict=True)
    )


def assert_adds_up(document: Document) -> None:
    """Raise DoesNotAddUp where a total is not the sum of its parts."""
    for booking in document.bookings:
        where = f"booking {booking.number}"
        _assert_parts(booking, where)
        if sum(line.net_minor for line in booking.lines) + booking.tax_minor != booking.total_minor:
            raise DoesNotAddUp(f"{where}: the lines and taxes are not the total")
        covered = booking.paid_minor + booking.reduced_minor + booking.written_off_minor
        if booking.due_minor not in (booking.total_minor - covered, 0):
            raise DoesNotAddUp(f"{where}: due is not the total less what is covered")
    _assert_parts(document.totals, "totals")
    if document.totals != totals_of(document.bookings, cancelled=document.status == "cancelled"):
        raise DoesNotAddUp("the totals are not the sums over the bookings")


def _assert_parts(part: BookingBlock | Totals, where: str) -> None:
    if part.subtotal_minor - part.discount_minor + part.tax_minor != part.total_minor:
        raise DoesNotAddUp(f"{where}: subtotal, discount and tax are not the total")
    if sum(tax.amount_minor for tax in part.taxes) != part.tax_minor:
        raise DoesNotAddUp(f"{where}: the taxes are not the tax")


def to_json_bytes(document: Document) -> bytes:
    """The canonical bytes: sorted keys, no white space, UTF-8. The same document gives the same bytes, everywhere.

    Raises DoesNotAddUp rather than freezing figures that contradict each other.
    """
    assert_adds_up(document)
    return json.dumps(
        document, default=_as_dict, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def with_number(content: str, *, number: str, issue_date: str, due_date: str) -> str:
    """What `to_json_bytes` would write of the same document with these, from what it wrote of it without any of them.

    Nothing is serialised again. No text can look like one of the three keys: its quotes are escaped.
    """
    for name, value in (("number", number), ("issue_date", issue_date), ("due_date", due_date)):
        content = content.replace(f'"{name}":null', f'"{name}":{json.dumps(value, ensure_ascii=False)}', 1)
    return content


def from_json_bytes(content: bytes) -> Document:
    """The document that `to_json_bytes` wrote, today or years ago. Raises UnknownSchema for one from the future."""
    data = json.loads(content)
    return _reader_of(data)(data)


def read_part(content: str, choose: Callable[[list[dict[str, Any]]], Iterable[dict[str, Any]]]) -> Document:
    """As `from_json_bytes`, but only with those of the stored bookings that ``choose`` picks. The totals stay those of all."""
    data = json.loads(content)
    return _reader_of(data)({**data, "bookings": choose(data["bookings"])})


def _reader_of(data: Any) -> Callable[[dict[str, Any]], Document]:
    schema = data.get("schema") if isinstance(data, dict) else None
    reader = READERS.get(schema) if type(schema) is int else None
    if reader is None:
        raise UnknownSchema(
            f"This document has schema {schema!r}; this version of Bookbill reads {', '.join(map(str, READERS))}."
        )
    return reader


def read_schema_1(data: dict[str, Any]) -> Document:
    return Document(
        **{
            **data,
            "seller": seller_from(data["seller"]),
            "billing": Billing(**_party(data["billing"])),
            "bookings": tuple(
                BookingBlock(
                    **{
                        **block,
                        "lines": tuple(Line(**line) for line in block["lines"]),
                        "taxes": _taxes(block["taxes"]),
                    }
                )
                for block in data["bookings"]
            ),
            "totals": Totals(**{**data["totals"], "taxes": _taxes(data["totals"]["taxes"])}),
        }
    )


READERS: dict[int, Callable[[dict[str, Any]], Document]] = {1: read_schema_1}


def seller_from(data: dict[str, Any]) -> Seller:
    return Seller(**_party(data))


def _party(data: dict[str, Any]) -> dict[str, Any]:
    return {
        **data,
        "address": Address(**data["address"]),
        "tax_ids": tuple(TaxId(**tax_id) for tax_id in data["tax_ids"]),
    }


def _taxes(rows: Iterable[dict[str, Any]]) -> tuple[Tax, ...]:
    return tuple(Tax(**row) for row in rows)


def _as_dict(part: Any) -> dict[str, Any]:
    return {name: getattr(part, name) for name in part.__slots__}
