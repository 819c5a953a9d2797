"""The one place that writes allocations and keeps the sums on bookings equal to them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import zip_longest
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking, BookingTax
from bookbill.ledger.models import Allocation, Payment, Reduction, WriteOff
from bookbill.ledger.rules import Cause
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.money.share import share_out


@dataclass(frozen=True, slots=True)
class Move:
    """Money of a payment placed on a booking, or taken back from it (negative)."""

    payment: Payment
    booking_id: UUID
    amount_minor: int
    cause: Cause


def move_money(moves: Sequence[Move], bookings: Mapping[UUID, Booking], *, now: datetime) -> None:
    """Write the allocations and the bookings' sums, in three queries however many moves.

    ``bookings`` were read after the customers' lock and are changed in place. Money placed on a booking undoes its
    write-off by that much first. Raises RuleBroken when a booking cannot take that much.
    """
    undone: dict[UUID, int] = defaultdict(int)
    for move in moves:
        booking = bookings[move.booking_id]
        if move.amount_minor > 0:
            undo = min(move.amount_minor, booking.written_off_minor)
            booking.written_off_minor -= undo
            undone[booking.pk] += undo
        booking.paid_minor += move.amount_minor
        if booking.due() < 0:
            raise RuleBroken(
                "more_than_due",
                _("More is placed on booking %(number)s than is still due there.")
                % {"number": booking.number},
                field="allocations",
            )
    Allocation.objects.bulk_create(
        Allocation(
            company_id=move.payment.company_id,
            payment=move.payment,
            booking_id=move.booking_id,
            currency=move.payment.currency,
            amount_minor=move.amount_minor,
            cause=move.cause,
            created_at=now,
        )
        for move in moves
    )
    enter_claims(
        WriteOff,
        {pk: -amount for pk, amount in undone.items() if amount},
        bookings,
        reason=_("Money came in"),
        now=now,
    )
    store_cover([bookings[pk] for pk in {move.booking_id for move in moves}])


def enter_claims(
    entry: type[Reduction] | type[WriteOff],
    amounts: Mapping[UUID, int],
    bookings: Mapping[UUID, Booking],
    *,
    reason: str,
    now: datetime,
) -> None:
    """Write reductions or write-offs (negative: undone) with their share of net and taxes. The caller keeps the sums.

    Each takes its share of what earlier ones left, and gives it back from what was taken: all undone leaves nothing.
    """
    if not amounts:
        return
    taken = {each: _shares_on(each, amounts) for each in (Reduction, WriteOff)}
    parts: dict[UUID, list[int]] = {
        pk: [bookings[pk].subtotal_minor - bookings[pk].discount_minor] for pk in amounts
    }
    for booking_id, amount in (
        BookingTax.objects.filter(booking__in=amounts)
        .order_by("booking_id", "position")
        .values_list("booking_id", "amount_minor")
    ):
        parts[booking_id].append(amount)
    rows: list[Any] = []
    for booking_id, amount in amounts.items():
        booking = bookings[booking_id]
        if amount < 0:
            net_minor, *tax_minors = taken[entry][booking_id]
        else:
            net_minor, *tax_minors = (
                part - sum(less)
                for part, *less in zip_longest(
                    parts[booking_id], *(each[booking_id] for each in taken.values()), fillvalue=0
                )
            )
        shares = share_out(amount, net_minor=net_minor, tax_minors=tax_minors)
        rows.append(
            entry(
                company_id=booking.company_id,
                booking=booking,
                currency=booking.currency,
                amount_minor=amount,
                net_minor=shares.net_minor,
                taxes_minor=list(shares.tax_minors),
                reason=reason,
                created_at=now,
            )
        )
    entry.objects.bulk_create(rows)


def _shares_on(
    entry: type[Reduction] | type[WriteOff], booking_ids: Iterable[UUID]
) -> Mapping[UUID, list[int]]:
    """What the entries on each booking take of its net and of each of its taxes. One query."""
    shares: dict[UUID, list[int]] = defaultdict(lambda: [0])
    for booking_id, net_minor, tax_minors in entry.objects.filter(booking__in=booking_ids).values_list(
        "booking_id", "net_minor", "taxes_minor"
    ):
        sums = zip_longest(shares[booking_id], [net_minor, *tax_minors], fillvalue=0)
        shares[booking_id] = [sum(pair) for pair in sums]
    return shares


def store_cover(bookings: Sequence[Booking]) -> None:
    """Make the sums on these bookings those of their entries, in one statement; the database holds them within the totals."""
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).update(
        paid_minor=_sum_on_booking(Allocation),
        reduced_minor=_sum_on_booking(Reduction),
        written_off_minor=_sum_on_booking(WriteOff),
    )


def _sum_on_booking(entry: type[Allocation] | type[Reduction] | type[WriteOff]) -> Coalesce:
    own = entry.objects.filter(booking=OuterRef("pk")).order_by().values("booking")
    return Coalesce(Subquery(own.annotate(total=Sum("amount_minor")).values("total")), 0)


def check_placing(placing: Mapping[UUID, int], *, amount_minor: int) -> None:
    """Every part is positive and together they are no more than the payment."""
    if any(part <= 0 for part in placing.values()):
        raise BadInput("bad_amount", _("Each placed amount must be above zero."), field="allocations")
    if sum(placing.values()) > amount_minor:
        raise BadInput(
            "more_than_payment", _("More is placed than the payment brought in."), field="allocations"
        )
