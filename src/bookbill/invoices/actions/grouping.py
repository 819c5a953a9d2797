"""What one invoice may carry, and why a booking may not go on it."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State, is_invoiceable
from bookbill.invoices.models import Invoice
from bookbill.lib.errors import BadInput, RuleBroken

BOOKINGS_MAX = 10_000


def why_not(booking: Booking, *, carrier: Invoice | None, moves: bool, is_alone: bool) -> RuleBroken | None:
    """Why a new invoice may not carry the booking; None where it may.

    ``carrier`` is the live invoice it is on. With ``moves`` it leaves a draft, except one about to be sent. A
    scheduled booking may be billed ahead, alone.
    """
    if carrier is not None and moves and carrier.sent_at is None and carrier.sending_at is not None:
        return _on_promised_draft(booking, carrier)
    if carrier is not None and (carrier.sent_at is not None or not moves):
        return RuleBroken(
            "booking_already_invoiced",
            _("Booking %(booking)s is already on %(invoice)s.")
            % {"booking": booking.number, "invoice": carrier.number or _("a draft")},
            field="booking_ids",
            details={"booking_id": str(booking.pk), "invoice_id": str(carrier.pk)},
        )
    if is_invoiceable(state=booking.state, total_minor=booking.total_minor, on_invoice=False):
        return None
    if booking.state == State.SCHEDULED:
        return (
            None
            if is_alone
            else _not_billable(
                booking,
                _("Booking %(number)s is not completed. Complete it first, or bill it alone.")
                % {"number": booking.number},
            )
        )
    return _not_billable(
        booking,
        _("Booking %(number)s is cancelled without a fee: there is nothing to bill.")
        % {"number": booking.number},
    )


def check_group(bookings: Sequence[Booking]) -> None:
    """Refuse what one new invoice may not carry."""
    if not bookings:
        raise BadInput("required", _("Choose at least one booking."), field="booking_ids")
    if len(bookings) > BOOKINGS_MAX:
        raise BadInput(
            "too_many_bookings",
            _("At most %(max)d bookings on one invoice.") % {"max": BOOKINGS_MAX},
            field="booking_ids",
        )
    if len({booking.customer_id for booking in bookings}) > 1:
        raise RuleBroken(
            "several_customers",
            _("An invoice bills one customer; these bookings belong to several."),
            field="booking_ids",
        )
    if len({booking.pk for booking in bookings}) < len(bookings):
        raise BadInput("booking_twice", _("A booking is named twice."), field="booking_ids")
    carriers = Invoice.objects.in_bulk({booking.invoice_id for booking in bookings if booking.invoice_id})
    for booking in bookings:
        carrier = carriers[booking.invoice_id] if booking.invoice_id else None
        refused = why_not(booking, carrier=carrier, moves=False, is_alone=len(bookings) == 1)
        if refused:
            raise refused


def movable_drafts(bookings: Iterable[Booking]) -> dict[UUID, Invoice]:
    """The drafts that carry these bookings and may give them away. One query.

    Raises RuleBroken `booking_on_promised_draft` for a draft that is about to be sent: it is not touched.
    """
    carried = {booking.invoice_id: booking for booking in bookings if booking.invoice_id}
    drafts: dict[UUID, Invoice] = {
        invoice.pk: invoice for invoice in Invoice.objects.filter(pk__in=carried, sent_at=None).order_by("pk")
    }
    for pk, invoice in drafts.items():
        if invoice.sending_at:
            raise _on_promised_draft(carried[pk], invoice)
    return drafts


def _on_promised_draft(booking: Booking, carrier: Invoice) -> RuleBroken:
    return RuleBroken(
        "booking_on_promised_draft",
        _("Booking %(number)s is on a draft that is about to be sent. Undo that sending first.")
        % {"number": booking.number},
        field="booking_ids",
        details={"booking_id": str(booking.pk), "invoice_id": str(carrier.pk)},
    )


def _not_billable(booking: Booking, sentence: str) -> RuleBroken:
    return RuleBroken(
        "booking_not_completed",
        sentence,
        field="booking_ids",
        details={"booking_id": str(booking.pk)},
    )
