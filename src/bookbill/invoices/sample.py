"""An invoice that nobody made, to see how the company's invoices look."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.bookings.models import TaxCode
from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.companies.numbers import next_invoice_number
from bookbill.documents.document import (
    Address,
    Billing,
    BookingBlock,
    Document,
    Line,
    Tax,
    totals_of,
)
from bookbill.invoices.live import plain, seller_of, text_in
from bookbill.money import pricing
from bookbill.money.currencies import exponent_of

PRICES = (Decimal(100), Decimal(15))


def sample_document(
    company: Company, *, now: dt.datetime, language: str = "", colour: str = "", paper: str = ""
) -> Document:
    """Two bookings of an invented customer, in the company's currency and usual tax; half a dozen queries.

    ``language`` is the company's where none is given. ``colour`` and ``paper`` may be such as are not saved yet; they must have been read by `companies.settings_fields`.
    """
    today, language = date_in_zone(company, now), language or company.language
    seller = seller_of(company)
    seller = replace(seller, colour=colour or seller.colour, paper=paper or seller.paper)  # type: ignore[arg-type]
    with translation.override(language):
        blocks = tuple(_block(company, n, today - dt.timedelta(days=21 - 7 * n)) for n in (1, 2))
        billing = Billing(
            name=_("Joe Maple"),
            company_name=_("Maple Offices"),
            email="accounts@maple.example",
            address=Address(line1="88 Avenue du Parc", city="Montréal", region="QC", postal_code="H2V 4E7"),
        )
        note = _("Thank you, see you next month!")
    return Document(
        status="sent",
        currency=company.currency,
        language=language,
        number=next_invoice_number(
            company,
            today=today,
            number_format=company.number_format,
            restarts_yearly=company.number_restarts_yearly,
        ).number,
        issue_date=today.isoformat(),
        due_date=(today + dt.timedelta(days=company.payment_terms_days)).isoformat(),
        terms_days=company.payment_terms_days,
        issued_at=now.isoformat(),
        seller=seller,
        billing=billing,
        bookings=blocks,
        totals=totals_of(blocks),
        note=note,
        terms_and_conditions=text_in(company.terms_and_conditions, language),
        pay_url=f"{settings.PUBLIC_BASE_URL}/i/sample" if company.payment_link_default else None,
    )


def _block(company: Company, n: int, service_date: dt.date) -> BookingBlock:
    texts = (_("Office clean"), _("Inside the oven"))
    terms = _usual_tax(company)
    priced = pricing.price(
        [pricing.Line(Decimal(1), price, terms) for price in PRICES],
        discount=None,
        exempt=False,
        exponent=exponent_of(company.currency),
    )
    return BookingBlock(
        id=str(n),
        number=f"B-{1000 + n}",
        service_date=service_date.isoformat(),
        lines=tuple(
            Line(
                description=text,
                quantity="1",
                unit_price=plain(price),
                amount_minor=line.amount_minor,
                net_minor=line.net_minor,
                tax_key=terms.key if terms else "",
            )
            for text, price, line in zip(texts, PRICES, priced.lines, strict=True)
        ),
        subtotal_minor=priced.subtotal_minor,
        discount_minor=priced.discount_minor,
        taxes=tuple(
            Tax(
                name=part.name,
                rate=plain(part.rate),
                base_minor=part.base_minor,
                amount_minor=part.amount_minor,
                category=part.category,  # type: ignore[arg-type]
                inclusive=part.inclusive,
                key=part.key,
            )
            for part in priced.taxes
        ),
        tax_minor=priced.tax_minor,
        total_minor=priced.total_minor,
        due_minor=priced.total_minor,
    )


def _usual_tax(company: Company) -> pricing.TaxTerms | None:
    if company.default_tax_code_id is None:
        return None
    code = TaxCode.objects.filter(pk=company.default_tax_code_id).prefetch_related("components").first()
    return code.terms() if code else None
