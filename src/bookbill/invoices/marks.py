"""The marks as filters: the SQL twin of `rules.marks_of`; a test holds the two equal."""

from datetime import date

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import overdue_q
from bookbill.invoices.rules import Mark, Status
from bookbill.ledger.models import Allocation, Payment, Refund, Reversal

SENT = Q(sent_at__isnull=False, cancelled_at=None)


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
        case Mark.NOT_DELIVERED:
            return _troubled(State.FAILED, State.UNKNOWN)
        case Mark.BOUNCED:
            return _troubled(State.BOUNCED)
        case Mark.CHANGED_SINCE_SENT:
            return SENT & ~Q(live_claim=F("sent_claim"))
        case Mark.CREDIT_TO_PLACE:
            return SENT & Q(due_minor__gt=0, customer__in=_customers_with_credit().values("pk"))
        case Mark.DISPUTED:
            return Q(pk__in=[])  # until there are chargebacks
        case Mark.WRITTEN_OFF:
            return Q(cancelled_at=None, written_off_minor__gt=0)
        case Mark.ALREADY_PAID:
            return Q(status=Status.DRAFT, paid_minor__gt=0, due_minor=0)


def _troubled(*states: State) -> Q:
    messages = Message.objects.in_trouble().filter(state__in=states, subject_id__isnull=False)
    return Q(pk__in=messages.values("subject_id"))


def _customers_with_credit() -> QuerySet[Customer]:
    """Those who owe something and have money that is placed nowhere."""
    owing = Invoice.objects.filter(SENT, due_minor__gt=0)
    credit = (
        _sum(Payment.objects.all(), "customer")
        - _sum(Allocation.objects.all(), "payment__customer")
        - _sum(Refund.objects.filter(is_tip=False), "payment__customer")
        - _sum(Reversal.objects.all(), "payment__customer")
    )
    return (
        Customer.objects.filter(pk__in=owing.values("customer_id"))
        .annotate(credit=credit)
        .filter(credit__gt=0)
    )


def _sum(entries: QuerySet, customer: str) -> Coalesce:  # type: ignore[type-arg]
    own = entries.filter(**{customer: OuterRef("pk")}).order_by().values(customer)
    return Coalesce(Subquery(own.annotate(total=Sum("amount_minor")).values("total")), 0)
