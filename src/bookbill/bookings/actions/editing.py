"""Changing a booking, and pricing it anew."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import record
from bookbill.bookings.actions.booking import (
    entry_of,
    facts_of,
    items_of,
    lock_bookings,
    refuse_archived,
    refuse_taken_external_ids,
    refuse_unknown_providers,
)
from bookbill.bookings.actions.pricing import (
    build_items,
    price_booking,
    read_catalogue,
    refuse_changed,
    take_exemption,
)
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.events import (
    BookingsChanged,
    BookingsEditing,
    BookingTotalsChanging,
)
from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.bookings.rules import DiscountKind, State
from bookbill.companies.rights import Right, require
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction

SIMPLE_FIELDS = ("service_date", "start_time", "service_address", "note", "held_back", "external_id")


@dataclass(frozen=True, slots=True)
class BookingEdit:
    """What to change: simple fields by name; items and discount whole. `items=None` leaves them."""

    fields: Mapping[str, Any]
    items: tuple[ItemDraft, ...] | None = None


def edit_booking(
    booking_id: UUID, edit: BookingEdit, *, revision: int | None = None, by: Actor, now: datetime
) -> Booking:
    """Change a booking and price it anew. Everything that shows it follows in the same transaction.

    ``fields`` may hold SIMPLE_FIELDS, customer_id, provider_id, tax_code_id, discount and state (scheduled, completed).
    """
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    also_customers = [edit.fields["customer_id"]] if "customer_id" in edit.fields else []
    booking = lock_bookings([booking_id], also_customers=also_customers)[booking_id]
    if revision is not None and revision != booking.revision:
        raise RuleBroken(
            "stale",
            _(
                "This booking was changed by someone else meanwhile. Open it to see how it is now, then make your change again."
            ),
            details={"booking_id": str(booking.pk)},
        )
    only_held = edit.items is None and edit.fields.keys() == {"held_back"}
    if booking.state == State.CANCELLED and not (only_held and booking.total_minor):
        raise RuleBroken("booking_cancelled", _("A cancelled booking is final. Duplicate it instead."))
    before = facts_of(booking)
    fields, items = _not_stored_yet(booking, edit)
    if not fields and items is None:
        return booking
    if fields.get("held_back") and booking.invoice_id:
        raise RuleBroken(
            "booking_already_invoiced",
            _("%(number)s is on an invoice. Take it off that first, then hold it back.")
            % {"number": booking.number},
            details={"invoice_id": str(booking.invoice_id)},
        )
    lines_before = booking.items.count() if items is not None else None
    state = fields.pop("state", booking.state)
    moves = "customer_id" in fields
    reopens = booking.state == State.COMPLETED and state == State.SCHEDULED
    if reopens and booking.is_instant:
        raise RuleBroken(
            "booking_in_no_calendar",
            _("This booking was made for an instant invoice and stands in no calendar. Cancel it instead."),
        )
    priced_anew = items is not None or moves or bool(fields.keys() & {"tax_code_id", "discount"})
    if priced_anew or reopens or "service_date" in fields:
        publish(BookingsEditing((booking.pk,), moves_customer=moves, reopens=reopens, by=by, now=now))
        booking.invoice_id = Booking.objects.values_list("invoice_id", flat=True).get(pk=booking.pk)
    if moves and booking.paid_minor:
        raise RuleBroken(
            "booking_has_money", _("This booking is paid. Move the payment first, then the booking.")
        )
    if moves:
        refuse_archived(Customer.objects.filter(pk=fields["customer_id"]))
    _apply(booking, fields, now)
    booking.state = state
    booking.completed_at = (booking.completed_at or now) if state == State.COMPLETED else None
    if priced_anew:
        _price_anew(
            booking,
            items,
            old_tax_code_id=UUID(before["tax_code_id"]) if before["tax_code_id"] else None,
            moves=moves,
            by=by,
            now=now,
        )
    booking.revision += 1
    booking.save()
    after = facts_of(booking)
    changed = {name for name in after if after[name] != before[name]}
    if items is not None:  # told also where they come to the same sum
        before["items_count"], after["items_count"] = lines_before, len(items)
        changed.add("items_count")
    record(
        entry_of(
            "booking.edited",
            booking,
            {name: before[name] for name in changed},
            {name: after[name] for name in changed},
        ),
        by=by,
        now=now,
    )
    publish(BookingsChanged((booking.pk,), by=by, now=now))
    return booking


def _not_stored_yet(
    booking: Booking, edit: BookingEdit
) -> tuple[dict[str, Any], tuple[ItemDraft, ...] | None]:
    """What of the edit changes something; with the place, where a booking moves from one customer to another."""
    fields = dict(edit.fields)
    if "customer_id" in fields and "service_address" not in fields:
        fields["service_address"] = _place_at(fields["customer_id"], booking)
    changed = {name: value for name, value in fields.items() if value != _stored(booking, name)}
    # Lines that name a tax code say more than what is stored where the booking's own code changes.
    names_codes = "tax_code_id" in changed and any(draft.tax_code_id for draft in edit.items or ())
    if edit.items is None or (not names_codes and _same_items(booking, edit.items)):
        return changed, None
    return changed, edit.items


def _price_anew(
    booking: Booking,
    drafts: Sequence[ItemDraft] | None,
    *,
    old_tax_code_id: UUID | None,
    moves: bool,
    by: Actor,
    now: datetime,
) -> None:
    """Replace items and taxes and work the totals out again, with the customer's exemption of today."""
    take_exemption(booking, booking.customer)
    stored = list(booking.items.order_by("position"))
    kept = {old_tax_code_id, *_used_by(stored)}
    if drafts is None:
        for item in stored:
            item.pk = None
            if item.tax_code_id == old_tax_code_id:
                item.tax_code_id = booking.tax_code_id
        codes = [booking.tax_code_id, *(item.tax_code_id for item in stored)]
        items, catalogue = stored, read_catalogue([], codes, kept=kept)
    else:
        catalogue = read_catalogue(drafts, [booking.tax_code_id], kept=kept)
        items = items_of(booking, drafts, catalogue)
    taxes = price_booking(booking, items, catalogue.terms)
    totals = {booking.pk: booking.total_minor}
    publish(BookingTotalsChanging(totals, frozenset(totals if moves else ()), by=by, now=now))
    covered = Booking.objects.values("paid_minor", "reduced_minor", "written_off_minor").get(pk=booking.pk)
    for name, value in covered.items():
        setattr(booking, name, value)
    booking.items.all().delete()
    booking.taxes.all().delete()
    BookingItem.objects.bulk_create(items)
    BookingTax.objects.bulk_create(taxes)
    refuse_changed(catalogue)


