"""Sendings that wait: the hold before Send, a time that was chosen, taking it back, and to whom it goes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import record_many
from bookbill.activity.models import Entry
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.clock import zone
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, require
from bookbill.invoices.actions.dating import refuse_undatable
from bookbill.invoices.actions.drafting import SEND_JOB, withdraw_sendings
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoices
from bookbill.invoices.actions.pace import refuse_hurried
from bookbill.invoices.actions.recipients import count_mails, resolve_recipients
from bookbill.invoices.actions.sending import (
    label_of,
    refuse_promised,
    refuse_unsendable,
    send_invoices,
)
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.actions import Promise, is_promised, promise_many, promised_args

AHEAD_MAX = timedelta(days=366)


def hold_sending(
    invoice_ids: Sequence[UUID],
    *,
    run_at: datetime | None = None,
    by: Actor,
    now: datetime,
    recipients: Mapping[UUID, Sequence[str]] | None = None,
) -> None:
    """Promise to send after the company's hold (or at ``run_at``). Still drafts, marked *sending*; Undo deletes the promise.

    What cannot be sent right now is refused at once, and so are a moment that is not within the next year and dates
    that could not be then.
    """
    assert_in_transaction()
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    if run_at and not now < run_at <= now + AHEAD_MAX:
        raise BadInput("send_at_out_of_range", _("Choose a moment within the next year."), field="send_at")
    invoices = lock_invoices(invoice_ids)
    to = resolve_recipients(invoices, recipients or {})
    for invoice in invoices:
        refuse_unsendable(invoice, to=to[invoice.pk], mark_only=False)
        refuse_promised(invoice)
    company = Company.objects.get(pk=by.company_id)
    leaves_at = run_at or now + timedelta(seconds=company.hold_seconds)
    refuse_undatable(company, [each for each in invoices if each.sent_at is None], leaves_at=leaves_at)
    refuse_hurried(invoices, at=leaves_at)
    lock_allowance(company, at=leaves_at).refuse_beyond(count_mails(to))
    promise_many(
        [
            Promise(
                kind=SEND_JOB,
                company_id=company.pk,
                args={
                    "invoice_id": str(invoice.pk),
                    "by": by.as_json(),
                    "recipients": list((recipients or {}).get(invoice.pk, ())),
                },
                unique_key=str(invoice.pk),
                run_at=_process_time(company, leaves_at),
            )
            # In the order in which their dates let them leave.
            for invoice in sorted(invoices, key=lambda each: each.issue_date or date.max)
        ]
    )
    Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices]).update(
        sending_at=leaves_at, sending_refused=""
    )
    record_many(
        [
            entry(
                "invoice.sending_promised",
                invoice,
                {},
                {"at": leaves_at.astimezone(zone(company)).isoformat()},
                personal_after={"recipients": to[invoice.pk]},
            )
            for invoice in invoices
        ],
        by=by,
        now=now,
    )


def send_or_hold(
    invoice_ids: Sequence[UUID],
    *,
    by: Actor,
    now: datetime,
    recipients: Mapping[UUID, Sequence[str]] | None = None,
    mark_only: bool = False,
    send_at: datetime | None = None,
) -> bool:
    """What Send on a page does: promise it for ``send_at`` or the end of the company's hold, or send at once. True if promised."""
    hold_seconds = Company.objects.values_list("hold_seconds", flat=True).get(pk=by.company_id)
    if (hold_seconds or send_at) and not mark_only:
        hold_sending(invoice_ids, run_at=send_at, by=by, now=now, recipients=recipients)
        return True
    send_invoices(invoice_ids, by=by, now=now, recipients=recipients, mark_only=mark_only)
    return False


