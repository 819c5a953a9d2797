"""The same work once more."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from bookbill.bookings.actions.booking import create_bookings, lock_bookings
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, Service, TaxCode
from bookbill.bookings.rules import last_successor
from bookbill.companies.models import Company, Member
from bookbill.companies.rights import Right, require
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import assert_in_transaction


@dataclass(frozen=True, slots=True)
class InForce:
    """What new work may name today."""

    services: Collection[UUID]
    providers: Collection[UUID]
    successors: Mapping[UUID, UUID]
    ended_codes: Collection[UUID]
    usual_code: UUID | None

    def code(self, code_id: UUID | None) -> UUID | None:
        """Its last successor; the company's usual code where it is offered no more."""
        return self.usual_code if self.is_ended(code_id) else self._last(code_id)

    def is_ended(self, code_id: UUID | None) -> bool:
        return self._last(code_id) in self.ended_codes

    def _last(self, code_id: UUID | None) -> UUID | None:
        return last_successor(code_id, self.successors) if code_id else None


def read_in_force(company: Company) -> InForce:
    """Four queries."""
    ended = TaxCode.objects.filter(archived_at__isnull=False, successor=None)
    return InForce(
        services=set(Service.objects.current().values_list("pk", flat=True)),
        providers=set(Member.objects.filter(is_active=True).values_list("pk", flat=True)),
        successors=TaxCode.objects.successors(),
        ended_codes=set(ended.values_list("pk", flat=True)),
        usual_code=company.default_tax_code_id,
    )


def duplicate_bookings(
    booking_ids: Sequence[UUID], *, service_date: date, by: Actor, now: datetime
) -> list[Booking]:
    """Plan the same lines, discount, place, hour and provider again. Constant queries for 1 and for 500."""
    assert_in_transaction()
    require(by, Right.EDIT_BOOKINGS)
    sources = lock_bookings(booking_ids)
    with_items = Booking.objects.filter(pk__in=sources).prefetch_related("items").oldest_first()
    in_force = read_in_force(Company.objects.get(pk=by.company_id))
    drafts = [copy_of(booking, in_force, service_date=service_date) for booking in with_items]
    return create_bookings(drafts, by=by, now=now)


def copy_of(
    booking: Booking, in_force: InForce, *, service_date: date, with_fee: bool = False
) -> BookingDraft:
    """A draft of the same work, scheduled, of a cancelled booking as it was before. Read the booking with `items`.

    What is not ``in_force`` any more is left out or gives way. ``with_fee`` copies the fee of a cancelled booking
    instead, where there is one. Money, number and external id are not copied.
    """
    items, discount = booking.as_stored() if with_fee and booking.total_minor else booking.as_planned()
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
                service_id=item.service_id if item.service_id in in_force.services else None,
                tax_code_id=in_force.code(item.tax_code_id),
            )
            for item in items
        ),
        discount=discount,
        tax_code_id=in_force.code(booking.tax_code_id),
        provider_id=booking.provider_id if booking.provider_id in in_force.providers else None,
        service_address=booking.service_address,
        note=booking.note,
    )
