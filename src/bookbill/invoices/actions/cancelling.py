"""Cancelling an invoice: final, with a frozen copy, its bookings free again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import record
from bookbill.bookings.actions.booking import cancel_booking
from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.rights import Right, require
from bookbill.delivery.actions import MessageDraft, owe_messages
from bookbill.documents.document import Document, from_json_bytes, totals_of
from bookbill.invoices.actions.drafting import SEND_JOB, make_invoices
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.refresh import SUMS, charge
from bookbill.invoices.actions.sending import CAUSE, frozen_version, promise_pdfs, resolve_recipients
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import ChargeCause, Invoice, Version, VersionKind
from bookbill.ledger.actions.claims import undo_write_offs
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.actions import withdraw


def cancel_invoice(
    invoice_id: UUID,
    *,
    reason: str,
    hold_back: bool = False,
    notify: bool = False,
    make_new: bool = False,
    by: Actor,
    now: datetime,
) -> Invoice:
    """Cancel a sent invoice. It keeps its number and the figures of its last sent version; its bookings keep their money.

    ``hold_back`` keeps the bookings out of *To invoice*. ``notify`` mails the cancelled copy to the recipients.
    ``make_new`` puts the bookings on a new draft in the same act; `replaced_by` names it. Without it an instant
    invoice's booking is cancelled too. Raises `required`, `choose_one`, `not_sent`, `invoice_cancelled`.
    """
    assert_in_transaction()
    require(by, Right.CANCEL_INVOICES)
    if not reason:
        raise BadInput("required", _("Give a reason; it is kept with the invoice."), field="reason")
    if make_new and hold_back:
        raise BadInput(
            "choose_one", _("Bookings that go on a new invoice are not held back."), field="hold_back"
        )
    invoice = lock_invoice(invoice_id)
    if invoice.cancelled_at:
        raise RuleBroken("invoice_cancelled", _("This invoice is already cancelled."))
    if not invoice.sent_at:
        raise RuleBroken("not_sent", _("A draft is not cancelled but deleted."))
    withdraw(SEND_JOB, invoice.company_id, str(invoice.pk))
    bookings = {booking.pk: booking for booking in Booking.objects.filter(invoice=invoice).oldest_first()}
    undo_write_offs(bookings, reason=reason, now=now)
    Booking.objects.filter(invoice=invoice).update(invoice=None, held_back=hold_back)
    before = {
        "status": invoice.status_now().value,
        "total_minor": invoice.total_minor,
        "paid_minor": invoice.paid_minor,
    }
    copy = cancelled_copy(last_sent_document(invoice), now=now)
    invoice.cancelled_at, invoice.cancel_reason = now, reason
    invoice.sending_at, invoice.sending_refused = None, ""
    for name in SUMS:
        setattr(invoice, name, getattr(copy.totals, name))
    invoice.revision += 1
    version = frozen_version(invoice, copy, kind=VersionKind.CANCELLED, by=by, now=now)
    version.save(force_insert=True)
    charge([invoice], ChargeCause.CANCELLED, now=now)
    invoice.save()
    if notify:
        _owe_copies(invoice, version, now=now)
    promise_pdfs([version])
    record(
        entry(
            "invoice.cancelled",
            invoice,
            before,
            {"reason": reason, "held_back": hold_back, "version": version.n},
        ),
        by=by,
        now=now,
    )
    if make_new:
        invoice.replaced_by = _new_over(list(bookings), invoice, by=by, now=now)
        invoice.save(update_fields=["replaced_by"])
    elif invoice.is_instant:
        for booking in bookings.values():
            if booking.state != State.CANCELLED:
                cancel_booking(booking.pk, fee=None, reason=reason, by=by, now=now)
    return invoice


def _new_over(booking_ids: Sequence[UUID], old: Invoice, *, by: Actor, now: datetime) -> Invoice:
    """A draft over the same bookings, with what was said on the old one."""
    draft = InvoiceDraft(
        tuple(booking_ids), old.note, tuple(old.extra_recipients), old.payment_link, old.terms_days
    )
    return make_invoices([draft], by=by, now=now)[0]


def last_sent_document(invoice: Invoice) -> Document:
    """The document as the customer last got it."""
    stored = (
        Version.objects.filter(invoice=invoice, kind=VersionKind.SENT)
        .order_by("-n")
        .values_list("document", flat=True)[0]
    )
    return from_json_bytes(stored.encode("utf-8"))


def cancelled_copy(sent: Document, *, now: datetime) -> Document:
    """The last sent document, marked cancelled, with nothing due."""
    blocks = tuple(replace(block, due_minor=0) for block in sent.bookings)
    return replace(
        sent,
        status="cancelled",
        issued_at=now.isoformat(timespec="seconds"),
        bookings=blocks,
        totals=totals_of(blocks, cancelled=True),
    )


def _owe_copies(invoice: Invoice, version: Version, *, now: datetime) -> None:
    owe_messages(
        [
            MessageDraft(
                company_id=invoice.company_id,
                cause_kind=CAUSE,
                cause_id=version.pk,
                recipient=recipient,
                kind="cancelled",
                subject_id=invoice.pk,
                version_n=version.n,
                ready=False,
            )
            for recipient in resolve_recipients([invoice], {})[invoice.pk]
        ],
        now=now,
    )


def invoices_over(booking_ids: Sequence[UUID]) -> list[Invoice]:
    """The live invoices that carry these bookings."""
    ids = Booking.objects.filter(pk__in=booking_ids, invoice__isnull=False).order_by().values("invoice_id")
    return list(Invoice.objects.filter(pk__in=ids))
