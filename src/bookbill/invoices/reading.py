"""Reading invoices for lists: filters, and rows with their marks in a constant number of queries."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.invoices.marks import marked, needs_attention_q, overdue_q, placed_on_invoices
from bookbill.invoices.models import FreedBooking, Invoice, InvoiceQuerySet
from bookbill.invoices.rules import Mark, MarkFacts, Status, marks_of
from bookbill.ledger.models import Payment
from bookbill.lib.errors import BadInput, NotFound
from bookbill.lib.fields import prefix_range
from bookbill.lib.parsing import parse_amount
from bookbill.money.currencies import exponent_of
from bookbill.web.formatting import decimal_point

SEARCH_MAX = 50
THOUSANDS = re.compile(r",(?=[0-9]{3}(?![0-9]))")


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice as a list shows it."""

    invoice: Invoice
    customer: Customer
    marks: tuple[Mark, ...]
    booking_numbers: tuple[str, ...]
    """The first and the last, or the only one."""


def find_invoice(invoice_id: UUID) -> Invoice:
    """One invoice with its customer and what replaced it. Raises NotFound, alike for a stranger's and for none."""
    invoice = Invoice.objects.select_related("customer", "replaced_by").filter(pk=invoice_id).first()
    if invoice is None:
        raise NotFound("not_found", _("There is no such invoice."))
    return invoice


def rows_of(invoices: Sequence[Invoice], *, now: datetime) -> list[InvoiceRow]:
    """The rows of one page of invoices. Six queries for 1 and for 200, however many bookings are on them."""
    if not invoices:
        return []
    customers = Customer.objects.in_bulk({invoice.customer_id for invoice in invoices})
    marks = read_marks(invoices, now=now)
    own = Booking.objects.filter(invoice=OuterRef("pk")).oldest_first().values("number")
    freed = FreedBooking.objects.filter(invoice=OuterRef("pk")).order_by("pk").values("number")
    numbers = {
        pk: tuple(dict.fromkeys(filter(None, ends)))
        for pk, *ends in Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices]).values_list(
            "pk",
            Coalesce(Subquery(own[:1]), Subquery(freed[:1])),
            Coalesce(Subquery(own.reverse()[:1]), Subquery(freed.reverse()[:1])),
        )
    }
    return [
        InvoiceRow(
            invoice=invoice,
            customer=customers[invoice.customer_id],
            marks=tuple(marks[invoice.pk]),
            booking_numbers=numbers[invoice.pk],
        )
        for invoice in invoices
    ]


def read_marks(invoices: Sequence[Invoice], *, now: datetime) -> dict[UUID, list[Mark]]:
    """The marks of these invoices as of ``now``. At most ten queries for 1 and for 200."""
    if not invoices:
        return {}
    company = Company.objects.get(pk=invoices[0].company_id)
    today = date_in_zone(company, now)
    credit = Payment.objects.credit_by_customer({invoice.customer_id for invoice in invoices})
    overpaid = read_overpaid([invoice.pk for invoice in invoices if credit.get(invoice.customer_id)])
    troubles = dict.fromkeys((invoice.pk for invoice in invoices), frozenset[str]())
    for subject_id, state in Message.objects.about(troubles).in_trouble().values_list("subject_id", "state"):
        if subject_id:
            troubles[subject_id] |= {state}
    return {
        invoice.pk: marks_of(
            MarkFacts(
                status=invoice.status_now(),
                today=today,
                due_date=invoice.due_date,
                due_minor=invoice.due(),
                payable_minor=invoice.payable(),
                paid_minor=invoice.paid_minor,
                written_off_minor=invoice.written_off_minor,
                viewed=invoice.viewed_at is not None,
                sending=invoice.sending_at is not None,
                refused=bool(invoice.sending_refused),
                undelivered=bool(troubles[invoice.pk] & {State.FAILED, State.UNKNOWN}),
                bounced=State.BOUNCED in troubles[invoice.pk],
                complained=State.ACCEPTED in troubles[invoice.pk],
                changed=invoice.is_changed(),
                customer_credit_minor=credit.get(invoice.customer_id, 0),
                overpaid=invoice.pk in overpaid,
            )
        )
        for invoice in invoices
    }


def read_overpaid(invoice_ids: Sequence[UUID]) -> set[UUID]:
    """Those with a payment on them, or recorded for them, that has credit left."""
    if not invoice_ids:
        return set()
    placed = placed_on_invoices().filter(booking__invoice__in=invoice_ids)
    came_for = Payment.objects.filter(invoice__in=invoice_ids).order_by().values_list("pk", "invoice")
    pairs = list(placed.union(came_for))
    credit = Payment.objects.credit_by_payment({payment_id for payment_id, _pk in pairs}) if pairs else {}
    return {invoice_id for payment_id, invoice_id in pairs if credit[payment_id] > 0}


