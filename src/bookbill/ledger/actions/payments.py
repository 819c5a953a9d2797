"""Recording, placing and reversing payments, and using credit."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record, record_many
from bookbill.bookings.actions.booking import lock_bookings
from bookbill.bookings.models import Booking
from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.customers.actions import lock_customers
from bookbill.delivery.actions import call_off_messages, end_trouble
from bookbill.delivery.words import PAYMENT_REVERSED
from bookbill.ledger.actions.placing import Move, check_placing, move_money
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.events import BookingMoneyChanged, ReceiptsAsked
from bookbill.ledger.models import Allocation, Payment, Reversal
from bookbill.ledger.rules import Cause
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound, RuleBroken
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction
from bookbill.money.allocation import fill_in_order

# It may be tomorrow already where the money came in.
A_DAY = timedelta(days=1)


def record_payments(drafts: Sequence[PaymentDraft], *, by: Actor, now: datetime) -> list[Payment]:
    """Book money that came in, and place it. Constant queries for 1 and for 500.

    Raises BadInput for a wrong currency or placing or a date to come, NotFound for a stranger's customer or booking.
    """
    assert_in_transaction()
    require(by, Right.RECORD_PAYMENTS)
    company = Company.objects.get(pk=by.company_id)
    lock_customers(draft.customer_id for draft in drafts)
    bookings = _named_bookings(drafts)
    for draft in drafts:
        if draft.currency != company.currency:
            raise BadInput(
                "wrong_currency",
                _("This company bills in %(currency)s.") % {"currency": company.currency},
                field="currency",
            )
        if draft.amount_minor <= 0:
            raise BadInput("bad_amount", _("The amount must be above zero."), field="amount_minor")
        if draft.received_on > date_in_zone(company, now) + A_DAY:
            raise BadInput(
                "received_in_future",
                _("The date lies in the future. Record the payment when the money is there."),
                field="received_on",
            )
    _refuse_taken_external_ids([draft.external_id for draft in drafts if draft.external_id is not None])
    company.fix_currency(now)
    placings = _placings(drafts, bookings)
    payments = [
        _build(draft, placing, by=by, now=now) for draft, placing in zip(drafts, placings, strict=True)
    ]
    Payment.objects.bulk_create(payments)
    moves = [
        Move(payment, booking_id, amount, Cause.PLACED)
        for payment, placing in zip(payments, placings, strict=True)
        for booking_id, amount in placing.items()
    ]
    move_money(moves, bookings, now=now)
    record_many(
        [
            _entry(
                "payment.recorded",
                payment,
                {},
                {"amount_minor": payment.amount_minor, "tip_minor": payment.tip_minor}
                | _placed(moves, payment),
            )
            for payment in payments
        ],
        by=by,
        now=now,
    )
    publish(BookingMoneyChanged(tuple({move.booking_id for move in moves}), by=by, now=now))
    asked = [payment.pk for payment, draft in zip(payments, drafts, strict=True) if draft.send_receipt]
    if asked:
        publish(ReceiptsAsked(tuple(asked), by=by, now=now))
    return payments


def place_payment(payment_id: UUID, placing: Mapping[UUID, int], *, by: Actor, now: datetime) -> Payment:
    """Place a payment anew: ``placing`` is complete, the rest is credit."""
    assert_in_transaction()
    require(by, Right.PLACE_PAYMENTS)
    payment, placed = _lock_payment(payment_id)
    bookings = lock_bookings([*placed, *placing])
    _refuse_other_customers(payment.customer_id, bookings)
    credit = Payment.objects.credit_by_payment([payment.pk])[payment.pk]
    check_placing(placing, amount_minor=credit + sum(placed.values()))
    differences = {pk: placing.get(pk, 0) - placed.get(pk, 0) for pk in {*placed, *placing}}
    moves = [
        Move(payment, pk, amount, Cause.MOVED)
        for pk, amount in sorted(differences.items(), key=lambda pair: pair[1])
        if amount
    ]
    move_money(moves, bookings, now=now)
    before = {str(pk): amount for pk, amount in placed.items()}
    record(_entry("payment.placed", payment, {"placed": before}, _placed(moves, payment)), by=by, now=now)
    publish(BookingMoneyChanged(tuple({move.booking_id for move in moves}), by=by, now=now))
    return payment


def reverse_payment(payment_id: UUID, *, reason: str, by: Actor, now: datetime) -> Reversal:
    """Undo a wrongly entered payment: it leaves its bookings and what is left of it is contra-entered.

    Receipts of it that still wait do not leave, and nobody has to look after those that did not arrive.
    """
    assert_in_transaction()
    require(by, Right.REVERSE_PAYMENTS)
    if not reason:
        raise BadInput("required", _("Say why this payment is reversed."), field="reason")
    payment, placed = _lock_payment(payment_id)
    if Reversal.objects.filter(payment=payment).exists():
        raise RuleBroken("already_reversed", _("This payment is already reversed."))
    bookings = lock_bookings(list(placed))
    moves = [Move(payment, pk, -amount, Cause.REVERSED) for pk, amount in placed.items()]
    move_money(moves, bookings, now=now)
    rest = Payment.objects.credit_by_payment([payment.pk])[payment.pk]
    reversal = Reversal.objects.create(
        company_id=payment.company_id,
        payment=payment,
        currency=payment.currency,
        amount_minor=rest,
        reason=reason,
        created_at=now,
    )
    called_off = call_off_messages([payment.pk], because=PAYMENT_REVERSED, now=now)[payment.pk]
    end_trouble([payment.pk], now=now)
    after: dict[str, Any] = {"reason": reason} | _placed(moves, payment)
    if called_off:
        after["called_off_count"] = called_off
    record(_entry("payment.reversed", payment, {"amount_minor": rest}, after), by=by, now=now)
    publish(BookingMoneyChanged(tuple(placed), by=by, now=now))
    return reversal


def edit_reference(payment_id: UUID, reference: str, *, by: Actor, now: datetime) -> Payment:
    """The one thing about a payment that may be mended in place."""
    assert_in_transaction()
    require(by, Right.RECORD_PAYMENTS)
    payment, _placed_now = _lock_payment(payment_id)
    record(
        _entry("payment.reference", payment, {"reference": payment.reference}, {"reference": reference}),
        by=by,
        now=now,
    )
    payment.reference = reference
    payment.save(update_fields=["reference"])
    return payment


def use_credit(bookings: Mapping[UUID, Booking], *, by: Actor, now: datetime) -> int:
    """Place the customers' credit on these bookings: oldest credit first, oldest service date first. Locked by the caller.

    How much was placed, in minor units.
    """
    assert_in_transaction()
    customer_ids = {booking.customer_id for booking in bookings.values() if booking.due()}
    theirs = Payment.objects.filter(customer__in=customer_ids)
    payments = list(theirs.with_credit().order_by("received_on", "pk"))
    credit = Payment.objects.credit_by_payment(payment.pk for payment in payments)
    due = {pk: booking.due() for pk, booking in bookings.items()}
    oldest = sorted(bookings.values(), key=lambda booking: (booking.service_date, booking.number_n))
    moves = []
    for payment in payments:
        targets = [
            booking.pk for booking in oldest if booking.customer_id == payment.customer_id and due[booking.pk]
        ]
        for booking_id, part in zip(
            targets, fill_in_order(credit[payment.pk], [due[pk] for pk in targets]), strict=True
        ):
            if part:
                due[booking_id] -= part
                moves.append(Move(payment, booking_id, part, Cause.CREDIT_USED))
    if not moves:
        return 0
    move_money(moves, bookings, now=now)
    used = list({move.payment.pk: move.payment for move in moves}.values())
    record_many(
        [_entry("payment.credit_used", payment, {}, _placed(moves, payment)) for payment in used],
        by=by,
        now=now,
    )
    publish(BookingMoneyChanged(tuple({move.booking_id for move in moves}), by=by, now=now))
    return sum(move.amount_minor for move in moves)


def _named_bookings(drafts: Sequence[PaymentDraft]) -> dict[UUID, Booking]:
    owners: dict[UUID, UUID] = {}
    for draft in drafts:
        if draft.placing is not None:
            check_placing(draft.placing, amount_minor=draft.amount_minor)
        owners.update(
            dict.fromkeys(draft.placing if draft.placing is not None else draft.fill, draft.customer_id)
        )
    bookings = {booking.pk: booking for booking in Booking.objects.filter(pk__in=owners).oldest_first()}
    if any(pk not in bookings or bookings[pk].customer_id != owner for pk, owner in owners.items()):
        raise NotFound("not_found", _("There is no such booking of this customer."), field="allocations")
    return bookings


def _placings(drafts: Sequence[PaymentDraft], bookings: Mapping[UUID, Booking]) -> list[Mapping[UUID, int]]:
    """Where each payment goes: as it says, or over the oldest of its bookings as far as earlier ones left room."""
    free = {pk: booking.due() + booking.written_off_minor for pk, booking in bookings.items()}
    placings: list[Mapping[UUID, int]] = []
    for draft in drafts:
        placing = draft.placing if draft.placing is not None else _fill(draft, bookings, free)
        for booking_id, amount in placing.items():
            free[booking_id] -= amount
        placings.append(placing)
    return placings


def _fill(draft: PaymentDraft, bookings: Mapping[UUID, Booking], free: Mapping[UUID, int]) -> dict[UUID, int]:
    wanted = set(draft.fill)
    oldest = [pk for pk in bookings if pk in wanted]
    parts = fill_in_order(draft.amount_minor, [free[pk] for pk in oldest])
    return {pk: part for pk, part in zip(oldest, parts, strict=True) if part}


def _build(draft: PaymentDraft, placing: Mapping[UUID, int], *, by: Actor, now: datetime) -> Payment:
    return Payment(
        company_id=by.company_id,
        customer_id=draft.customer_id,
        currency=draft.currency,
        method=draft.method,
        amount_minor=draft.amount_minor,
        tip_minor=draft.tip_minor,
        unplaced_minor=draft.amount_minor - sum(placing.values()),
        received_on=draft.received_on,
        reference=draft.reference,
        external_id=draft.external_id,
        invoice_id=draft.invoice_id,
        recorded_by=by.label,
        created_at=now,
    )


def _lock_payment(payment_id: UUID) -> tuple[Payment, dict[UUID, int]]:
    """The payment with its customer locked, and what of it lies on which booking."""
    customer_id = Payment.objects.filter(pk=payment_id).values_list("customer_id", flat=True).first()
    if customer_id is None:
        raise NotFound("not_found", _("There is no such payment."))
    lock_customers([customer_id])
    payment = Payment.objects.get(pk=payment_id)
    return payment, {
        booking_id: placed
        for _payment_id, booking_id, placed in Allocation.objects.filter(payment=payment).placed()
    }


def _refuse_other_customers(customer_id: UUID, bookings: Mapping[UUID, Booking]) -> None:
    if any(booking.customer_id != customer_id for booking in bookings.values()):
        raise NotFound("not_found", _("There is no such booking of this customer."), field="allocations")


def _refuse_taken_external_ids(external_ids: list[str]) -> None:
    if external_ids and (
        len(set(external_ids)) != len(external_ids)
        or Payment.objects.filter(external_id__in=external_ids).exists()
    ):
        raise RuleBroken(
            "external_id_taken", _("Another payment already has this external id."), field="external_id"
        )


def _placed(moves: Iterable[Move], payment: Payment) -> dict[str, Any]:
    return {
        "moved": {str(move.booking_id): move.amount_minor for move in moves if move.payment.pk == payment.pk}
    }


def _entry(kind: str, payment: Payment, before: dict[str, Any], after: dict[str, Any]) -> EntryDraft:
    return EntryDraft(
        type=kind,
        subject_type="payment",
        subject_id=payment.pk,
        subject_label=payment.reference or payment.method,
        before=before,
        after=after | {"customer_id": str(payment.customer_id), "currency": payment.currency},
    )
