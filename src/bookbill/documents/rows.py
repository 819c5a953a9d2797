"""The rows of the table: one for each line of each booking, or one for each service and month of a very long invoice."""

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.documents.document import BookingBlock, Document, Line
from bookbill.documents.formats import Formats

LINES_MAX = 1000
NO_TAX = "–"

Signature = tuple[str, str, str, bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``group`` counts the rows that belong together from here on: the lines of a booking on its first row, else 0.

    ``kind`` is "line", or "adjustment" for a discount.
    """

    kind: str
    group: int
    booking: str = ""
    date: str = ""
    description: str
    detail: str = ""
    quantity: str = ""
    price: str = ""
    tax: str = ""
    amount: str


@dataclass(frozen=True, slots=True)
class TaxMarks:
    """What the tax column says: the rate, or letters (explained in the totals) where one rate would not tell all."""

    rates: dict[Signature, str]
    letters: dict[Signature, str]
    _known: dict[tuple[Signature, ...], str] = field(default_factory=dict)

    @classmethod
    def of(cls, document: Document, formats: Formats) -> "TaxMarks":
        taxes = document.totals.taxes
        is_plain = (
            all(tax.category in ("standard", "zero") for tax in taxes)
            and len({tax.rate for tax in taxes}) == len(taxes)
            and all(
                len({tax.key for tax in booking.taxes}) == len(booking.taxes) for booking in document.bookings
            )
            and not is_mixed(document)
        )
        return cls(
            rates={tax.signature: formats.percent(tax.rate) for tax in taxes},
            letters={} if is_plain else {tax.signature: _letter(index) for index, tax in enumerate(taxes)},
        )

    def of_line(self, line: Line, booking: BookingBlock) -> str:
        signatures = tuple(tax.signature for tax in booking.taxes if tax.key == line.tax_key)
        if signatures not in self._known:
            names = self.letters or self.rates
            self._known[signatures] = " ".join(names[signature] for signature in signatures) or NO_TAX
        return self._known[signatures]


def is_mixed(document: Document) -> bool:
    """Whether some prices contain their tax and others do not."""
    return len({tax.inclusive for tax in document.totals.taxes}) > 1


def line_count(document: Document) -> int:
    return sum(len(booking.lines) for booking in document.bookings)


def booking_rows(document: Document, formats: Formats, marks: TaxMarks) -> Iterator[Row]:
    for booking in document.bookings:
        adjustments = list(_adjustments([booking]))
        group = len(booking.lines) + len(adjustments)
        if not booking.lines:
            date = formats.date(booking.service_date)
            nothing = formats.amount(0)
            yield Row(
                kind="line",
                group=1,
                booking=booking.number,
                date=date,
                description=_("No charge"),
                amount=nothing,
            )
        for index, line in enumerate(booking.lines):
            is_first = index == 0
            yield Row(
                kind="line",
                group=group if is_first else 0,
                booking=booking.number if is_first else "",
                date=formats.date(booking.service_date) if is_first else "",
                description=line.description,
                detail=(booking.service_address or "") if is_first else "",
                quantity=extent(line, formats),
                price=formats.price(line.unit_price),
                tax=marks.of_line(line, booking),
                amount=formats.amount(line.amount_minor),
            )
        for label, amount_minor in adjustments:
            yield Row(kind="adjustment", group=0, description=label, amount=formats.amount(amount_minor))


def measure(line: Line, booking: BookingBlock, formats: Formats) -> str:
    """ "3 h × $45.00", or nothing where the booking's amount says it already: for one thing of which nothing is taken off."""
    said_minor = Decimal(before_added_taxes(booking)).scaleb(-formats.exponent)
    if len(booking.lines) == 1 and extent(line, formats) == "1" and Decimal(line.unit_price) == said_minor:
        return ""
    return f"{extent(line, formats)} × {formats.unit_price(line.unit_price)}"


def before_added_taxes(booking: BookingBlock) -> int:
    """What it comes to with the taxes that its prices contain, in minor units."""
    return booking.total_minor - sum(tax.amount_minor for tax in booking.taxes if not tax.inclusive)


def extent(line: Line, formats: Formats) -> str:
    """How much of it: "3 h"."""
    return f"{formats.quantity(line.quantity)} {line.unit}".strip()


def _adjustments(bookings: Iterable[BookingBlock]) -> Iterator[tuple[str, int]]:
    """What stands between the lines as entered and the total before added taxes.

    Lines of inclusive prices contain their tax, so their discount is shown with it too; somebody exempt does not pay
    the tax such prices contain.
    """
    discount_minor = not_charged_minor = 0
    for booking in bookings:
        entered_minor = sum(line.amount_minor for line in booking.lines)
        difference = entered_minor - before_added_taxes(booking)
        if any(tax.inclusive for tax in booking.taxes):
            discount_minor += difference
        else:
            discount_minor += booking.discount_minor
            not_charged_minor += difference - booking.discount_minor
    if discount_minor:
        yield _("Discount"), -discount_minor
    if not_charged_minor:
        yield _("Tax not charged"), -not_charged_minor


@dataclass(slots=True)
class _Sum:
    """Equal lines of a very long invoice."""

    date: str
    description: str
    amount_minor: int = 0
    quantity: Decimal = Decimal(0)
    measures: set[tuple[str, str]] = field(default_factory=set)  # (unit, price): written only if there is one
    taxes: set[str] = field(default_factory=set)
    bookings: set[str] = field(default_factory=set)


def summed_rows(document: Document, formats: Formats, marks: TaxMarks) -> tuple[str, list[Row]]:
    """At most LINES_MAX rows with the same sum, and what each stands for: a service and month; too many of those, a month, a year, all."""
    each, sums = _fewest(document, marks)
    rows = [
        _sum_row(entry, formats)
        for entry in sorted(sums.values(), key=lambda entry: (entry.date, entry.description))
    ]
    rows += [
        Row(kind="adjustment", group=1, description=label, amount=formats.amount(amount_minor))
        for label, amount_minor in _adjustments(document.bookings)
    ]
    return each, rows


def _fewest(document: Document, marks: TaxMarks) -> tuple[str, dict[Hashable, _Sum]]:
    month, year, ever = 7, 4, 0  # how much of an ISO date tells the period
    for period, by_service, each in (
        (month, True, _("One line for each service and month.")),
        (month, False, _("One line for each month: the services are too many to list.")),
        (year, False, _("One line for each year: the services are too many to list.")),
    ):
        sums = _sums(document, marks, period, by_service)
        if len(sums) < LINES_MAX:
            return each, sums
    return _("One line for all: the services are too many to list."), _sums(document, marks, ever, False)


def _sums(document: Document, marks: TaxMarks, period: int, by_service: bool) -> dict[Hashable, _Sum]:
    sums: dict[Hashable, _Sum] = {}
    for booking in document.bookings:
        date = booking.service_date[:period]
        for line in booking.lines:
            description = line.description if by_service else _("All services")
            entry = sums.setdefault((date, description), _Sum(date, description))
            if by_service:
                entry.taxes.add(marks.of_line(line, booking))
            entry.amount_minor += line.amount_minor
            entry.quantity += Decimal(line.quantity)
            entry.measures.add((line.unit, line.unit_price))
            entry.bookings.add(booking.id)
    return sums


def _sum_row(entry: _Sum, formats: Formats) -> Row:
    units = {unit for unit, _price in entry.measures}
    count = len(entry.bookings)
    return Row(
        kind="line",
        group=1,
        booking=ngettext("%(count)s booking", "%(count)s bookings", count) % {"count": formats.count(count)},
        date=formats.month(f"{entry.date}-01") if len(entry.date) == 7 else entry.date,
        description=entry.description,
        quantity=f"{formats.quantity(entry.quantity)} {units.pop()}".strip() if len(units) == 1 else "",
        price=formats.price(next(iter(entry.measures))[1]) if len(entry.measures) == 1 else "",
        tax=", ".join(sorted(entry.taxes)),
        amount=formats.amount(entry.amount_minor),
    )


def _letter(index: int) -> str:
    """A … Z, AA, AB …"""
    higher, rest = divmod(index, 26)
    return (_letter(higher - 1) if higher else "") + chr(ord("A") + rest)
