"""Cancelling invoices: final, with a frozen copy, their bookings free again."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import record_many
from bookbill.bookings.models import Booking
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.delivery.actions import call_off_messages, end_trouble
from bookbill.delivery.words import INVOICE_CANCELLED
from bookbill.documents.document import Document, totals_of
from bookbill.invoices.actions.copying import owe_copies
from bookbill.invoices.actions.drafting import end_instant_bookings, make_invoices, withdraw_sendings
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoices
from bookbill.invoices.actions.recipients import count_mails, resolve_recipients
from bookbill.invoices.actions.refresh import SUMS, charge
from bookbill.invoices.actions.sending import frozen_version, promise_pdfs
from bookbill.invoices.claims import claim_of
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import ChargeCause, FreedBooking, Invoice, Version, VersionKind
from bookbill.invoices.shown import last_sent_documents
from bookbill.ledger.actions.claims import undo_write_offs
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import assert_in_transaction


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
    """`cancel_invoices` for one."""
    (invoice,) = cancel_invoices(
        [invoice_id], reason=reason, hold_back=hold_back, notify=notify, make_new=make_new, by=by, now=now
    )
    return invoice


def cancel_invoices(
    invoice_ids: Sequence[UUID],
    *,
    reason: str,
    hold_back: bool = False,
    notify: bool = False,
    make_new: bool = False,
    by: Actor,
    now: datetime,
) -> list[Invoice]:
    """Cancel sent invoices. Each keeps its number and the figures of its last sent version; the bookings keep their money.

    Mails about them that still wait do not leave: they would ask for money that is no longer owed.

    ``hold_back`` keeps the bookings out of *To invoice*. ``notify`` mails the cancelled copy to the recipients.
    ``make_new`` puts the bookings of each on a new draft in the same act; `replaced_by` names it. Without it what was
    made for an instant invoice is cancelled too. Constant queries for 1 and for 500.
    Raises `required`, `choose_one`, `not_sent`, `invoice_cancelled`; with ``notify`` `no_recipient`, and
    `mail_limit_reached` where no mail of the day is left.
    """
    assert_in_transaction()
    require(by, Right.CANCEL_INVOICES)
    require_reason(reason)
    if make_new and hold_back:
        raise BadInput(
            "choose_one", _("Bookings that go on a new invoice are not held back."), field="hold_back"
        )
    invoices = lock_invoices(invoice_ids)
    for invoice in invoices:
        refuse_cancelling(invoice)
    withdraw_sendings(invoices)
    call_off_messages(
        [invoice.pk for invoice in invoices],
        because=INVOICE_CANCELLED,
        now=now,
    )
    end_trouble([invoice.pk for invoice in invoices], now=now)  # what failed about them is not tried again
    bookings = _free_bookings(invoices, reason=reason, hold_back=hold_back, now=now)
    before = {invoice.pk: _facts(invoice) for invoice in invoices}
    documents = last_sent_documents(invoices)
    versions = [
        _freeze(invoice, documents[invoice.pk], reason=reason, by=by, now=now) for invoice in invoices
    ]
    Version.objects.bulk_create(versions)
    _keep_billed(invoices, documents, bookings)
    charge(invoices, ChargeCause.CANCELLED, now=now)
    Invoice.objects.store(
        invoices,
        [*SUMS, "bookings_count", "charged_minor", "cancelled_at", "cancel_reason", "sending_at", "sending_refused", "last_version_n", "revision"],
    )  # fmt: skip
    if notify:
        to = resolve_recipients(invoices, {})
        for invoice in invoices:
            refuse_notifying(invoice, to[invoice.pk])
        company = Company.objects.get(pk=by.company_id)
        lock_allowance(company, at=now).refuse_beyond(count_mails(to))
        owe_copies(versions, to, now=now)
    promise_pdfs(versions)
    record_many(
        [
            entry(
                "invoice.cancelled",
                invoice,
                before[invoice.pk],
                {"reason": reason, "held_back": hold_back, "version": version.n},
            )
            for invoice, version in zip(invoices, versions, strict=True)
        ],
        by=by,
        now=now,
    )
    if make_new:
        _replace(invoices, bookings, by=by, now=now)
    else:
        freed = (booking for own in bookings.values() for booking in own)
        end_instant_bookings(freed, reason=reason, by=by, now=now)
    return invoices


def require_reason(reason: str) -> None:
    if not reason:
        raise BadInput("required", _("Give a reason; it is kept with the invoice."), field="reason")


def refuse_cancelling(invoice: Invoice) -> None:
    """Raise RuleBroken for what is not sent, or cancelled already."""
    if invoice.cancelled_at:
        raise RuleBroken("invoice_cancelled", _("This invoice is already cancelled."))
    if not invoice.sent_at:
        raise RuleBroken("not_sent", _("A draft is not cancelled but deleted."))


def refuse_notifying(invoice: Invoice, to: Sequence[str]) -> None:
    """Raise RuleBroken where nobody would get the copy."""
    if not to:
        raise RuleBroken(
            "no_recipient",
            _(
                "%(invoice)s has nobody to send the copy to. Cancel it without a copy, or add an email to the customer."
            )
            % {"invoice": invoice.number},
            field="notify",
        )


def _free_bookings(
    invoices: Sequence[Invoice], *, reason: str, hold_back: bool, now: datetime
) -> dict[UUID, list[Booking]]:
    """Undo the write-offs and let the bookings go; which were on each invoice, the oldest first."""
    own: dict[UUID, list[Booking]] = {invoice.pk: [] for invoice in invoices}
    found = list(Booking.objects.filter(invoice__in=invoices).oldest_first())
    for booking in found:
        assert booking.invoice_id is not None
        own[booking.invoice_id].append(booking)
    undo_write_offs({booking.pk: booking for booking in found}, reason=reason, now=now)
    Booking.objects.filter(invoice__in=invoices).update(invoice=None, held_back=hold_back)
    return own


def _keep_billed(
    invoices: Sequence[Invoice],
    documents: Mapping[UUID, Document],
    bookings: Mapping[UUID, Sequence[Booking]],
) -> None:
    """Which bookings the copies bill, so that each invoice is found by them wherever they go."""
    providers = {str(booking.pk): booking.provider_id for own in bookings.values() for booking in own}
    FreedBooking.objects.bulk_create(
        [
            FreedBooking(
                company_id=invoice.company_id,
                invoice=invoice,
                booking_id=block.id,
                number=block.number,
                service_date=block.service_date,
                provider_id=providers.get(block.id),
            )
            for invoice in invoices
            for block in documents[invoice.pk].bookings
        ],
        batch_size=500,
    )


def _facts(invoice: Invoice) -> dict[str, Any]:
    return {
        "status": invoice.status_now().value,
        "total_minor": invoice.total_minor,
        "paid_minor": invoice.paid_minor,
    }


def _freeze(invoice: Invoice, sent: Document, *, reason: str, by: Actor, now: datetime) -> Version:
    """Cancel the row in hand, with the figures of its last sent version; the copy that says so."""
    copy = cancelled_copy(sent, now=now)
    invoice.cancelled_at, invoice.cancel_reason = now, reason
    invoice.sending_at, invoice.sending_refused = None, ""
    for name in SUMS:
        setattr(invoice, name, getattr(copy.totals, name))
    invoice.bookings_count = len(copy.bookings)
    invoice.revision += 1
    return frozen_version(invoice, copy, claim=claim_of(copy), kind=VersionKind.CANCELLED, by=by, now=now)


def _replace(
    invoices: Sequence[Invoice], bookings: Mapping[UUID, Sequence[Booking]], *, by: Actor, now: datetime
) -> None:
    """A draft over the same bookings for each, with what was said on the old one."""
    drafts = [
        InvoiceDraft(
            tuple(booking.pk for booking in bookings[old.pk]),
            old.note,
            tuple(old.extra_recipients),
            old.payment_link,
            old.terms_days,
        )
        for old in invoices
    ]
    for old, new in zip(invoices, make_invoices(drafts, by=by, now=now), strict=True):
        old.replaced_by = new
    Invoice.objects.bulk_update(invoices, ["replaced_by"], batch_size=500)


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


def invoices_over(booking_ids: Sequence[UUID]) -> list[Invoice]:
    """The live invoices that carry these bookings."""
    ids = Booking.objects.filter(pk__in=booking_ids, invoice__isnull=False).order_by().values("invoice_id")
    return list(Invoice.objects.filter(pk__in=ids))
