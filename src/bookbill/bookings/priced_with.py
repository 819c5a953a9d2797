"""Bookings that still carry a replaced tax code: which may leave it, what they would cost then, how a repricing goes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, Q, Value, When
from django.utils.translation import gettext as _

from bookbill.bookings.actions.pricing import price_booking, read_terms, take_exemption
from bookbill.bookings.actions.repricing_runs import is_under_way
from bookbill.bookings.models import Booking, BookingItem, Outcome, RepricedBooking, Repricing, TaxCode
from bookbill.bookings.models.booking import BookingQuerySet
from bookbill.bookings.rules import State
from bookbill.companies.models import AfterSending
from bookbill.lib.errors import BadInput


class Group(StrEnum):
    """What repricing a booking would mean."""

    PLANNED = "planned"
    DONE = "done"
    SENT = "sent"
    FIXED = "fixed"


REPRICABLE = (Group.PLANNED, Group.DONE, Group.SENT)


def priced_with(code: TaxCode, *, after_sending: str) -> BookingQuerySet:
    """The bookings that carry a code, for themselves or on a line, each with its `group`.

    ``after_sending``: the company's choice; SQL twin of `Invoice.is_locked` and of the refusals of `reprice_bookings`.
    """
    lines = BookingItem.objects.filter(tax_code=code).values("booking_id")
    sent = Q(invoice__sent_at__isnull=False)
    locked = {
        AfterSending.FOLLOW: Q(pk__in=()),
        AfterSending.LOCK_ONCE_SENT: sent,
        AfterSending.LOCK_ONCE_PAID: sent & Q(invoice__paid_minor__gt=0),
    }[AfterSending(after_sending)]
    covered = Q(paid_minor__gt=0) | Q(reduced_minor__gt=0) | Q(written_off_minor__gt=0)
    group = Case(
        When(Q(state=State.CANCELLED) | locked, then=Value(Group.FIXED.value)),
        When(sent, then=Value(Group.SENT.value)),
        When(Q(state=State.COMPLETED) | covered, then=Value(Group.DONE.value)),
        default=Value(Group.PLANNED.value),
        output_field=CharField(),
    )
    rows: BookingQuerySet = Booking.objects.filter(Q(tax_code=code) | Q(pk__in=lines)).annotate(group=group)
    return rows


def in_groups(rows: Any, groups: Collection[Group]) -> BookingQuerySet:
    """Those of `priced_with` in these groups; all where none is named."""
    narrowed: BookingQuerySet = rows.filter(group__in=groups) if groups else rows
    return narrowed


def count_groups(rows: Any) -> dict[Group, int]:
    """How many are in each group; rows come from `priced_with`. One query."""
    counted = rows.order_by().values("group").annotate(count=Count("pk"))
    counts = {row["group"]: row["count"] for row in counted}
    return {group: counts.get(group, 0) for group in Group}


def forecast(bookings: Sequence[Booking], *, old: UUID, new: UUID) -> dict[UUID, int]:
    """What each would cost under the code ``new``; left out where that cannot be worked out. Stores nothing.

    Read them with their customers and `with_parts()`.
    """
    items = {booking.pk: sorted(booking.items.all(), key=lambda item: item.position) for booking in bookings}
    terms = read_terms([BookingItem(tax_code_id=new), *(item for own in items.values() for item in own)])
    totals = {}
    for booking in bookings:
        for item in items[booking.pk]:
            item.tax_code_id = new if item.tax_code_id == old else item.tax_code_id
        before = booking.total_minor
        take_exemption(booking, booking.customer)
        try:
            price_booking(booking, items[booking.pk], terms)
        except BadInput:
            continue
        totals[booking.pk], booking.total_minor = booking.total_minor, before
    return totals


def why(booking: Booking) -> str:
    """Why you decide. Read it from `priced_with`, with its invoice."""
    group = Group(booking.group)  # type: ignore[attr-defined]
    number = booking.invoice.number if booking.invoice else ""
    if booking.state == State.CANCELLED:
        return _("Cancelled: that is final.")
    if group == Group.FIXED:
        return _("%(invoice)s is locked. Cancel it and make a new one to change its bookings.") % {
            "invoice": number
        }
    if group == Group.SENT:
        return _("On %(invoice)s, which was sent: it would show “changed since sent”.") % {"invoice": number}
    if booking.paid_minor:
        return _("A payment is on it; a higher total leaves the rest due.")
    if group == Group.DONE:
        return _("Completed: its price stands until you change it.")
    return _("Planned, not paid and not invoiced.")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is. ``state``: running, done, or stopped."""

    state: str
    waiting: int
    repriced: int
    unchanged: int
    refused: int

    @property
    def finished(self) -> int:
        return self.repriced + self.unchanged + self.refused


def progress_of(run: Repricing) -> Progress:
    """Two or three queries."""
    counted = RepricedBooking.objects.filter(repricing=run).order_by().values("outcome")
    counts = {row["outcome"]: row["count"] for row in counted.annotate(count=Count("pk"))}
    state = "done" if run.finished_at else "running" if is_under_way(run) else "stopped"
    return Progress(
        state,
        counts.get(None, 0),
        counts.get(Outcome.REPRICED, 0),
        counts.get(Outcome.UNCHANGED, 0),
        counts.get(Outcome.REFUSED, 0),
    )