def redirect_sending(invoice_id: UUID, recipients: Sequence[str], *, by: Actor, now: datetime) -> None:
    """Let a promised sending go to these, its own when empty, at the moment it was promised for. Raises as `undo_sending`."""
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    (invoice,) = lock_invoices([invoice_id])
    leaves_at = invoice.sending_at
    undo_sending([invoice_id], by=by, now=now)
    chosen = {invoice_id: recipients} if recipients else {}
    is_ahead = leaves_at is not None and leaves_at > now
    hold_sending([invoice_id], run_at=leaves_at if is_ahead else None, by=by, now=now, recipients=chosen)


def undo_sending(invoice_ids: Sequence[UUID], *, by: Actor, now: datetime) -> None:
    """Take a promised sending back, while it has not begun, or nobody keeps the promise any more.

    Raises `already_sent` when it is too late, `invoice_cancelled`, `not_promised`.
    """
    assert_in_transaction()
    require(by, Right.SEND_INVOICES)
    invoices = lock_invoices(invoice_ids)
    withdrawn = withdraw_sendings(invoices)
    others = [invoice for invoice in invoices if invoice.pk not in withdrawn]
    begun = is_promised(SEND_JOB, by.company_id, [str(invoice.pk) for invoice in others]) if others else ()
    for invoice in others:
        if invoice.sending_at is None or str(invoice.pk) in begun:
            raise too_late_to_undo(invoice)
    Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices]).update(sending_at=None)
    record_many([entry("invoice.sending_undone", invoice) for invoice in invoices], by=by, now=now)


def promise_again(invoice_id: UUID, *, by: Actor, now: datetime) -> None:
    """Its sending failed for good and is tried once more: it is about to leave again. Raises `not_promised`."""
    assert_in_transaction()
    require(by, Right.SEND_INVOICES)
    (invoice,) = lock_invoices([invoice_id])
    if not invoice.sending_refused and invoice.sending_at is None:
        raise RuleBroken(
            "not_promised",
            _("%(invoice)s was changed or sent since. Open the invoice and send it from there.")
            % {"invoice": label_of(invoice)},
            details={"invoice_id": str(invoice.pk)},
        )
    Invoice.objects.filter(pk=invoice.pk).update(sending_at=now, sending_refused="")
    record_many([entry("invoice.sending_promised", invoice, {}, {"at": now.isoformat()})], by=by, now=now)


def too_late_to_undo(invoice: Invoice) -> RuleBroken:
    """Why no sending of it waits, from what its history says became of the last one."""
    ends = ("invoice.sent", "invoice.cancelled", "invoice.sending_undone", "invoice.sending_refused")
    end = Entry.objects.of_subject("invoice", invoice.pk).filter(type__in=ends).first()
    name = {"invoice": label_of(invoice)}
    if invoice.sending_at:
        return RuleBroken("already_sent", _("Too late to undo: the invoice is being sent."))
    if end and end.type == "invoice.sent":
        return RuleBroken("already_sent", _("Too late to undo: %(invoice)s was sent.") % name)
    if end and end.type == "invoice.cancelled":
        return RuleBroken(
            "invoice_cancelled",
            _("Nothing to undo: %(invoice)s was cancelled, and nothing of it waits to be sent.") % name,
        )
    if end and end.type == "invoice.sending_refused":
        return RuleBroken(
            "not_promised", _("Nothing to undo: %(invoice)s could not be sent. Its page says why.") % name
        )
    return RuleBroken("not_promised", _("%(invoice)s is not about to be sent.") % name)


def next_recipients(invoices: Sequence[Invoice]) -> dict[UUID, list[str]]:
    """To whom each goes next: the list that a promised sending was given, else its own."""
    promised = [str(invoice.pk) for invoice in invoices if invoice.sending_at]
    given = promised_args(SEND_JOB, invoices[0].company_id, promised) if promised else {}
    return resolve_recipients(invoices, {UUID(key): args["recipients"] for key, args in given.items()})


def _process_time(company: Company, moment: datetime) -> datetime:
    """Business time as the process clock tells it: workers know no sandbox offset."""
    return moment - timedelta(seconds=company.clock_offset_seconds)
