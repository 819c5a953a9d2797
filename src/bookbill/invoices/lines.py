"""What an invoice's page says, with the bookings of one page only: as quick for 10,000 bookings as for ten."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import CharField, F, Min, Sum
from django.db.models.functions import Cast, Concat

from bookbill.bookings.models import Booking, BookingQuerySet, BookingTax
from bookbill.companies.models import Company
from bookbill.documents.document import Document, Tax, Totals, read_part
from bookbill.invoices.live import document_of, plain, read_blocks, reasons_of
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.web.paging import Pages, pages_of

LINES_PAGE = 100

APPEARS = Concat(
    Cast("booking__service_date", CharField()),
    Cast(F("booking__number_n") + 10**18, CharField()),
    Cast(F("position") + 10**5, CharField()),
)
"""Where a tax stands on the document: by booking, the oldest first, then by its place there. The powers of ten make texts that sort as their numbers."""


def read_lines(invoice: Invoice, asked: str | None, *, now: datetime) -> tuple[Document, Pages]:
    """The document as staff sees it: its bookings are those of the page asked for, its totals those of all. Seven queries."""
    if invoice.cancelled_at:
        return _read_frozen(invoice, asked)
    pages = pages_of(asked, count=invoice.bookings_count, size=LINES_PAGE)
    own = own_bookings(invoice).oldest_first()
    part = list(own[pages.start : pages.start + pages.size])
    company = Company.objects.select_related("logo").get(pk=invoice.company_id)
    blocks = read_blocks(part)
    document = document_of(
        invoice, company, invoice.customer, part, [blocks[booking.pk] for booking in part], now
    )
    reasons = own.order_by().values_list("exemption_reason", flat=True).distinct()
    return replace(document, totals=totals_of(invoice), exemption_reason=reasons_of(reasons)), pages


def _read_frozen(invoice: Invoice, asked: str | None) -> tuple[Document, Pages]:
    pages = Pages(1, 0, LINES_PAGE)

    def choose(blocks: list[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        nonlocal pages
        pages = pages_of(asked, count=len(blocks), size=LINES_PAGE)
        return pages.cut(blocks)

    copies = Version.objects.filter(invoice=invoice, kind=VersionKind.CANCELLED)
    return read_part(copies.values_list("document", flat=True).get(), choose), pages


def own_bookings(invoice: Invoice) -> BookingQuerySet:
    """Those on it; of a cancelled invoice those that were and are still its customer's, on whichever invoice by now."""
    if not invoice.cancelled_at:
        return Booking.objects.filter(invoice=invoice)
    own = invoice.freed_bookings.values("booking_id")
    return Booking.objects.filter(pk__in=own, customer=invoice.customer_id)


def totals_of(invoice: Invoice) -> Totals:
    """The sums that are stored on the row, with each tax. `documents.document.totals_of` says the same of all bookings."""
    return Totals(
        subtotal_minor=invoice.subtotal_minor,
        discount_minor=invoice.discount_minor,
        taxes=_taxes_of(invoice),
        tax_minor=invoice.tax_minor,
        total_minor=invoice.total_minor,
        paid_minor=invoice.paid_minor,
        reduced_minor=invoice.reduced_minor,
        written_off_minor=invoice.written_off_minor,
        due_minor=invoice.due(),
    )


def _taxes_of(invoice: Invoice) -> tuple[Tax, ...]:
    signature = ("name", "rate", "category", "inclusive")
    rows = (
        BookingTax.objects.filter(booking__invoice=invoice)
        .values(*signature)
        .annotate(
            base=Sum("base_minor"),
            amount=Sum("amount_minor"),
            first=Min(APPEARS),
        )
        .order_by("first")
    )
    return tuple(
        Tax(
            name=row["name"],
            rate=plain(row["rate"]),
            category=row["category"],
            inclusive=row["inclusive"],
            base_minor=row["base"],
            amount_minor=row["amount"],
        )
        for row in rows
    )
