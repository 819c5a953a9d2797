"""Documents to test with, priced by the product's own rules."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import zxingcpp
from PIL import Image
from pypdf import PdfReader

from bookbill.documents.document import (
    Address,
    Billing,
    BookingBlock,
    Document,
    Line,
    Seller,
    Tax,
    TaxId,
    totals_of,
)
from bookbill.documents.pdf.render import Rendered, render
from bookbill.documents.printed import printed
from bookbill.money import pricing

GST_QST = pricing.TaxTerms(
    "gst-qst",
    False,
    (
        pricing.Component("GST", Decimal(5), False, "standard"),
        pricing.Component("QST", Decimal("9.975"), False, "standard"),
    ),
)
HST = pricing.TaxTerms("hst", False, (pricing.Component("HST", Decimal(13), False, "standard"),))
HST_INCLUDED = replace(HST, key="hst-included", inclusive=True)
PAY_URL = "https://pay.brighthome.example/i/3kqZ8sVYt1mB0w2x9dLrPg6uNcA"

Item = tuple[str, str, str]  # description, quantity, unit price


def make_block(
    n: int,
    *items: Item,
    tax: pricing.TaxTerms | None = HST,
    discount: str = "",
    exempt: bool = False,
    paid_minor: int = 0,
    service_date: str = "",
    exponent: int = 2,
    **fields: Any,
) -> BookingBlock:
    """Booking number n: an office clean of 100.00, unless items say otherwise."""
    items = items or (("Office clean", "1", "100"),)
    priced = pricing.price(
        [pricing.Line(Decimal(quantity), Decimal(price), tax) for _, quantity, price in items],
        discount=pricing.Discount("amount", Decimal(discount)) if discount else None,
        exempt=exempt,
        exponent=exponent,
    )
    return BookingBlock(
        id=f"booking-{n}",
        number=f"B-{n}",
        service_date=service_date or (dt.date(2026, 6, 1) + dt.timedelta(days=n % 30)).isoformat(),
        lines=tuple(
            Line(
                description=description,
                quantity=quantity,
                unit_price=price,
                amount_minor=line.amount_minor,
                net_minor=line.net_minor,
                tax_key=tax.key if tax and not exempt else "",
            )
            for (description, quantity, price), line in zip(items, priced.lines, strict=True)
        ),
        subtotal_minor=priced.subtotal_minor,
        discount_minor=priced.discount_minor,
        taxes=tuple(
            Tax(
                name=part.name,
                rate=str(part.rate),
                base_minor=part.base_minor,
                amount_minor=part.amount_minor,
                inclusive=part.inclusive,
                key=part.key,
            )
            for part in priced.taxes
        ),
        tax_minor=priced.tax_minor,
        total_minor=priced.total_minor,
        paid_minor=paid_minor,
        due_minor=priced.total_minor - paid_minor,
        **fields,
    )


def make_document(bookings: int | Sequence[BookingBlock] = 1, **fields: Any) -> Document:
    """The invoice of Maple Offices over so many bookings, each of its own price, or over those given."""
    if isinstance(bookings, int):
        bookings = [
            make_block(n, ("Office clean", "1", f"{100 + n}.25"), tax=GST_QST) for n in range(1, bookings + 1)
        ]
    bookings = tuple(bookings)
    defaults: dict[str, Any] = {
        "status": "sent",
        "currency": "CAD",
        "language": "en",
        "number": "INV-2026-01042",
        "issue_date": "2026-06-30",
        "due_date": "2026-07-14",
        "terms_days": 14,
        "issued_at": "2026-06-30T18:22:11+00:00",
        "seller": Seller(
            name="Bright Home Co.",
            address=Address(
                line1="400 Rue Sherbrooke", city="Montréal", region="QC", postal_code="H3A 1E8", country="CA"
            ),
            email="office@bright.example",
            phone="+1 514 555 0142",
            tax_ids=(TaxId(scheme="GST", value="12345 6789 RT0001"),),
        ),
        "billing": Billing(
            name="Joe Maple",
            company_name="Maple Offices",
            email="ap@maple.example",
            address=Address(
                line1="88 Avenue du Parc", city="Montréal", region="QC", postal_code="H2V 4E7", country="CA"
            ),
            purchase_order="PO-7741",
        ),
        "bookings": bookings,
        "totals": totals_of(bookings, cancelled=fields.get("status") == "cancelled"),
        "note": "Thanks, see you next month!",
        "terms_and_conditions": "Payment is due within 14 days.",
        "pay_url": PAY_URL,
    }
    return Document(**{**defaults, **fields})


def make_pdf(document: Document, **options: Any) -> Rendered:
    return render(printed(document), **options)


def page_texts(pdf: bytes) -> list[str]:
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def make_logo() -> bytes:
    out = BytesIO()
    Image.new("RGB", (60, 20), (31, 111, 92)).save(out, "PNG")
    return out.getvalue()


def read_qr(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]
