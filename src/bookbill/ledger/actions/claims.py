"""Lowering or giving up a claim, and fitting what covers a booking into a new total."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record_many
from bookbill.bookings.actions.booking import lock_bookings
from bookbill.bookings.events import BookingTotalsChanging
from bookbill.bookings.models import Booking
from bookbill.companies.rights import Right, require
from bookbill.ledger.actions.placing import Move, enter_claims, move_money, store_cover
from bookbill.ledger.events import BookingMoneyChanged
from bookbill.ledger.models import Allocation, Payment, Reduction, WriteOff
from bookbill.ledger.rules import Cause, Cover, fit_cover, take_back
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction


def write_off(booking_id: UUID, *, amount_minor: int, reason: str, by: Actor, now: datetime) -> Booking:
    """Give up a claim. Counts as covered, never as paid; undone by money that is placed here later."""
    return _lower(WriteOff, booking_id, amount_minor=amount_minor, reason=reason, by=by, now=now)


def reduce_claim(booking_id: UUID, *, amount_minor: int, reason: str, by: Actor, now: datetime) -> Booking:
    """Lower what is owed (goodwill), with its share of the taxes."""
    return _lower(Reduction, booking_id, amount_minor=amount_minor, reason=reason, by=by, now=now)


def write_off_due(booking_ids: Sequence[UUID], *, reason: str, by: Actor, now: datetime) -> dict[UUID, int]:
    """Give up all that is still due on these bookings; how much of each, in minor units. Constant queries for 1 and for 500."""
    assert_in_transaction()
    require(by, Right.WRITE_OFF)
    _require_reason(reason)
    bookings = lock_bookings(booking_ids)
    amounts = {pk: booking.due() for pk, booking in bookings.items() if booking.due()}
    _enter(WriteOff, amounts, bookings, reason=reason, by=by, now=now)
    return amounts


def _lower(
    entry: type[Reduction] | type[WriteOff],
    booking_id: UUID,
    *,
    amount_minor: int,
    reason: str,
    by: Actor,
    now: datetime,
) -> Booking:
    assert_in_transaction()
    require(by, Right.WRITE_OFF)
    _require_reason(reason)
    if amount_minor <= 0:
        raise BadInput("bad_amount", _("The amount must be above zero."), field="amount_minor")
    bookings = lock_bookings([booking_id])
    if amount_minor > bookings[booking_id].due():
        raise RuleBroken(
            "more_than_due", _("That is more than is still due on this booking."), field="amount_minor"
        )
    _enter(entry, {booking_id: amount_minor}, bookings, reason=reason, by=by, now=now)
    return bookings[booking_id]


def _enter(
    entry: type[Reduction] | type[WriteOff],
    amounts: Mapping[UUID, int],
    bookings: Mapping[UUID, Booking],
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> None:
    """Lower the claims of locked bookings: the entries, the sums, the history, and who has to know."""
    if not amounts:
        return
    column = "written_off_minor" if entry is WriteOff else "reduced_minor"
    before = {pk: getattr(bookings[pk], column) for pk in amounts}
    for pk, amount in amounts.items():
        setattr(bookings[pk], column, before[pk] + amount)
    enter_claims(entry, amounts, bookings, reason=reason, now=now)
    store_cover([bookings[pk] for pk in amounts])
    record_many(
        [
            EntryDraft(
                type="booking.written_off" if entry is WriteOff else "booking.reduced",
                subject_type="booking",
                subject_id=pk,
                subject_label=bookings[pk].number,
                before={column: before[pk]},
                after={column: before[pk] + amount, "reason": reason},
            )
            for pk, amount in amounts.items()
        ],
        by=by,
        now=now,
    )
    publish(BookingMoneyChanged(tuple(amounts), by=by, now=now))


def _require_reason(reason: str) -> None:
    if not reason:
        raise BadInput("required", _("Give a reason; the accountant will ask."), field="reason")


def undo_write_offs(bookings: Mapping[UUID, Booking], *, reason: str, now: datetime) -> None:
    """Claims given up are claimed again, because their invoice is cancelled. Locked and recorded by the caller."""
    assert_in_transaction()
    amounts = {
        pk: -booking.written_off_minor for pk, booking in bookings.items() if booking.written_off_minor
    }
    enter_claims(WriteOff, amounts, bookings, reason=reason, now=now)
    for pk in amounts:
        bookings[pk].written_off_minor = 0
    if amounts:
        store_cover([bookings[pk] for pk in amounts])


def release_excess(event: BookingTotalsChanging) -> None:
    """Before bookings get new totals: what covers more than that goes, newest placing of money first, to credit."""
    assert_in_transaction()
    covered = {
        booking.pk: booking
        for booking in Booking.objects.filter(pk__in=event.new_totals)
        if booking.due() != booking.total_minor
    }
    fitted = {
        pk: fit_cover(
            cover_of(booking), total_minor=event.new_totals[pk], claimed_anew=pk in event.claimed_anew
        )
        for pk, booking in covered.items()
    }
    changing = {pk: covered[pk] for pk, cover in fitted.items() if cover != cover_of(covered[pk])}
    if not changing:
        return
    before = {pk: cover_of(booking) for pk, booking in changing.items()}
    is_anew = bool(event.claimed_anew)
    reason = _("The booking was cancelled or moved") if is_anew else _("The booking's total fell")
    enter_claims(
        WriteOff, _differences(before, fitted, "written_off_minor"), changing, reason=reason, now=event.now
    )
    enter_claims(
        Reduction, _differences(before, fitted, "reduced_minor"), changing, reason=reason, now=event.now
    )
    for pk, booking in changing.items():
        booking.written_off_minor, booking.reduced_minor = (
            fitted[pk].written_off_minor,
            fitted[pk].reduced_minor,
        )
    store_cover(list(changing.values()))
    move_money(_releases(before, fitted), changing, now=event.now)
    record_many(
        [
            EntryDraft(
                type="booking.cover_released",
                subject_type="booking",
                subject_id=pk,
                subject_label=booking.number,
                before=_as_facts(before[pk]),
                after=_as_facts(fitted[pk]),
            )
            for pk, booking in changing.items()
        ],
        by=event.by,
        now=event.now,
    )


def cover_of(booking: Booking) -> Cover:
    return Cover(booking.paid_minor, booking.reduced_minor, booking.written_off_minor)


def _differences(before: Mapping[UUID, Cover], after: Mapping[UUID, Cover], column: str) -> dict[UUID, int]:
    changes = {pk: getattr(after[pk], column) - getattr(cover, column) for pk, cover in before.items()}
    return {pk: change for pk, change in changes.items() if change}


def _releases(before: Mapping[UUID, Cover], after: Mapping[UUID, Cover]) -> list[Move]:
    """Which payments give back how much: the newest placing on each booking first."""
    wanted = {pk: cover.paid_minor - after[pk].paid_minor for pk, cover in before.items()}
    wanted = {pk: amount for pk, amount in wanted.items() if amount}
    if not wanted:
        return []
    net: dict[UUID, dict[UUID, int]] = {pk: {} for pk in wanted}
    for booking_id, payment_id, amount in (
        Allocation.objects.filter(booking__in=wanted)
        .order_by("pk")
        .values_list("booking_id", "payment_id", "amount_minor")
    ):
        placings = net[booking_id]
        if amount > 0:
            placings[payment_id] = placings.pop(payment_id, 0) + amount
        else:
            placings[payment_id] += amount
    payments = Payment.objects.in_bulk({payment_id for placings in net.values() for payment_id in placings})
    return [
        Move(payments[payment_id], booking_id, -part, Cause.RELEASED)
        for booking_id, placings in net.items()
        for payment_id, part in take_back(wanted[booking_id], list(reversed(placings.items())))
    ]


def _as_facts(cover: Cover) -> dict[str, int]:
    return {
        "paid_minor": cover.paid_minor,
        "reduced_minor": cover.reduced_minor,
        "written_off_minor": cover.written_off_minor,
    }