def _place_at(customer_id: UUID, booking: Booking) -> Any:
    """Work at its customer's own address goes to that of the new one, whose invoice would print it; another place stays."""
    if not booking.is_at_customers():
        return booking.service_address
    return Customer.objects.get(pk=customer_id).service_address


def _stored(booking: Booking, name: str) -> Any:
    """What a field of an edit holds now, in the shape the edit would give it."""
    return booking.discount() if name == "discount" else getattr(booking, name)


def _same_items(booking: Booking, drafts: Sequence[ItemDraft]) -> bool:
    """Whether the lines say what is stored already; what a draft leaves open is taken as a new line would take it."""
    stored = list(booking.items.order_by("position"))
    kept = {booking.tax_code_id, *_used_by(stored)}
    catalogue = read_catalogue(drafts, [booking.tax_code_id], kept=kept)
    return [item.said() for item in build_items(booking, drafts, catalogue)] == [
        item.said() for item in stored
    ]


def _apply(booking: Booking, fields: dict[str, Any], now: datetime) -> None:
    if "customer_id" in fields:
        booking.customer = Customer.objects.get(pk=fields["customer_id"])
    if "provider_id" in fields:
        refuse_unknown_providers({fields["provider_id"]})
        booking.provider_id = fields["provider_id"]
    if "tax_code_id" in fields:
        booking.tax_code_id = fields["tax_code_id"]
    if "discount" in fields:
        discount = fields["discount"]
        booking.discount_kind = DiscountKind(discount.kind) if discount else ""
        booking.discount_value = discount.value if discount else 0
    if fields.get("external_id") is not None and fields["external_id"] != booking.external_id:
        refuse_taken_external_ids([fields["external_id"]])
    for name in SIMPLE_FIELDS:
        if name in fields:
            setattr(booking, name, fields[name])


def _used_by(items: Iterable[BookingItem]) -> set[UUID | None]:
    """The tax codes and services of the catalogue that these lines carry."""
    return {pk for item in items for pk in (item.tax_code_id, item.service_id)}
