"""What customers owe and are owed, read in sets (M6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum

from bookbill.bookings.models import Booking
from bookbill.invoices.marks import overdue_q
from bookbill.invoices.models import Invoice
from bookbill.ledger.models import Payment

COVERED = F("paid_minor") + F("reduced_minor") + F("written_off_minor")
NONE = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Balance:
    """Minor units. The statement balance is due − credit − prepaid."""

    due_minor: int
    """On live sent invoices."""
    overdue_minor: int
    """The part of it whose due date has passed."""
    credit_minor: int
    """Money that is placed nowhere."""
    prepaid_minor: int
    """Money on bookings that are on no live sent invoice."""
    to_invoice_minor: int
    """The total of what can be put on an invoice, paid or not."""
    to_invoice_count: int
    to_invoice_due_minor: int
    """What of that total is not paid yet."""


def balances_of(customer_ids: Iterable[UUID], *, today: date) -> dict[UUID, Balance]:
    """The balance of each customer. Eight queries for 1 and for 200."""
    ids = list(customer_ids)
    owed = Invoice.objects.sent_and_live().filter(customer__in=ids)
    bookings = Booking.objects.filter(customer__in=ids)
    due = _sums(owed, "due_minor")
    overdue = _sums(owed.filter(overdue_q(today)), "payable_minor")
    prepaid = _sums(bookings.filter(Q(invoice=None) | Q(invoice__sent_at=None)), "paid_minor")
    credit = Payment.objects.credit_by_customer(ids)
    waiting = (
        bookings.to_invoice()
        .values_list("customer_id")
        .annotate(total=Sum("total_minor"), covered=Sum(COVERED), count=Count("pk"))
        .order_by()
    )
    to_invoice = {
        pk: (total, count, total - covered)
        for pk, total, covered, count in waiting.values_list("customer_id", "total", "covered", "count")
    }
    return {
        pk: Balance(
            due_minor=due.get(pk, 0),
            overdue_minor=overdue.get(pk, 0),
            credit_minor=credit.get(pk, 0),
            prepaid_minor=prepaid.get(pk, 0),
            to_invoice_minor=to_invoice.get(pk, NONE)[0],
            to_invoice_count=to_invoice.get(pk, NONE)[1],
            to_invoice_due_minor=to_invoice.get(pk, NONE)[2],
        )
        for pk in ids
    }


def _sums(rows: QuerySet[Any], column: str) -> Mapping[UUID, int]:
    sums = rows.order_by().values_list("customer_id").annotate(total=Sum(column))
    return dict(sums.values_list("customer_id", "total"))
