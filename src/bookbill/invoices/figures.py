"""The figures above the list of invoices: a fixed number of sums over indexed rows, and where one leads whom."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, F, Min, Q, Sum
from django.urls import reverse

from bookbill.bookings.models import Booking
from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, may
from bookbill.invoices.balances import COVERED
from bookbill.invoices.marks import needs_attention_q, overdue_q
from bookbill.invoices.models import Invoice, InvoiceQuerySet
from bookbill.invoices.rules import Status
from bookbill.ledger.models import Payment, Reversal
from bookbill.lib.actor import Actor

COLLECTED_DAYS = 30


@dataclass(frozen=True, slots=True)
class Figures:
    """Amounts in minor units of the company's currency."""

    to_invoice_count: int
    to_invoice_minor: int
    to_invoice_due_minor: int
    """What of it is not paid yet."""
    outstanding_count: int
    outstanding_minor: int
    overdue_count: int
    overdue_minor: int
    oldest_overdue_days: int
    drafts_count: int
    drafts_minor: int
    collected_minor: int


def to_invoice_url(by: Actor) -> str:
    """What waits for an invoice: to be chosen by those who may make one, else to be looked at."""
    if may(by, Right.EDIT_INVOICES, Feature.INVOICING):
        return reverse("invoices:choose")
    return f"{reverse('bookings:list')}?tab=to_invoice"


def read_figures(company: Company, *, now: datetime) -> Figures:
    """Six queries."""
    today = date_in_zone(company, now)
    since = today - timedelta(days=COLLECTED_DAYS)
    to_invoice = Booking.objects.to_invoice().aggregate(
        count=Count("pk"), sum=Sum("total_minor"), due=Sum(F("total_minor") - COVERED)
    )
    outstanding = (
        Invoice.objects.sent_and_live()
        .filter(due_minor__gt=0)
        .aggregate(count=Count("pk"), sum=Sum("due_minor"))
    )
    overdue = Invoice.objects.filter(overdue_q(today)).aggregate(
        count=Count("pk"), sum=Sum("payable_minor"), oldest=Min("due_date")
    )
    drafts = Invoice.objects.filter(status=Status.DRAFT).aggregate(count=Count("pk"), sum=Sum("total_minor"))
    collected = Payment.objects.filter(received_on__gt=since).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    undone = (
        Reversal.objects.filter(payment__received_on__gt=since).aggregate(sum=Sum("amount_minor"))["sum"] or 0
    )
    oldest: date | None = overdue["oldest"]
    return Figures(
        to_invoice_count=to_invoice["count"],
        to_invoice_minor=to_invoice["sum"] or 0,
        to_invoice_due_minor=to_invoice["due"] or 0,
        outstanding_count=outstanding["count"],
        outstanding_minor=outstanding["sum"] or 0,
        overdue_count=overdue["count"],
        overdue_minor=overdue["sum"] or 0,
        oldest_overdue_days=(today - oldest).days if oldest else 0,
        drafts_count=drafts["count"],
        drafts_minor=drafts["sum"] or 0,
        collected_minor=collected - undone,
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of a list in minor units. Cancelled invoices are counted and left out of the sums."""

    count: int
    live: int
    total_minor: int
    paid_minor: int
    due_minor: int


def totals_of(found: InvoiceQuerySet) -> Totals:
    """One query, however many there are."""
    is_live = Q(cancelled_at=None)
    sums = found.order_by().aggregate(
        count=Count("pk"),
        live=Count("pk", filter=is_live),
        total_minor=Sum("total_minor", filter=is_live),
        paid_minor=Sum("paid_minor", filter=is_live),
        due_minor=Sum("due_minor", filter=is_live),
    )
    return Totals(**{name: value or 0 for name, value in sums.items()})


def count_tabs(company: Company, *, now: datetime) -> dict[str, int]:
    """How many invoices each tab of the list holds. One query for the statuses, one for each other tab."""
    today = date_in_zone(company, now)
    by_status = dict(Invoice.objects.order_by().values_list("status").annotate(count=Count("pk")))
    counts = {status.value: by_status.get(status.value, 0) for status in Status}
    return {
        "": sum(counts.values()),
        **counts,
        "overdue": Invoice.objects.filter(overdue_q(today)).count(),
        "needs_attention": Invoice.objects.filter(needs_attention_q(today)).count(),
    }
