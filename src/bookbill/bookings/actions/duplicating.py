"""The same work once more."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from uuid import UUID

from bookbill.bookings.actions.booking import create_bookings, lock_bookings
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import assert_in_transaction


def duplicate_bookings(
    booking_ids: Sequence[UUID], *, service_date: date, by: Actor, now: datetime
) -> list[Booking]:
    """Plan the same lines, discount, place, hour and provider again. Constant queries for 1 and for 500."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    sources = lock_bookings(booking_ids)
    with_items = Booking.objects.filter(pk__in=sources).prefetch_related("items__service").oldest_first()
    in_force = TaxCode.objects.followed()
    drafts = [copy_of(booking, in_force, service_date=service_date) for booking in with_items]
    return create_bookings(drafts, by=by, now=now)


def copy_of(
    booking: Booking, in_force: Callable[[UUID | None], UUID | None], *, service_date: date
) -> BookingDraft:
    """A draft of the same work, scheduled, under the taxes ``in_force``. Read the booking with `items__service`.

    Money, number and external id are not copied.
    """
    return BookingDraft(
        customer_id=booking.customer_id,
        service_date=service_date,
        start_time=booking.start_time,
        items=tuple(
            ItemDraft(
                description=item.description,
                quantity=item.quantity,
                unit=item.unit,
                unit_price=item.unit_price,
                service_id=item.service.pk if item.service and item.service.archived_at is None else None,
                tax_code_id=in_force(item.tax_code_id),
            )
            for item in sorted(booking.items.all(), key=lambda item: item.position)
        ),
        discount=booking.discount(),
        tax_code_id=in_force(booking.tax_code_id),
        provider_id=booking.provider_id,
        service_address=booking.service_address,
        note=booking.note,
    )
