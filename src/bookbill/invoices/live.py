"""The live view: what invoices say right now, read in sets from bookings, customers and the company."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
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
from bookbill.invoices.models import Invoice
from bookbill.lib.addresses import address_lines


def read_live(invoices: Sequence[Invoice], *, now: dt.datetime) -> dict[UUID, Document]:
    """The document of each invoice as it stands. Five queries for 1 and for 500."""
    if not invoices:
        return {}
    company = Company.objects.select_related("logo").get(pk=invoices[0].company_id)
    customers = Customer.objects.in_bulk({invoice.customer_id for invoice in invoices})
    bookings: dict[UUID, list[Booking]] = defaultdict(list)
    for booking in Booking.objects.filter(invoice__in=invoices).oldest_first():
        bookings[booking.invoice_id].append(booking)
    blocks = read_blocks([booking for own in bookings.values() for booking in own])
    return {
        invoice.pk: document_of(
            invoice,
            company,
            customers[invoice.customer_id],
            bookings[invoice.pk],
            [blocks[booking.pk] for booking in bookings[invoice.pk]],
            now,
        )
        for invoice in invoices
    }


def read_blocks(bookings: Sequence[Booking]) -> dict[UUID, BookingBlock]:
    """What a document says of each booking. Two queries."""
    items: dict[UUID, list[BookingItem]] = defaultdict(list)
    taxes: dict[UUID, list[BookingTax]] = defaultdict(list)
    for item in BookingItem.objects.filter(booking__in=bookings).order_by("booking_id", "position"):
        items[item.booking_id].append(item)
    for tax in BookingTax.objects.filter(booking__in=bookings).order_by("booking_id", "position"):
        taxes[tax.booking_id].append(tax)
    return {booking.pk: block_of(booking, items[booking.pk], taxes[booking.pk]) for booking in bookings}


def block_of(booking: Booking, items: Sequence[BookingItem], taxes: Sequence[BookingTax]) -> BookingBlock:
    return BookingBlock(
        id=str(booking.pk),
        number=booking.number,
        service_date=booking.service_date.isoformat(),
        start_time=booking.start_time.isoformat("minutes") if booking.start_time else None,
        service_address=", ".join(address_lines({**booking.service_address, "country": ""})) or None,
        lines=tuple(
            Line(
                description=item.description,
                quantity=plain(item.quantity),
                unit=item.unit,
                unit_price=plain(item.unit_price),
                amount_minor=item.amount_minor,
                net_minor=item.net_minor,
                tax_key=str(item.tax_code_id) if item.tax_code_id and not booking.tax_exempt else "",
            )
            for item in items
        ),
        subtotal_minor=booking.subtotal_minor,
        discount_minor=booking.discount_minor,
        taxes=tuple(
            Tax(
                name=tax.name,
                rate=plain(tax.rate),
                base_minor=tax.base_minor,
                amount_minor=tax.amount_minor,
                category=tax.category,  # type: ignore[arg-type]
                inclusive=tax.inclusive,
                key=str(tax.tax_code_id),
            )
            for tax in taxes
        ),
        tax_minor=booking.tax_minor,
        total_minor=booking.total_minor,
        paid_minor=booking.paid_minor,
        reduced_minor=booking.reduced_minor,
        written_off_minor=booking.written_off_minor,
        due_minor=booking.due(),
    )


def document_of(
    invoice: Invoice,
    company: Company,
    customer: Customer,
    bookings: Sequence[Booking],
    blocks: Iterable[BookingBlock],
    now: dt.datetime,
) -> Document:
    blocks = tuple(blocks)
    language = customer.language or company.language
    return Document(
        status=invoice.status_now().value,
        currency=invoice.currency,
        language=language,
        number=invoice.number or None,
        issue_date=invoice.issue_date.isoformat() if invoice.issue_date else None,
        due_date=invoice.due_date.isoformat() if invoice.due_date else None,
        terms_days=invoice.terms_by_now(customer, company),
        issued_at=now.isoformat(timespec="seconds"),
        seller=seller_of(company),
        billing=billing_of(customer),
        exemption_reason=reasons_of(booking.exemption_reason for booking in bookings),
        bookings=blocks,
        totals=totals_of(blocks),
        note=invoice.note,
        terms_and_conditions=text_in(company.terms_and_conditions, language, company.language),
        pay_url=customer_url(invoice) if invoice.payment_link else None,
    )


def seller_of(company: Company) -> Seller:
    return Seller(
        name=company.name,
        address=Address(
            line1=company.address_line1,
            line2=company.address_line2,
            city=company.address_city,
            region=company.address_region,
            postal_code=company.address_postal_code,
            country=company.address_country,
        ),
        email=company.email,
        phone=company.phone,
        website=company.website,
        tax_ids=_tax_ids(company.tax_ids),
        logo_sha256=company.logo.sha256 if company.logo else None,
        colour=company.colour,
        paper=company.paper,  # type: ignore[arg-type]
    )


def billing_of(customer: Customer) -> Billing:
    """Whom the invoice bills. The service address stands in where no billing address is kept."""
    return Billing(
        name=customer.name,
        company_name=customer.company_name,
        email=customer.billing_email or customer.email,
        phone=customer.phone,
        address=Address(**(customer.billing_address or customer.service_address)),
        tax_ids=_tax_ids(customer.tax_ids),
        purchase_order=customer.purchase_order,
    )


def reasons_of(reasons: Iterable[str]) -> str:
    """Why the exempt bookings are so; more than one where the customer's reason changed between them."""
    return "; ".join(sorted(filter(None, set(reasons))))


def customer_url(invoice: Invoice) -> str:
    """The customer's page: one long random link per invoice."""
    return f"{settings.PUBLIC_BASE_URL}/i/{invoice.link_token}"


def text_in(texts: Mapping[str, str], *languages: str) -> str:
    """The text in the first language that has one."""
    return next((texts[language] for language in languages if texts.get(language)), "")


def plain(value: Decimal) -> str:
    """A decimal without an exponent and without trailing zeros: "115", "9.975"."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _tax_ids(rows: Iterable[Mapping[str, str]]) -> tuple[TaxId, ...]:
    return tuple(TaxId(scheme=row["scheme"], value=row["value"]) for row in rows)
