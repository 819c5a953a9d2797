"""Reading payments for lists: what became of the money of each, in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, Sum

from bookbill.bookings.models import Booking
from bookbill.bookings.models.booking import BookingQuerySet
from bookbill.bookings.rules import State
from bookbill.customers.models import Customer
from bookbill.ledger.models import Allocation, Payment, Refund, Reversal

PLACES_MAX, FILL_MAX, PAYERS_MAX = 200, 10_000, 50
COULD_TAKE = Q(due_minor__gt=0) | Q(written_off_minor__gt=0)
IS_OWED = ~Q(state=State.SCHEDULED) | Q(invoice__sent_at__isnull=False)


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A payment and where it is now: the amount is placed + credit + refunded + reversed."""

    payment: Payment
    placed: tuple[tuple[UUID, int], ...]
    """(booking_id, amount in minor units), oldest placing first."""
    credit_minor: int
    refunded_minor: int
    reversal: Reversal | None


def rows_of(payments: Sequence[Payment]) -> list[PaymentRow]:
    """The rows of one page of payments. Seven queries for 1 and for 200."""
    if not payments:
        return []
    ids = [payment.pk for payment in payments]
    placed: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    for payment_id, booking_id, amount in Allocation.objects.filter(payment__in=ids).placed():
        placed[payment_id].append((booking_id, amount))
    credit = Payment.objects.credit_by_payment(ids)
    refunds = Refund.objects.filter(payment__in=ids, is_tip=False).values_list("payment_id")
    refunded = dict(refunds.annotate(total=Sum("amount_minor")).values_list("payment_id", "total"))
    reversals = {reversal.payment_id: reversal for reversal in Reversal.objects.filter(payment__in=ids)}
    return [
        PaymentRow(
            payment=payment,
            placed=tuple(placed[payment.pk]),
            credit_minor=credit[payment.pk],
            refunded_minor=refunded.get(payment.pk, 0),
            reversal=reversals.get(payment.pk),
        )
        for payment in payments
    ]


def places(customer_id: UUID, placed: Iterable[UUID] = ()) -> list[Booking]:
    """A customer's bookings that could take money, or are named in ``placed``; oldest first."""
    return _first_places(
        Booking.objects.filter(Q(customer=customer_id) & COULD_TAKE | Q(pk__in=list(placed)))
    )


def places_among(bookings: BookingQuerySet) -> list[Booking]:
    """Those of these bookings that could take money; oldest first."""
    return _first_places(bookings.filter(COULD_TAKE))


def _first_places(bookings: BookingQuerySet) -> list[Booking]:
    return list(bookings.select_related("invoice").oldest_first()[:PLACES_MAX])


@dataclass(frozen=True, slots=True)
class Owed:
    """What is due from a customer, in minor units."""

    invoiced_minor: int
    """On sent invoices: the customer's balance."""
    waiting_minor: int
    """For work that is done and on no sent invoice yet."""


def owed_by(customer_id: UUID) -> Owed:
    sent = Q(invoice__sent_at__isnull=False)
    sums = Booking.objects.filter(customer=customer_id, due_minor__gt=0).aggregate(
        invoiced=Sum("due_minor", filter=sent, default=0),
        waiting=Sum("due_minor", filter=~sent & ~Q(state=State.SCHEDULED), default=0),
    )
    return Owed(sums["invoiced"], sums["waiting"])


def payers(search: str) -> list[tuple[Customer, int]]:
    """Whom money may come from, with what they owe: those the words name, else who owes most. Two queries."""
    active = Customer.objects.active()
    owing = (
        Booking.objects.filter(IS_OWED, customer__in=active, due_minor__gt=0).order_by().values("customer")
    )
    sums = owing.annotate(owed=Sum("due_minor")).values_list("customer", "owed")
    if search or not (most := dict(sums.order_by("-owed", "customer")[:PAYERS_MAX])):
        named = active.matching(search) if search else active
        found = list(named.order_by("name", "pk")[:PAYERS_MAX])
        owed = dict(sums.filter(customer__in=[customer.pk for customer in found]))
        return [(customer, owed.get(customer.pk, 0)) for customer in found]
    customers = active.in_bulk(list(most))
    return [(customers[key], owed) for key, owed in most.items()]


def unpaid(customer_id: UUID) -> tuple[UUID, ...]:
    """What a payment of this customer fills by itself: what is due for work that is done, cancelled with a fee or billed."""
    rows = Booking.objects.filter(IS_OWED, customer=customer_id, due_minor__gt=0)
    return tuple(rows.oldest_first().values_list("pk", flat=True)[:FILL_MAX])
