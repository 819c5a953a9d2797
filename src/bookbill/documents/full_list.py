"""Every line of a very long invoice as CSV, which travels inside its PDF."""

import csv
import io
from collections.abc import Iterator
from decimal import Decimal

from bookbill.documents.document import BookingBlock, Document
from bookbill.money.currencies import exponent_of
from bookbill.web.formatting import named_rate

HEADS = (
    "booking",
    "service_date",
    "service_address",
    "type",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "amount_without_tax",
    "tax",
    "total",
)
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


def full_list_csv(document: Document) -> str:
    """One row for each line and each tax; the last columns sum to the document's net, tax and total.

    Plain figures with a decimal point, ISO dates, and no cell that a spreadsheet would take for a formula.
    """
    exponent = exponent_of(document.currency)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADS)
    for booking in document.bookings:
        writer.writerows(_booking_rows(booking, exponent))
    return out.getvalue()


def _booking_rows(booking: BookingBlock, exponent: int) -> Iterator[tuple[str, ...]]:
    def major(minor: int) -> str:
        return f"{Decimal(minor).scaleb(-exponent):f}"

    head = (safe_cell(booking.number), booking.service_date, safe_cell(booking.service_address or ""))
    for line in booking.lines:
        measures = (line.quantity, safe_cell(line.unit), line.unit_price)
        yield (
            *head,
            "service",
            safe_cell(line.description),
            *measures,
            major(line.net_minor),
            "",
            major(line.net_minor),
        )
    for tax in booking.taxes:
        name = safe_cell(named_rate(tax.name, Decimal(tax.rate), language="en"))
        yield (*head, "tax", name, "", "", "", "", major(tax.amount_minor), major(tax.amount_minor))


def safe_cell(text: str) -> str:
    """Text that starts like a formula gets an apostrophe, which spreadsheets hide."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
