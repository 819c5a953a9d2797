"""Creating, editing, completing, cancelling and deleting bookings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, ProtectedError
from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record, record_many
from bookbill.bookings.actions.pricing import (
    Catalogue,
    build_items,
    price_booking,
    read_catalogue,
    read_items,
    refuse_changed,
    take_exemption,
)
from bookbill.bookings.drafts import BookingDraft, ItemDraft, TaxChoice
from bookbill.bookings.events import (
    BookingsCancelled,
    BookingsChanged,
    BookingsEditing,
    BookingTotalsChanging,
)
from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.bookings.rules import DiscountKind, State, may_delete
from bookbill.companies.models import Company, Member
from bookbill.companies.numbers import take_booking_numbers
from bookbill.companies.rights import Right, is_own_only, require
from bookbill.customers.actions import lock_customers
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound, RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction

ITEMS_MAX = 200
SIMPLE_FIELDS = ("service_date", "start_time", "service_address", "note", "held_back", "external_id")


def create_bookings(drafts: Sequence[BookingDraft], *, by: Actor, now: datetime) -> list[Booking]:
    """Add bookings, priced and numbered in the order given. Constant queries for 1 and for 500."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    company = Company.objects.get(pk=by.company_id)
    customers = lock_customers({draft.customer_id for draft in drafts})
    _refuse_archived(customers.values())
    _refuse_unknown_providers({draft.provider_id for draft in drafts})
    _refuse_taken_external_ids([draft.external_id for draft in drafts if draft.external_id is not None])
    bookings = [_build(draft, company, customers[draft.customer_id], now) for draft in drafts]
    catalogue = read_catalogue(
        [item for draft in drafts for item in draft.items], [booking.tax_code_id for booking in bookings]
    )
    items: list[BookingItem] = []
    taxes: list[BookingTax] = []
    for booking, draft in zip(bookings, drafts, strict=True):
        own = _items_of(booking, draft.items, catalogue)
        items += own
        taxes += price_booking(booking, own, catalogue.terms)
    company.fix_currency(now)
    numbers = take_booking_numbers(company, count=len(bookings))
    for booking, number in zip(bookings, numbers, strict=True):
        booking.number, booking.number_n = number, int(number.removeprefix("B-"))
    Booking.objects.bulk_create(bookings)
    BookingItem.objects.bulk_create(items)
    BookingTax.objects.bulk_create(taxes)
    refuse_changed(catalogue)
    record_many(
        [
            _entry(
                "booking.created", booking, {}, {"total_minor": booking.total_minor, "state": booking.state}
            )
            for booking in bookings
        ],
        by=by,
        now=now,
    )
    return bookings


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
    fields = dict(edit.fields)
    booking = lock_bookings(
        [booking_id], also_customers=[fields["customer_id"]] if "customer_id" in fields else []
    )[booking_id]
    if revision is not None and revision != booking.revision:
        raise RuleBroken(
            "stale",
            _("This booking was changed by someone else meanwhile. Look at the new state, then save again."),
        )
    only_held = edit.items is None and fields.keys() == {"held_back"}
    if booking.state == State.CANCELLED and not (only_held and booking.total_minor):
        raise RuleBroken("booking_cancelled", _("A cancelled booking is final. Duplicate it instead."))
    before = _facts(booking)
    # Lines that name a tax code say more than what is stored where the booking's own code changes.
    names_codes = "tax_code_id" in fields and any(draft.tax_code_id for draft in edit.items or ())
    items = (
        None if edit.items is None or (not names_codes and _same_items(booking, edit.items)) else edit.items
    )
    if "customer_id" in fields and "service_address" not in fields:
        fields["service_address"] = _place_at(fields["customer_id"], booking)
    fields = {name: value for name, value in fields.items() if value != _stored(booking, name)}
    if not fields and items is None:
        return booking
    state = fields.pop("state", booking.state)
    moves = "customer_id" in fields
    reopens = booking.state == State.COMPLETED and state == State.SCHEDULED
    priced_anew = items is not None or moves or bool(fields.keys() & {"tax_code_id", "discount"})
    if priced_anew or reopens or "service_date" in fields:
        publish(BookingsEditing((booking.pk,), moves_customer=moves, reopens=reopens, by=by, now=now))
        booking.invoice_id = Booking.objects.values_list("invoice_id", flat=True).get(pk=booking.pk)
    if moves and booking.paid_minor:
        raise RuleBroken(
            "booking_has_money", _("This booking is paid. Move the payment first, then the booking.")
        )
    if moves:
        _refuse_archived(Customer.objects.filter(pk=fields["customer_id"]))
    _apply(booking, fields, now)
    booking.state = state
    booking.completed_at = (booking.completed_at or now) if state == State.COMPLETED else None
    if priced_anew:
        _price_anew(
            booking,
            items,
            old_tax_code_id=UUID(before["tax_code_id"]) if before["tax_code_id"] else None,
            by=by,
            now=now,
        )
    booking.revision += 1
    booking.save()
    after = _facts(booking)
    changed = {name for name in after if after[name] != before[name]}
    record(
        _entry(
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


def complete_bookings(booking_ids: Sequence[UUID], *, by: Actor, now: datetime) -> list[Booking]:
    """The work is done. A provider may complete only their own bookings."""
    assert_in_transaction()
    require(by, Right.COMPLETE_BOOKINGS)
    bookings = list(lock_bookings(booking_ids).values())
    if is_own_only(by) and any(booking.provider_id != by.member_id for booking in bookings):
        raise NotFound("not_found", _("There is no such booking."))
    for booking in bookings:
        if booking.state == State.CANCELLED:
            raise RuleBroken(
                "booking_cancelled",
                _("Booking %(number)s is cancelled; that is final.") % {"number": booking.number},
                details={"booking_id": str(booking.pk)},
            )
        if booking.state == State.COMPLETED:
            raise RuleBroken(
                "already_completed",
                _("Booking %(number)s is already completed.") % {"number": booking.number},
                details={"booking_id": str(booking.pk)},
            )
        booking.state, booking.completed_at = State.COMPLETED, now
        booking.revision += 1
    Booking.objects.filter(pk__in=[booking.pk for booking in bookings]).update(
        state=State.COMPLETED, completed_at=now, revision=F("revision") + 1
    )
    record_many(
        [
            _entry("booking.completed", booking, {"state": State.SCHEDULED}, {"state": State.COMPLETED})
            for booking in bookings
        ],
        by=by,
        now=now,
    )
    publish(BookingsChanged(tuple(booking.pk for booking in bookings), by=by, now=now))
    return bookings


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
    publish(BookingsEditing(tuple(by_id), moves_customer=False, reopens=False, by=by, now=now))
    customers = Customer.objects.in_bulk({booking.customer_id for booking in bookings})
    replaced = read_items(by_id)
    fees = [fee] if fee else []
    codes = {booking.tax_code_id for booking in bookings}
    kept = codes | {item.tax_code_id for items in replaced.values() for item in items}
    catalogue = read_catalogue(fees, codes, kept=kept)
    before = {booking.pk: _facts(booking) for booking in bookings}
    items: list[BookingItem] = []
    taxes: list[BookingTax] = []
    for booking in bookings:
        booking.keep_replaced(replaced[booking.pk])
        booking.state, booking.cancelled_at, booking.cancel_reason = State.CANCELLED, now, reason
        booking.discount_kind = ""
        take_exemption(booking, customers[booking.customer_id])
        own = _items_of(booking, fees, catalogue)
        items += own
        taxes += price_booking(booking, own, catalogue.terms)
        booking.revision += 1
    totals = {booking.pk: booking.total_minor for booking in bookings}
    publish(BookingTotalsChanging(totals, cancelled=frozenset(totals), by=by, now=now))
    BookingItem.objects.filter(booking__in=totals).delete()
    BookingTax.objects.filter(booking__in=totals).delete()
    BookingItem.objects.bulk_create(items)
    BookingTax.objects.bulk_create(taxes)
    refuse_changed(catalogue)
    Booking.objects.bulk_update(bookings, CANCELLED, batch_size=500)
    changes = [(booking, before[booking.pk], _facts(booking)) for booking in bookings]
    record_many(
        [
            _entry(
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


def delete_booking(booking_id: UUID, *, by: Actor, now: datetime) -> None:
    """Only a scheduled booking without money or invoice; anything else is cancelled instead."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    booking = lock_bookings([booking_id])[booking_id]
    covered = booking.total_minor - booking.due()
    if not may_delete(state=booking.state, covered_minor=covered, on_invoice=booking.invoice_id is not None):
        raise RuleBroken(
            "booking_has_records",
            _("Only a scheduled booking without money or invoice can be deleted. Cancel it instead."),
        )
    record(_entry("booking.deleted", booking, _facts(booking), {}), by=by, now=now)
    try:
        booking.delete()
    except ProtectedError as kept:
        raise RuleBroken(
            "booking_has_records",
            _(
                "Money or a write-off was once entered on this booking, and that stays known. Cancel it instead."
            ),
        ) from kept


def lock_bookings(booking_ids: Sequence[UUID], *, also_customers: Sequence[UUID] = ()) -> dict[UUID, Booking]:
    """Lock the customers of these bookings, then read the bookings as they are now, oldest first.

    Read again after the lock: what was passed in is only an address. Raises NotFound for a stranger's id.
    """
    wanted = set(booking_ids)
    owners = dict(Booking.objects.filter(pk__in=wanted).values_list("pk", "customer_id"))
    if owners.keys() != wanted:
        raise NotFound("not_found", _("There is no such booking."))
    lock_customers({*owners.values(), *also_customers})
    bookings = {booking.pk: booking for booking in Booking.objects.filter(pk__in=wanted).oldest_first()}
    if bookings.keys() != wanted:
        raise NotFound("not_found", _("There is no such booking."))
    if any(booking.customer_id != owners[pk] for pk, booking in bookings.items()):
        raise RuleBroken("stale", _("This booking was just moved to another customer. Please look again."))
    return bookings


def state_of(draft: BookingDraft) -> State:
    if draft.cancelled:
        return State.CANCELLED
    return State.COMPLETED if draft.completed else State.SCHEDULED


def _refuse_archived(customers: Iterable[Customer]) -> None:
    """New work is for customers of today; what exists of an archived one is still billed and paid."""
    for customer in customers:
        if customer.archived_at is not None:
            raise RuleBroken(
                "customer_archived",
                _("%(customer)s is archived. Restore the customer first, then add new work.")
                % {"customer": customer},
                field="customer_id",
                details={"customer_id": str(customer.pk)},
            )


def _build(draft: BookingDraft, company: Company, customer: Customer, now: datetime) -> Booking:
    return Booking(
        company=company,
        customer=customer,
        service_date=draft.service_date,
        start_time=draft.start_time,
        time_zone=company.time_zone,
        service_address=draft.service_address or customer.service_address,
        provider_id=draft.provider_id,
        state=state_of(draft),
        cancelled_at=now if draft.cancelled else None,
        completed_at=now if draft.completed else None,
        is_instant=draft.is_instant,
        held_back=draft.held_back,
        note=draft.note,
        external_id=draft.external_id,
        discount_kind=draft.discount.kind if draft.discount else "",
        discount_value=draft.discount.value if draft.discount else 0,
        tax_code_id=company.default_tax_code_id
        if draft.tax_code_id is TaxChoice.USUAL
        else draft.tax_code_id,
        tax_exempt=customer.tax_exempt,
        exemption_reason=customer.exemption_reason if customer.tax_exempt else "",
        currency=company.currency,
        created_at=now,
    )


def _items_of(booking: Booking, drafts: Sequence[ItemDraft], catalogue: Catalogue) -> list[BookingItem]:
    if len(drafts) > ITEMS_MAX:
        raise BadInput(
            "too_many_items", _("At most %(max)d lines on one booking.") % {"max": ITEMS_MAX}, field="items"
        )
    if not drafts and booking.state != State.CANCELLED:
        raise BadInput("required", _("A booking needs at least one line."), field="items")
    return build_items(booking, drafts, catalogue)


def _price_anew(
    booking: Booking,
    drafts: Sequence[ItemDraft] | None,
    *,
    old_tax_code_id: UUID | None,
    by: Actor,
    now: datetime,
) -> None:
    """Replace items and taxes and work the totals out again, with the customer's exemption of today."""
    take_exemption(booking, booking.customer)
    stored = list(booking.items.order_by("position"))
    kept = {old_tax_code_id, *used_by(stored)}
    if drafts is None:
        for item in stored:
            item.pk = None
            if item.tax_code_id == old_tax_code_id:
                item.tax_code_id = booking.tax_code_id
        codes = [booking.tax_code_id, *(item.tax_code_id for item in stored)]
        items, catalogue = stored, read_catalogue([], codes, kept=kept)
    else:
        catalogue = read_catalogue(drafts, [booking.tax_code_id], kept=kept)
        items = _items_of(booking, drafts, catalogue)
    taxes = price_booking(booking, items, catalogue.terms)
    publish(BookingTotalsChanging({booking.pk: booking.total_minor}, frozenset(), by=by, now=now))
    covered = Booking.objects.values("paid_minor", "reduced_minor", "written_off_minor").get(pk=booking.pk)
    for name, value in covered.items():
        setattr(booking, name, value)
    booking.items.all().delete()
    booking.taxes.all().delete()
    BookingItem.objects.bulk_create(items)
    BookingTax.objects.bulk_create(taxes)
    refuse_changed(catalogue)


def used_by(items: Iterable[BookingItem]) -> set[UUID | None]:
    """The tax codes and services of the catalogue that these lines carry."""
    return {pk for item in items for pk in (item.tax_code_id, item.service_id)}


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
    kept = {booking.tax_code_id, *used_by(stored)}
    catalogue = read_catalogue(drafts, [booking.tax_code_id], kept=kept)
    return [item.said() for item in build_items(booking, drafts, catalogue)] == [
        item.said() for item in stored
    ]


def _apply(booking: Booking, fields: dict[str, Any], now: datetime) -> None:
    if "customer_id" in fields:
        booking.customer = Customer.objects.get(pk=fields["customer_id"])
    if "provider_id" in fields:
        _refuse_unknown_providers({fields["provider_id"]})
        booking.provider_id = fields["provider_id"]
    if "tax_code_id" in fields:
        booking.tax_code_id = fields["tax_code_id"]
    if "discount" in fields:
        discount = fields["discount"]
        booking.discount_kind = DiscountKind(discount.kind) if discount else ""
        booking.discount_value = discount.value if discount else 0
    if fields.get("external_id") is not None and fields["external_id"] != booking.external_id:
        _refuse_taken_external_ids([fields["external_id"]])
    for name in SIMPLE_FIELDS:
        if name in fields:
            setattr(booking, name, fields[name])


def _refuse_unknown_providers(provider_ids: set[UUID | None]) -> None:
    wanted = {provider_id for provider_id in provider_ids if provider_id}
    if wanted and Member.objects.filter(pk__in=wanted, is_active=True).count() != len(wanted):
        raise BadInput(
            "unknown_provider", _("There is no such provider in this company."), field="provider_id"
        )


def _refuse_taken_external_ids(external_ids: list[str]) -> None:
    repeated = len(set(external_ids)) != len(external_ids)
    if external_ids and (repeated or Booking.objects.filter(external_id__in=external_ids).exists()):
        raise RuleBroken(
            "external_id_taken", _("Another booking already has this external id."), field="external_id"
        )


def _facts(booking: Booking) -> dict[str, Any]:
    return {
        "customer_id": str(booking.customer_id),
        "service_date": booking.service_date.isoformat(),
        "start_time": booking.start_time.isoformat("minutes") if booking.start_time else None,
        "provider_id": str(booking.provider_id) if booking.provider_id else None,
        "state": booking.state,
        "held_back": booking.held_back,
        "tax_code_id": str(booking.tax_code_id) if booking.tax_code_id else None,
        "discount": f"{booking.discount_kind} {booking.discount_value.normalize():f}"
        if booking.discount_kind
        else None,
        "subtotal_minor": booking.subtotal_minor,
        "total_minor": booking.total_minor,
    }


def _entry(kind: str, booking: Booking, before: dict[str, Any], after: dict[str, Any]) -> EntryDraft:
    return EntryDraft(
        type=kind,
        subject_type="booking",
        subject_id=booking.pk,
        subject_label=booking.number,
        before=before,
        after=after,
    )
