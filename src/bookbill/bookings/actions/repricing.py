"""Pricing stored bookings again, in sets: their lines stay as they are, taxes and exemption become those of today."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record_many
from bookbill.bookings.actions.booking import lock_bookings
from bookbill.bookings.actions.pricing import (
    price_booking,
    read_catalogue,
    read_items,
    refuse_changed,
    take_exemption,
)
from bookbill.bookings.events import BookingsChanged, BookingsEditing, BookingTotalsChanging
from bookbill.bookings.models import Booking, BookingItem, BookingTax, Outcome
from bookbill.bookings.rules import State
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction
from bookbill.money.pricing import TaxTerms

CHUNK = 500
PRICES = (
    "tax_code",
    "tax_exempt",
    "exemption_reason",
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "revision",
)


@dataclass(frozen=True, slots=True)
class Fresh:
    """A booking priced again in memory, and what it cost before."""

    booking: Booking
    items: Sequence[BookingItem]
    taxes: Sequence[BookingTax]
    before_minor: int


@dataclass(frozen=True, slots=True)
class Became:
    """What became of one booking; ``reason`` where it was not repriced."""

    outcome: Outcome
    reason: str = ""
    before_minor: int | None = None
    after_minor: int | None = None


def reprice_bookings(
    booking_ids: Sequence[UUID], *, old: UUID, new: UUID, by: Actor, now: datetime
) -> dict[UUID, Became]:
    """Give lines under the tax code ``old`` the code ``new`` and price their bookings again; each one or not at all.

    Constant queries while none is refused. Raises NotFound where one is not the company's.
    """
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    bookings = lock_bookings(booking_ids)
    prefetch_related_objects(list(bookings.values()), "customer")
    items = read_items(bookings)
    moving = {
        pk: booking
        for pk, booking in bookings.items()
        if old in {booking.tax_code_id, *(item.tax_code_id for item in items[pk])}
    }
    became = {
        pk: Became(Outcome.UNCHANGED, _("It no longer has the old tax code."))
        for pk in bookings.keys() - moving.keys()
    }
    refused = _refusals(moving, by=by, now=now)
    codes = {new, *(item.tax_code_id for own in items.values() for item in own)}
    catalogue = read_catalogue([], codes, kept=codes)
    fresh = []
    for pk, booking in moving.items():
        if pk not in refused:
            carriers: list[Booking | BookingItem] = [booking, *items[pk]]
            for carrier in carriers:
                if carrier.tax_code_id == old:
                    carrier.tax_code_id = new
            try:
                fresh.append(price_again(booking, items[pk], catalogue.terms))
            except BadInput as problem:
                refused[pk] = problem.message
    became |= {pk: Became(Outcome.REFUSED, reason) for pk, reason in refused.items()}
    became |= {
        each.booking.pk: Became(Outcome.REPRICED, "", each.before_minor, each.booking.total_minor)
        for each in fresh
    }
    store_prices(fresh, by=by, now=now)
    if fresh:
        refuse_changed(catalogue)
    return became


def store_prices(fresh: Sequence[Fresh], *, by: Actor, now: datetime) -> None:
    """Keep what was priced again, with its history; money and invoices follow. The bookings' customers are locked."""
    if not fresh:
        return
    bookings = [each.booking for each in fresh]
    for booking in bookings:
        booking.revision += 1
    new_totals = {booking.pk: booking.total_minor for booking in bookings}
    publish(BookingTotalsChanging(new_totals, frozenset(), by=by, now=now))
    BookingTax.objects.filter(booking__in=bookings).delete()
    BookingTax.objects.bulk_create(tax for each in fresh for tax in each.taxes)
    BookingItem.objects.bulk_update(
        [item for each in fresh for item in each.items],
        ["tax_code", "amount_minor", "net_minor"],
        batch_size=CHUNK,
    )
    Booking.objects.bulk_update(bookings, PRICES, batch_size=CHUNK)
    record_many([_entry(each) for each in fresh], by=by, now=now)
    publish(BookingsChanged(tuple(new_totals), by=by, now=now))


def price_again(booking: Booking, items: Sequence[BookingItem], terms: Mapping[UUID, TaxTerms]) -> Fresh:
    """Price a stored booking as it is in memory, with its customer's exemption of today. Raises BadInput."""
    before_minor = booking.total_minor
    take_exemption(booking, booking.customer)
    return Fresh(booking, items, price_booking(booking, items, terms), before_minor)


def _refusals(bookings: Mapping[UUID, Booking], *, by: Actor, now: datetime) -> dict[UUID, str]:
    """Which of them may not be repriced, and why. Asked for all at once, and one by one where that is refused."""
    refused = {
        pk: _("A cancelled booking is final.")
        for pk, booking in bookings.items()
        if booking.state == State.CANCELLED
    }
    rest = [pk for pk in bookings if pk not in refused]
    if _refusal(rest, by=by, now=now):
        for pk in rest:
            if reason := _refusal([pk], by=by, now=now):
                refused[pk] = reason
    return refused


def _refusal(booking_ids: Sequence[UUID], *, by: Actor, now: datetime) -> str:
    try:
        with transaction.atomic():
            publish(BookingsEditing(tuple(booking_ids), moves_customer=False, reopens=False, by=by, now=now))
    except RuleBroken as refused:
        return refused.message
    return ""


def _entry(each: Fresh) -> EntryDraft:
    return EntryDraft(
        type="booking.repriced",
        subject_type="booking",
        subject_id=each.booking.pk,
        subject_label=each.booking.number,
        before={"total_minor": each.before_minor},
        after={"total_minor": each.booking.total_minor},
    )
