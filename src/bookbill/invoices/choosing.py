"""Choosing what goes on a new invoice: each booking with a tick, or with the reason why not and where to go instead."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models import Count

from bookbill.bookings.models import Booking
from bookbill.bookings.models.booking import BookingQuerySet
from bookbill.bookings.reading import services_of
from bookbill.customers.models import Customer
from bookbill.invoices.actions.grouping import why_not

CHOICES_MAX, LEFT_OUT_MAX = 500, 20


@dataclass(frozen=True, slots=True)
class Choice:
    """A booking that may go on the invoice, or may not for a reason."""

    booking: Booking
    services: str
    reason: str
    """Why it may not, in a sentence; empty where it may."""
    is_ticked: bool

    def moves(self) -> bool:
        """Whether it leaves a draft for this."""
        return not self.reason and self.booking.invoice_id is not None


@dataclass(frozen=True, slots=True)
class CustomerChoices:
    """What one customer's invoice can be made of."""

    customer: Customer
    choices: tuple[Choice, ...]
    waiting_count: int = 0
    """All that wait of this customer, where the page has no room for them."""

    def ticked(self) -> list[Choice]:
        return [choice for choice in self.choices if choice.is_ticked]

    def has_more(self) -> bool:
        """Whether more wait than are shown."""
        return self.waiting_count > len(self.ticked())

    def can_go(self) -> bool:
        """Whether any of them may go on an invoice."""
        return any(not choice.reason for choice in self.choices)

    def total_minor(self) -> int:
        return sum(choice.booking.total_minor for choice in self.ticked())

    def paid_minor(self) -> int:
        return sum(choice.booking.paid_minor for choice in self.ticked())

    def due_minor(self) -> int:
        return sum(choice.booking.due() for choice in self.ticked())


def with_choice_parts(bookings: BookingQuerySet) -> BookingQuerySet:
    """Everything that choices read and show: two queries however many bookings."""
    return bookings.select_related("customer", "invoice").prefetch_related("items")


def sort_out(bookings: Sequence[Booking]) -> list[Choice]:
    """Bookings that were chosen, read `with_choice_parts`: who may go on is ticked, who may not says why."""
    return [_choice(booking, is_alone=len(bookings) == 1) for booking in bookings]


def by_customer(choices: Sequence[Choice]) -> list[CustomerChoices]:
    """By the customers' names; what may go on comes first."""
    groups: dict[UUID, list[Choice]] = defaultdict(list)
    for choice in choices:
        groups[choice.booking.customer_id].append(choice)
    made = [
        CustomerChoices(
            customer=own[0].booking.customer,
            choices=tuple(sorted(own, key=lambda choice: bool(choice.reason))),
        )
        for own in groups.values()
    ]
    return sorted(made, key=lambda group: str(group.customer).casefold())


def read_waiting(customer: Customer | None = None) -> tuple[list[CustomerChoices], bool]:
    """What waits for an invoice, with what could be moved there from drafts; and whether there is more than a page holds.

    For one customer also what is held back, and the newest that are not offered, each with its reason.
    """
    waiting = Booking.objects.to_invoice()
    if customer:
        waiting = waiting.filter(customer=customer)
    ordered = with_choice_parts(waiting).order_by("customer_id", "service_date", "number_n")
    rows = list(ordered[: CHOICES_MAX + 1])
    is_cut, rows = len(rows) > CHOICES_MAX, rows[:CHOICES_MAX]
    customers = {booking.customer_id for booking in rows} | ({customer.pk} if customer else set())
    own = with_choice_parts(Booking.objects.filter(customer__in=customers).oldest_first())
    on_drafts = own.filter(invoice__isnull=False, invoice__sent_at=None)
    choices = [_choice(booking) for booking in rows]
    choices += [_choice(booking, is_ticked=False) for booking in on_drafts[:CHOICES_MAX]]
    if customer:
        held_back = own.invoiceable().filter(held_back=True)[:CHOICES_MAX]
        sent = own.filter(invoice__sent_at__isnull=False).order_by("-service_date", "-number_n")[
            :LEFT_OUT_MAX
        ]
        choices += [_choice(booking, is_ticked=False) for booking in (*held_back, *sent)]
    counts = dict(
        waiting.filter(customer__in=customers)
        .order_by()
        .values_list("customer_id")
        .annotate(count=Count("pk"))
        if is_cut
        else ()
    )
    groups = [
        replace(group, waiting_count=counts.get(group.customer.pk, 0)) for group in by_customer(choices)
    ]
    return groups, is_cut


def _choice(booking: Booking, *, is_ticked: bool = True, is_alone: bool = False) -> Choice:
    refused = why_not(booking, carrier=booking.invoice, moves=True, is_alone=is_alone)
    return Choice(
        booking=booking,
        services=services_of(booking),
        reason=refused.message if refused else "",
        is_ticked=is_ticked and refused is None,
    )
