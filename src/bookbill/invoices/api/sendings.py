"""The API of sending, taking back, retrying and cancelling."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Router, Status

from bookbill.companies.clock import now
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right, require
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.copying import send_cancelled_copy
from bookbill.invoices.actions.holding import hold_sending, undo_sending
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.actions.reminding import remind_invoices
from bookbill.invoices.actions.retrying import retry_mail
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.api.schema import InvoiceOut, MessageOut, VersionOut, invoice_out, messages_out
from bookbill.lib.errors import BadInput
from bookbill.lib.transactions import transact
from bookbill.web.api.routes import id_in_route
from bookbill.web.api.schema import NOTHING, Answer, Body, Empty, FromText, Reason, Recipients

router = Router(tags=["Invoices"])

INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})",
    re.ASCII,
)


def _instant(value: str) -> datetime:
    try:
        if not INSTANT.fullmatch(value):
            raise ValueError
        return datetime.fromisoformat(value.upper())
    except ValueError:
        raise BadInput("bad_instant", _("Write an instant like 2026-11-30T09:00:00Z.")) from None


Instant = Annotated[datetime, FromText(_instant, {"format": "date-time"})]


class SendingIn(Body):
    """`recipients` replace the invoice's own for this send; `mark_only` freezes a version without any email."""

    recipients: Recipients | None = None
    mark_only: bool = False
    send_at: Instant | None = None


NOW_TO_ITS_OWN = SendingIn()


class SendingOut(VersionOut):
    """The version that was sent."""

    invoice_id: UUID
    number: str


class PromisedSending(Answer):
    """It will be sent then, as it stands then."""

    invoice_id: UUID
    send_at: datetime


class CancellationIn(Body):
    """`notify` emails the cancelled copy; `hold_back` keeps the bookings out of what is to invoice.

    `make_new` puts them on a new draft in the same act: `replaced_by_id` of the answer.
    """

    reason: Reason
    notify: bool = False
    hold_back: bool = False
    make_new: bool = False


@router.post("/invoices/{invoice_id}/sendings", response={201: SendingOut, 202: PromisedSending})
def send_invoice(request: CompanyRequest, invoice_id: str, body: SendingIn = NOW_TO_ITS_OWN) -> HttpResponse:
    """Number, freeze and email an invoice; again: a new version. With `send_at` it is promised (202) instead.

    A cancelled invoice's last version, the cancelled copy, is emailed as it is.
    """
    pk = id_in_route(invoice_id)
    recipients = _chosen(pk, body)
    if body.send_at:
        return answer_once(request, lambda: _promised(request, pk, body, recipients), status=202)
    return answer_once(request, lambda: _sent(request, pk, body, recipients))


@router.delete("/invoices/{invoice_id}/sendings/promised", response={204: None})
def undo_sending_(request: CompanyRequest, invoice_id: str) -> Status[None]:
    """Take back a sending that is promised for later, while it has not begun."""
    pk = id_in_route(invoice_id)
    transact(lambda: undo_sending([pk], by=request.actor, now=now(request.company)))
    return Status(204, None)


class RetryIn(Body):
    """`may_arrive_twice`: send again what may have arrived (state `unknown`)."""

    may_arrive_twice: bool = False


CAREFULLY = RetryIn()


@router.post("/invoices/{invoice_id}/messages/{message_id}/retries", response={201: MessageOut})
def retry_message_(
    request: CompanyRequest, invoice_id: str, message_id: str, body: RetryIn = CAREFULLY
) -> HttpResponse:
    """Queue an email again that failed, bounced or is unknown: the same version, the same recipient."""
    pk, message_pk, at = id_in_route(invoice_id), id_in_route(message_id), now(request.company)
    return answer_once(
        request,
        lambda: messages_out(
            [retry_mail(pk, message_pk, may_arrive_twice=body.may_arrive_twice, by=request.actor, now=at)]
        )[0],
    )


@router.post("/invoices/{invoice_id}/cancellation", response={201: InvoiceOut})
def cancel_invoice_(request: CompanyRequest, invoice_id: str, body: CancellationIn) -> HttpResponse:
    """Cancel a sent invoice for good. It keeps its number; its bookings are free again and keep their money.

    What was made for an instant invoice is cancelled with it, its money becomes credit; not with `make_new`.
    """
    pk, at = id_in_route(invoice_id), now(request.company)

    def cancelled() -> InvoiceOut:
        cancel_invoice(
            pk,
            reason=body.reason,
            notify=body.notify,
            hold_back=body.hold_back,
            make_new=body.make_new,
            by=request.actor,
            now=at,
        )
        return invoice_out(pk, now=at)

    return answer_once(request, cancelled)


class ReminderOut(Answer):
    """What was asked for, of which version."""

    id: UUID
    invoice_id: UUID
    version: int
    payable_minor: int
    currency: str
    recipients: list[str]
    created_at: datetime


@router.post("/invoices/{invoice_id}/reminders", response={201: ReminderOut})
def remind_of_invoice(request: CompanyRequest, invoice_id: str, body: Empty = NOTHING) -> HttpResponse:
    """Email the last sent version again, asking for what is still to pay."""
    pk, at = id_in_route(invoice_id), now(request.company)

    def reminded() -> ReminderOut:
        (reminder,) = remind_invoices([pk], by=request.actor, now=at)
        return ReminderOut(
            id=reminder.pk,
            invoice_id=pk,
            version=reminder.version.n,
            payable_minor=reminder.payable_minor,
            currency=reminder.currency,
            recipients=resolve_recipients([reminder.invoice], {})[pk],
            created_at=reminder.created_at,
        )

    return answer_once(request, reminded)


def _chosen(pk: UUID, body: SendingIn) -> Mapping[UUID, list[str]] | None:
    if body.recipients is None:
        return None
    if body.mark_only:
        raise BadInput(
            "choose_one", _("Marking as sent emails nobody: leave out the recipients."), field="recipients"
        )
    if not body.recipients:
        raise BadInput(
            "no_recipient", _("Name at least one recipient, or leave this out."), field="recipients"
        )
    return {pk: body.recipients}


def _sent(
    request: CompanyRequest, pk: UUID, body: SendingIn, recipients: Mapping[UUID, list[str]] | None
) -> SendingOut:
    require(request.actor, Right.SEND_INVOICES, Feature.INVOICING)
    at = now(request.company)
    if lock_invoice(pk).cancelled_at and not body.mark_only:
        version = send_cancelled_copy(pk, recipients=body.recipients or (), by=request.actor, now=at)
    else:
        (version,) = send_invoices(
            [pk], recipients=recipients, mark_only=body.mark_only, by=request.actor, now=at
        )
    facts = VersionOut.of(version).model_dump()
    return SendingOut(**facts, invoice_id=pk, number=version.invoice.number)


def _promised(
    request: CompanyRequest, pk: UUID, body: SendingIn, recipients: Mapping[UUID, list[str]] | None
) -> PromisedSending:
    at = now(request.company)
    assert body.send_at is not None
    if body.mark_only:
        raise BadInput("choose_one", _("Mark as sent now, or send later: not both."), field="send_at")
    hold_sending([pk], run_at=body.send_at, recipients=recipients, by=request.actor, now=at)
    return PromisedSending(invoice_id=pk, send_at=body.send_at)