@dataclass(frozen=True, slots=True)
class InvoiceFilter:
    """What a list is narrowed to; dates are issue dates."""

    tab: str = ""
    """A status, `overdue`, `needs_attention`, or empty for all."""
    customer_id: UUID | None = None
    search: str = ""
    first_date: date | None = None
    last_date: date | None = None
    customer_words: str = ""
    """The beginnings of words of the customer's name, company or email."""
    first_due_date: date | None = None
    last_due_date: date | None = None
    first_service_date: date | None = None
    """Of one of its bookings."""
    last_service_date: date | None = None
    provider_id: UUID | None = None
    """Who did one of its bookings."""
    least_minor: int | None = None
    most_minor: int | None = None
    mark: Mark | None = None


def filtered(wanted: InvoiceFilter, *, company: Company, now: datetime) -> InvoiceQuerySet:
    """The invoices of a filter, newest first. Raises BadInput for an unknown tab."""
    found, today = Invoice.objects.all(), date_in_zone(company, now)
    if wanted.tab in {status.value for status in Status}:
        found = found.filter(status=wanted.tab)
    elif wanted.tab == "overdue":
        found = found.filter(overdue_q(today))
    elif wanted.tab == "needs_attention":
        found = found.filter(needs_attention_q(today))
    elif wanted.tab:
        raise BadInput("unknown_status", _("There is no such status."), field="status")
    if wanted.customer_id:
        found = found.filter(customer=wanted.customer_id)
    if wanted.customer_words:
        of_customers = Customer.objects.matching(wanted.customer_words).values("pk")[:SEARCH_MAX]
        found = found.filter(customer__in=of_customers)
    columns = {
        "issue_date__gte": wanted.first_date,
        "issue_date__lte": wanted.last_date,
        "due_date__gte": wanted.first_due_date,
        "due_date__lte": wanted.last_due_date,
        "total_minor__gte": wanted.least_minor,
        "total_minor__lte": wanted.most_minor,
    }
    found = found.filter(**_asked(columns))
    of_bookings = {
        "service_date__gte": wanted.first_service_date,
        "service_date__lte": wanted.last_service_date,
        "provider": wanted.provider_id,
    }
    if asked := _asked(of_bookings):
        live = Booking.objects.filter(**asked, invoice__isnull=False).order_by().values("invoice_id")
        freed = FreedBooking.objects.filter(**asked).values("invoice_id")
        found = found.filter(pk__in=live.union(freed, all=True))
    if wanted.mark:
        found = found.filter(marked(wanted.mark, today=today))
    if wanted.search.strip():
        found = found.filter(pk__in=search(wanted.search, company=company))
    return found.order_by("-pk")


def _asked(columns: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in columns.items() if value is not None}


def search(text: str, *, company: Company) -> list[UUID]:
    """Ids of invoices found by number, booking number, customer's words or exact amount: indexed look-ups, the newest of each."""
    text = text.strip()
    found: set[UUID] = set()
    named = prefix_range("number", text.upper())  # theirs begin with B in every company
    bookings = Booking.objects.filter(named, invoice__isnull=False).order_by("number")
    freed = FreedBooking.objects.filter(named).order_by("number")
    look_ups = [
        Invoice.objects.numbered(text),
        Invoice.objects.filter(pk__in=bookings.values("invoice_id")[:SEARCH_MAX]),
        Invoice.objects.filter(pk__in=freed.values("invoice_id")[:SEARCH_MAX]),
        Invoice.objects.filter(customer__in=Customer.objects.matching(text).values("pk")[:SEARCH_MAX]),
    ]
    if text.isdecimal() and text.isascii() and len(text) <= 12:
        look_ups.append(Invoice.objects.filter(number_n=int(text), sent_at__isnull=False))
    amount = _amount_in(text, exponent=exponent_of(company.currency))
    if amount is not None:
        look_ups.append(Invoice.objects.filter(total_minor=amount))
    for look_up in look_ups:
        found.update(look_up.order_by("-pk").values_list("pk", flat=True)[:SEARCH_MAX])
    return list(found)


def _amount_in(text: str, *, exponent: int) -> int | None:
    """The amount that a text is, also as pages write it: $1,234.50, or 1 234,50 $ where decimals follow a comma."""
    point = decimal_point()
    plain = "".join(character for character in text if unicodedata.category(character) != "Sc")
    if point != ",":
        plain = THOUSANDS.sub("", plain)
    try:
        return abs(parse_amount(plain, exponent=exponent, field="search", point=point))
    except BadInput:
        return None  # most searches are words
