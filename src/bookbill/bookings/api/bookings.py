"""The API of bookings."""

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from bookbill.bookings.actions.booking import complete_bookings, create_bookings, delete_booking
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.duplicating import duplicate_bookings
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.api.schema import (
    BookingIn,
    BookingOut,
    BookingPatch,
    ExternalId,
    ItemIn,
    PlainBooking,
    booking_for,
)
from bookbill.bookings.models import Booking
from bookbill.bookings.models.booking import BookingQuerySet
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, is_own_only, require
from bookbill.lib.transactions import transact
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.etags import if_match
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, id_in_route
from bookbill.web.api.schema import Answer, Body, Empty, Id, IsoDate, Page, text

router = Router(tags=["Bookings"])

NOTHING = Empty()
COMPLETED_MAX = 200

Shown = BookingOut | PlainBooking


class BookingQuery(PageQuery):
    """`from` and `to` are service dates, both included."""

    customer_id: Id | None = None
    provider_id: Id | None = None
    state: Literal["scheduled", "completed", "cancelled"] | None = None
    first_date: IsoDate | None = Field(None, alias="from")
    last_date: IsoDate | None = Field(None, alias="to")
    to_invoice: Literal["true"] | None = None
    external_id: ExternalId | None = None


class BookingCancellation(Body):
    """Without a fee the booking costs nothing any more and leaves its invoice.

    A sent invoice over nothing else is cancelled with it, for the `reason`, which is required then.
    """

    fee: ItemIn | None = None
    reason: Annotated[str, text(300, multiline=True, refuse_cards=True)] = ""


def visible(request: CompanyRequest) -> BookingQuerySet:
    """The bookings this actor may see, with their items and taxes."""
    require(request.actor, Right.VIEW_BOOKINGS)
    bookings: BookingQuerySet = Booking.objects.with_parts()
    if is_own_only(request.actor):
        bookings = bookings.filter(provider=request.actor.member_id)
    return bookings


class Completions(Body):
    """All of them or none: the first that cannot be completed refuses the rest by its number."""

    booking_ids: Annotated[list[Id], Field(min_length=1, max_length=COMPLETED_MAX)]


class CompletedOut(Answer):
    items: list[Shown]


class BookingCopyIn(Body):
    """`service_date` of the new booking: left out, today."""

    service_date: IsoDate | None = None


OF_TODAY = BookingCopyIn()


@router.post("/bookings", response={201: BookingOut})
def create_booking(request: CompanyRequest, body: BookingIn) -> HttpResponse:
    """Add a booking; it is priced at once."""
    return answer_once(
        request,
        lambda: booking_for(
            request.actor, create_bookings([body.draft()], by=request.actor, now=now(request.company))[0]
        ),
    )


@router.get("/bookings", response=Page[Shown])
def list_bookings(request: CompanyRequest, page: Query[BookingQuery]) -> HttpResponse:
    """Bookings, latest service date first. `to_invoice=true`: only those that can be put on an invoice."""
    found = visible(request)
    if page.to_invoice:
        found = found.to_invoice()
    wanted = {
        "customer": page.customer_id,
        "provider": page.provider_id,
        "state": page.state,
        "service_date__gte": page.first_date,
        "service_date__lte": page.last_date,
        "external_id": page.external_id,
    }
    found = found.filter(**{name: value for name, value in wanted.items() if value is not None})
    rows, next_cursor = keyset(found, page, by=("service_date", "number_n"))
    return answered(
        Page[Shown](items=[booking_for(request.actor, row) for row in rows], next_cursor=next_cursor)
    )


@router.post("/bookings/completions", response={201: CompletedOut})
def complete_bookings_(request: CompanyRequest, body: Completions) -> HttpResponse:
    """The work of several bookings is done."""

    def done() -> CompletedOut:
        bookings = complete_bookings(body.booking_ids, by=request.actor, now=now(request.company))
        rows = visible(request).filter(pk__in=[booking.pk for booking in bookings]).oldest_first()
        return CompletedOut(items=[booking_for(request.actor, row) for row in rows])

    return answer_once(request, done)


