"""Creating, completing and deleting bookings, and what every act on them shares."""

from collections.abc import Iterable, Sequence
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
    refuse_changed,
)
from bookbill.bookings.drafts import BookingDraft, ItemDraft, TaxChoice
from bookbill.bookings.events import BookingsChanged
from bookbill.bookings.models import Booking, BookingItem, BookingTax
from bookbill.bookings.rules import State, may_delete
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


def create_bookings(drafts: Sequence[BookingDraft], *, by: Actor, now: datetime) -> list[Booking]:
    """Add bookings, priced and numbered in the order given. Constant queries for 1 and for 500."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    company = Company.objects.get(pk=by.company_id)
    customers = lock_customers({draft.customer_id for draft in drafts})
    refuse_archived(customers.values())
    refuse_unknown_providers({draft.provider_id for draft in drafts})
    refuse_taken_external_ids([draft.external_id for draft in drafts if draft.external_id is not None])
    bookings = [_build(draft, company, customers[draft.customer_id], now) for draft in drafts]
    catalogue = read_catalogue(
        [item for draft in drafts for item in draft.items], [booking.tax_code_id for booking in bookings]
    )
    items: list[BookingItem] = []
    taxes: list[BookingTax] = []
    for booking, draft in zip(bookings, drafts, strict=True):
        own = items_of(booking, draft.items, catalogue)
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
            entry_of(
                "booking.created", booking, {}, {"total_minor": booking.total_minor, "state": booking.state}
            )
            for booking in bookings
        ],
        by=by,
        now=now,
    )
    return bookings


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
            entry_of("booking.completed", booking, {"state": State.SCHEDULED}, {"state": State.COMPLETED})
            for booking in bookings
        ],
        by=by,
        now=now,
    )
    publish(BookingsChanged(tuple(booking.pk for booking in bookings), by=by, now=now))
    return bookings


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
    record(entry_of("booking.deleted", booking, facts_of(booking), {}), by=by, now=now)
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


def refuse_archived(customers: Iterable[Customer]) -> None:
    """New work is for customers of today; what exists of an archived one is still billed and paid."""
    for customer in customers:
        if customer.archived_at is not None:
            raise RuleBroken(
                "customer_archived",
                archived_customer_sentence(customer),
                field="customer_id",
                details={"customer_id": str(customer.pk)},
            )


def archived_customer_sentence(customer: Customer) -> str:
    return _("%(customer)s is archived. Restore the customer first, then add new work.") % {
        "customer": customer
    }


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


def items_of(booking: Booking, drafts: Sequence[ItemDraft], catalogue: Catalogue) -> list[BookingItem]:
    if len(drafts) > ITEMS_MAX:
        raise BadInput(
            "too_many_items", _("At most %(max)d lines on one booking.") % {"max": ITEMS_MAX}, field="items"
        )
    if not drafts and booking.state != State.CANCELLED:
        raise BadInput("required", _("A booking needs at least one line."), field="items")
    return build_items(booking, drafts, catalogue)


def refuse_unknown_providers(provider_ids: set[UUID | None]) -> None:
    wanted = {provider_id for provider_id in provider_ids if provider_id}
    if wanted and Member.objects.filter(pk__in=wanted, is_active=True).count() != len(wanted):
        raise BadInput(
            "unknown_provider", _("There is no such provider in this company."), field="provider_id"
        )


def refuse_taken_external_ids(external_ids: list[str]) -> None:
    repeated = len(set(external_ids)) != len(external_ids)
    if external_ids and (repeated or Booking.objects.filter(external_id__in=external_ids).exists()):
        raise RuleBroken(
            "external_id_taken", _("Another booking already has this external id."), field="external_id"
        )


def facts_of(booking: Booking) -> dict[str, Any]:
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


def entry_of(kind: str, booking: Booking, before: dict[str, Any], after: dict[str, Any]) -> EntryDraft:
    return EntryDraft(
        type=kind,
        subject_type="booking",
        subject_id=booking.pk,
        subject_label=booking.number,
        before=before,
        after=after,
    )
