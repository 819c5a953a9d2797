"""The marks as filters: the SQL twin of `rules.marks_of`; a test holds the two equal."""

from datetime import date
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.invoices.models import Invoice
from bookbill.invoices.rules import ASKING, Mark, Status
from bookbill.ledger.models import Allocation, Payment

SENT = Q(sent_at__isnull=False, cancelled_at=None)
OWED = Q(status__in=(Status.SENT, Status.PARTIALLY_PAID))
"""Sent, live and not covered: the same as something due."""

TROUBLES = {
    Mark.NOT_DELIVERED: (State.FAILED, State.UNKNOWN),
    Mark.BOUNCED: (State.BOUNCED,),
    Mark.MARKED_AS_SPAM: (State.ACCEPTED,),
}


def overdue_q(today: date) -> Q:
    """Past its due date with something payable. SQL twin of `rules.days_overdue`."""
    return Q(payable_minor__gt=0, due_date__lt=today)


def needs_attention_q(today: date) -> Q:
    """Carries a mark that asks somebody to act. Each mark is looked up by its own index, so all of them cost what they find."""
    first, *rest = (
        Invoice.objects.filter(marked(mark, today=today)).order_by().values("pk") for mark in ASKING
    )
    return Q(pk__in=first.union(*rest))


def marked(mark: Mark, *, today: date) -> Q:
    """Invoices that carry the mark on this day."""
    match mark:
        case Mark.OVERDUE:
            return overdue_q(today)
        case Mark.VIEWED:
            return SENT & Q(viewed_at__isnull=False)
        case Mark.SENDING:
            return Q(sending_at__isnull=False)
        case Mark.SENDING_REFUSED:
            return ~Q(sending_refused="")
        case Mark.NOT_DELIVERED | Mark.BOUNCED | Mark.MARKED_AS_SPAM:
            return _troubled(TROUBLES[mark])
        case Mark.CHANGED_SINCE_SENT:
            return SENT & ~Q(live_claim=F("sent_claim"))
        case Mark.CREDIT_TO_PLACE:
            return _with_credit() | _overpaid()
        case Mark.DISPUTED:
            return Q(pk__in=[])  # until there are chargebacks
        case Mark.WRITTEN_OFF:
            return Q(cancelled_at=None, written_off_minor__gt=0)
        case Mark.ALREADY_PAID:
            return Q(status=Status.DRAFT, paid_minor__gt=0, due_minor=0)


def _troubled(states: tuple[State, ...]) -> Q:
    return Q(pk__in=Message.objects.in_trouble().filter(state__in=states).values("subject_id"))


def _with_credit() -> Q:
    """Owed by somebody whose money is placed nowhere; asked of the payments of those who owe, however many others there are."""
    owing = Invoice.objects.filter(OWED).order_by().values("customer")
    credit = Payment.objects.filter(customer__in=owing).with_credit()
    return OWED & Q(customer__in=credit.order_by().values("customer"))


def _overpaid() -> Q:
    """Somebody paid more than it took, and the rest is still placed nowhere. SQL twin of `reading.read_overpaid`."""
    payments = Payment.objects.with_credit().order_by()
    over = placed_on_invoices().filter(payment__in=payments.values("pk")).values("booking__invoice")
    return SENT & Q(pk__in=over.union(payments.filter(invoice__isnull=False).values("invoice")))


def placed_on_invoices() -> "QuerySet[Allocation, Any]":
    """(payment, invoice) wherever money of the one lies on the other now."""
    placed = Allocation.objects.filter(booking__invoice__isnull=False).order_by()
    sums = placed.values("payment", "booking__invoice").annotate(placed_minor=Sum("amount_minor"))
    return sums.filter(placed_minor__gt=0).values_list("payment", "booking__invoice")
