"""The API of money on bookings: payments once recorded, and claims that are lowered or given up.

Recording and listing payments stand in `invoices/api`, because they may name an invoice.
"""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field

from bookbill.bookings.api.schema import BookingOut, booking_for
from bookbill.bookings.models import Booking
from bookbill.companies.clock import now
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import edit_reference, place_payment, reverse_payment
from bookbill.ledger.models import Payment
from bookbill.ledger.reading import PaymentRow, rows_of
from bookbill.lib.errors import BadInput
from bookbill.lib.transactions import transact
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, id_in_route
from bookbill.web.api.schema import Answer, Body, Id, PositiveMinor, Reason, Reference

router = Router(tags=["Payments"])

ALLOCATIONS_MAX = 10_000


class AllocationIn(Body):
    booking_id: Id
    amount_minor: PositiveMinor


Allocations = Annotated[list[AllocationIn], Field(max_length=ALLOCATIONS_MAX)]


def placing_of(allocations: list[AllocationIn]) -> dict[UUID, int]:
    """By booking. Raises BadInput where one is named twice."""
    placing = {allocation.booking_id: allocation.amount_minor for allocation in allocations}
    if len(placing) < len(allocations):
        raise BadInput("booking_twice", _("A booking is named twice."), field="allocations")
    return placing


class PlacingIn(Body):
    """The complete new placing; what is not placed is credit."""

    allocations: Allocations


class PaymentPatch(Body):
    """All that may be edited; anything else is a reversal and a new payment."""

    reference: Reference = ""


class ReversalIn(Body):
    reason: Reason


class LoweringIn(Body):
    amount_minor: PositiveMinor
    reason: Reason


class AllocationOut(Answer):
    booking_id: UUID
    amount_minor: int


class PaymentOut(Answer):
    """A payment and where its money is: the amount is allocations + credit + refunded + reversed."""

    id: UUID
    created_at: datetime
    customer_id: UUID
    method: str
    amount_minor: int
    tip_minor: int
    currency: str
    received_on: date
    reference: str
    external_id: str | None
    recorded_by: str
    allocations: list[AllocationOut]
    credit_minor: int
    refunded_minor: int
    reversed_minor: int
    reversed_at: datetime | None
    reversal_reason: str

    @classmethod
    def of(cls, row: PaymentRow) -> "PaymentOut":
        made = {
            "allocations": [
                AllocationOut(booking_id=booking_id, amount_minor=amount) for booking_id, amount in row.placed
            ],
            "credit_minor": row.credit_minor,
            "refunded_minor": row.refunded_minor,
            "reversed_minor": row.reversal.amount_minor if row.reversal else 0,
            "reversed_at": row.reversal.created_at if row.reversal else None,
            "reversal_reason": row.reversal.reason if row.reversal else "",
        }
        plain = {name: getattr(row.payment, name) for name in cls.model_fields if name not in made}
        return cls(**plain, **made)


def payment_out(payment: Payment) -> PaymentOut:
    return PaymentOut.of(rows_of([payment])[0])


@router.get("/payments/{payment_id}", response=PaymentOut)
def read_payment(request: CompanyRequest, payment_id: str) -> HttpResponse:
    """One payment, and where its money is."""
    require(request.actor, Right.VIEW_MONEY)
    return answered(payment_out(find(Payment.objects.all(), payment_id)))


@router.patch("/payments/{payment_id}", response=PaymentOut)
def edit_payment(request: CompanyRequest, payment_id: str, body: PaymentPatch) -> HttpResponse:
    """Change the reference."""
    pk = id_in_route(payment_id)

    def edited() -> PaymentOut:
        require(request.actor, Right.RECORD_PAYMENTS)
        fields = body.sent()
        if "reference" in fields:
            edit_reference(pk, fields["reference"], by=request.actor, now=now(request.company))
        return payment_out(find(Payment.objects.all(), payment_id))

    return answered(transact(edited))


@router.post("/payments/{payment_id}/allocations", response={201: PaymentOut})
def place_payment_(request: CompanyRequest, payment_id: str, body: PlacingIn) -> HttpResponse:
    """Place a payment anew."""
    pk = id_in_route(payment_id)
    return answer_once(
        request,
        lambda: payment_out(
            place_payment(pk, placing_of(body.allocations), by=request.actor, now=now(request.company))
        ),
    )


@router.post("/payments/{payment_id}/reversal", response={201: PaymentOut})
def reverse_payment_(request: CompanyRequest, payment_id: str, body: ReversalIn) -> HttpResponse:
    """Undo a payment that was entered wrongly. Then record the right one."""
    pk = id_in_route(payment_id)

    def reversed_() -> PaymentOut:
        reverse_payment(pk, reason=body.reason, by=request.actor, now=now(request.company))
        return payment_out(Payment.objects.get(pk=pk))

    return answer_once(request, reversed_)


@router.post("/bookings/{booking_id}/write-off", response={201: BookingOut}, tags=["Bookings"])
def write_off_(request: CompanyRequest, booking_id: str, body: LoweringIn) -> HttpResponse:
    """Give up a claim. It counts as covered, not as paid; money that comes later undoes it."""
    pk = id_in_route(booking_id)

    def written_off() -> BookingOut:
        write_off(
            pk, amount_minor=body.amount_minor, reason=body.reason, by=request.actor, now=now(request.company)
        )
        return _booking(request, pk)

    return answer_once(request, written_off)


@router.post("/bookings/{booking_id}/reduction", response={201: BookingOut}, tags=["Bookings"])
def reduce_claim_(request: CompanyRequest, booking_id: str, body: LoweringIn) -> HttpResponse:
    """Lower what is owed, with its share of the taxes."""
    pk = id_in_route(booking_id)

    def reduced() -> BookingOut:
        reduce_claim(
            pk, amount_minor=body.amount_minor, reason=body.reason, by=request.actor, now=now(request.company)
        )
        return _booking(request, pk)

    return answer_once(request, reduced)


def _booking(request: CompanyRequest, pk: UUID) -> BookingOut:
    booking = booking_for(request.actor, Booking.objects.get(pk=pk))
    assert isinstance(booking, BookingOut)  # whoever may write off sees prices
    return booking