@router.get("/bookings/{booking_id}", response=Shown)
def read_booking(request: CompanyRequest, booking_id: str) -> HttpResponse:
    """One booking."""
    booking = find(visible(request), booking_id)
    return answered(booking_for(request.actor, booking), revision=booking.revision)


@router.patch("/bookings/{booking_id}", response=BookingOut)
def edit_booking_(request: CompanyRequest, booking_id: str, body: BookingPatch) -> HttpResponse:
    """Change a booking. The invoice it is on shows the change at once; the customer sees it with the next send."""
    pk, revision = id_in_route(booking_id), if_match(request)
    booking = transact(
        lambda: edit_booking(pk, body.edit(), revision=revision, by=request.actor, now=now(request.company))
    )
    return answered(booking_for(request.actor, booking), revision=booking.revision)


@router.delete("/bookings/{booking_id}", response={204: None})
def delete_booking_(request: CompanyRequest, booking_id: str) -> Status[None]:
    """Delete a scheduled booking without money or invoice. Anything else is cancelled instead."""
    pk = id_in_route(booking_id)
    transact(lambda: delete_booking(pk, by=request.actor, now=now(request.company)))
    return Status(204, None)


@router.post("/bookings/{booking_id}/completion", response={201: Shown})
def complete_booking(request: CompanyRequest, booking_id: str, body: Empty = NOTHING) -> HttpResponse:
    """The work is done."""
    pk = id_in_route(booking_id)
    return answer_once(
        request,
        lambda: booking_for(
            request.actor, complete_bookings([pk], by=request.actor, now=now(request.company))[0]
        ),
    )


@router.post("/bookings/{booking_id}/cancellation", response={201: BookingOut})
def cancel_booking_(request: CompanyRequest, booking_id: str, body: BookingCancellation) -> HttpResponse:
    """Cancel a booking for good. A fee replaces its items; money beyond the fee becomes credit."""
    pk = id_in_route(booking_id)
    return answer_once(request, lambda: _cancelled(request, pk, body))


@router.post("/bookings/{booking_id}/copies", response={201: BookingOut})
def duplicate_booking(
    request: CompanyRequest, booking_id: str, body: BookingCopyIn = OF_TODAY
) -> HttpResponse:
    """Plan the same work again: lines, discount, place, hour and provider. Money and external id are not copied."""
    pk = id_in_route(booking_id)
    service_date = body.service_date or today(request.company)

    def made() -> Shown:
        copies = duplicate_bookings(
            [pk], service_date=service_date, by=request.actor, now=now(request.company)
        )
        return booking_for(request.actor, copies[0])

    return answer_once(request, made)


@router.post("/bookings/{booking_id}/hold", response={201: BookingOut})
def hold_back_booking(request: CompanyRequest, booking_id: str, body: Empty = NOTHING) -> HttpResponse:
    """Keep a booking out of what is to be invoiced."""
    pk = id_in_route(booking_id)
    return answer_once(request, lambda: _held(request, pk, True))


@router.delete("/bookings/{booking_id}/hold", response=BookingOut)
def let_booking_in(request: CompanyRequest, booking_id: str) -> HttpResponse:
    """Let a booking that was held back be invoiced."""
    pk = id_in_route(booking_id)
    return answered(transact(lambda: _held(request, pk, False)))


def _held(request: CompanyRequest, pk: UUID, held: bool) -> Shown:
    edit = BookingEdit({"held_back": held})
    return booking_for(request.actor, edit_booking(pk, edit, by=request.actor, now=now(request.company)))


def _cancelled(request: CompanyRequest, pk: UUID, body: BookingCancellation) -> Shown:
    fee = body.fee.draft() if body.fee else None
    cancel_booking(pk, fee=fee, reason=body.reason, by=request.actor, now=now(request.company))
    return booking_for(request.actor, Booking.objects.get(pk=pk))  # read again: it may have left its invoice
