"""Cancelling bookings, with or without a fee."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import record_many
from bookbill.bookings.actions.booking import entry_of, facts_of, items_of, lock_bookings
from bookbill.bookings.actions.pricing import (
    price_booking,
    read_catalogue,
    read_items,
    refuse_changed,
    take_exemption,
)
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.events import BookingsCancelled, BookingsEditing, BookingTotalsChanging
from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.bookings.rules import State
from bookbill.companies.rights import Right, require
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction

CANCELLED = (
    "state",
    "cancelled_at",
    "cancel_reason",
    "replaced",
    "tax_exempt",
    "exemption_reason",
    "discount_kind",
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "revision",
)


def cancel_booking(
    booking_id: UUID, *, fee: ItemDraft | None, reason: str, by: Actor, now: datetime
) -> Booking:
    """`cancel_bookings` for one."""
    return cancel_bookings([booking_id], fee=fee, reason=reason, by=by, now=now)[0]


def cancel_bookings(
    booking_ids: Sequence[UUID], *, fee: ItemDraft | None, reason: str, by: Actor, now: datetime
) -> list[Booking]:
    """Final. A fee replaces all items and the discount; money beyond it becomes credit. Without a fee they leave their invoices.

    What was replaced is kept for a copy. Constant queries for 1 and for 500 that are on no invoice.
    """
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    by_id = lock_bookings(booking_ids)
    bookings = list(by_id.values())
    if any(booking.state == State.CANCELLED for booking in bookings):
        raise RuleBroken("booking_cancelled", _("This booking is already cancelled."))
    publish(
        BookingsEditing(
            tuple(by_id), moves_customer=False, reopens=False, by=by, now=now, leaves_nothing=fee is None
        )
    )
    customers = Customer.objects.in_bulk({booking.customer_id for booking in bookings})
    replaced = read_items(by_id)
    fees = [fee] if fee else []
    codes = {booking.tax_code_id for booking in bookings}
    kept = codes | {item.tax_code_id for items in replaced.values() for item in items}
    catalogue = read_catalogue(fees, codes, kept=kept)
    before = {booking.pk: facts_of(booking) for booking in bookings}
    items: list[BookingItem] = []
    taxes: list[BookingTax] = []
    for booking in bookings:
        booking.keep_replaced(replaced[booking.pk])
        booking.state, booking.cancelled_at, booking.cancel_reason = State.CANCELLED, now, reason
        booking.discount_kind = ""
        take_exemption(booking, customers[booking.customer_id])
        own = items_of(booking, fees, catalogue)
        items += own
        taxes += price_booking(booking, own, catalogue.terms)
        booking.revision += 1
    totals = {booking.pk: booking.total_minor for booking in bookings}
    publish(BookingTotalsChanging(totals, claimed_anew=frozenset(totals), by=by, now=now))
    BookingItem.objects.filter(booking__in=totals).delete()
    BookingTax.objects.filter(booking__in=totals).delete()
    BookingItem.objects.bulk_create(items)
    BookingTax.objects.bulk_create(taxes)
    refuse_changed(catalogue)
    Booking.objects.bulk_update(bookings, CANCELLED, batch_size=500)
    changes = [(booking, before[booking.pk], facts_of(booking)) for booking in bookings]
    record_many(
        [
            entry_of(
                "booking.cancelled",
                booking,
                {name: old[name] for name in new if new[name] != old[name]},
                {name: new[name] for name in new if new[name] != old[name]} | {"reason": reason},
            )
            for booking, old, new in changes
        ],
        by=by,
        now=now,
    )
    publish(BookingsCancelled(tuple(totals), reason=reason, by=by, now=now))
    return list(Booking.objects.filter(pk__in=totals).oldest_first())
