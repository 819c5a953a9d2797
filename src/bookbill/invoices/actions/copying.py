"""Mailing the copy of a cancelled invoice."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from bookbill.activity.actions import record
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.limits import TooMany
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, require
from bookbill.delivery.actions import MessageDraft, end_trouble, owe_messages
from bookbill.delivery.models import Message
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.pace import SENDS_MAX, SENDS_WITHIN
from bookbill.invoices.actions.recipients import count_mails, left_out, refuse_many, resolve_recipients
from bookbill.invoices.actions.sending import CAUSE, CannotSend
from bookbill.invoices.models import MailText, Version, VersionKind
from bookbill.invoices.placeholders import MailKind
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import assert_in_transaction


def send_cancelled_copy(
    invoice_id: UUID, *, recipients: Sequence[str] = (), by: Actor, now: datetime
) -> Version:
    """Mail the last version of a cancelled invoice, the cancelled copy, (again). It makes no new version.

    Nobody has to look after earlier copies that did not arrive, but for a recipient of its own whom it does not go to now.
    ``recipients`` stand for this sending only. Raises `not_cancelled`, `no_recipient`, `too_many_recipients`, `too_many_requests`,
    `mail_limit_reached`.
    """
    assert_in_transaction()
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    invoice = lock_invoice(invoice_id)
    if not invoice.cancelled_at:
        raise RuleBroken("not_cancelled", _("This invoice is not cancelled, so there is no cancelled copy."))
    to = resolve_recipients([invoice], {invoice.pk: recipients})[invoice.pk]
    if not to:
        raise CannotSend(
            "no_recipient",
            _("%(invoice)s has nobody to go to. Add an email to the customer.") % {"invoice": invoice.number},
            field="recipients",
        )
    version = Version.objects.select_related("invoice").get(invoice=invoice, kind=VersionKind.CANCELLED)
    step = _next_step(version, now=now)
    lock_allowance(Company.objects.get(pk=by.company_id), at=now).refuse_beyond(count_mails({invoice.pk: to}))
    end_trouble([invoice.pk], besides=left_out([invoice], {invoice.pk: to}), now=now)
    owe_copies([version], {invoice.pk: to}, step=step, now=now)
    record(
        entry(
            "invoice.copy_sent",
            invoice,
            {},
            {"version": version.n, "recipients_count": len(to)},
            personal_after={"recipients": to},
        ),
        by=by,
        now=now,
    )
    return version


def owe_copies(
    versions: Sequence[Version], to: Mapping[UUID, Sequence[str]], *, step: int = 0, now: datetime
) -> None:
    """Promise the mails of cancelled copies, ``to`` whom by invoice; they wait for their PDF. Raises `too_many_recipients`."""
    for recipients in to.values():
        refuse_many(recipients)
    texts = MailText.objects.chosen()
    owe_messages(
        [
            MessageDraft(
                company_id=version.company_id,
                cause_kind=CAUSE,
                cause_id=version.pk,
                recipient=recipient,
                kind=MailKind.CANCELLED,
                step=step,
                subject_id=version.invoice_id,
                version_n=version.n,
                text_id=texts.get((MailKind.CANCELLED, version.language)),
                ready=version.pdf_id is not None,
            )
            for version in versions
            for recipient in to[version.invoice_id]
        ],
        now=now,
    )


def _next_step(version: Version, *, now: datetime) -> int:
    """One after the last sending of the copy. Raises `too_many_requests` for a sixth within an hour."""
    sent = Message.objects.filter(cause_kind=CAUSE, cause_id=version.pk, kind=MailKind.CANCELLED)
    recent = sent.filter(created_at__gt=now - SENDS_WITHIN).aggregate(
        count=Count("step", distinct=True), first=Min("created_at")
    )
    if recent["count"] >= SENDS_MAX:
        raise TooMany(
            "too_many_requests",
            _("%(invoice)s was sent %(count)d times within an hour. Please wait before sending it again.")
            % {"invoice": version.invoice.number, "count": SENDS_MAX},
            details={"retry_after": max(1, int((recent["first"] + SENDS_WITHIN - now).total_seconds()))},
        )
    last = sent.aggregate(last=Max("step"))["last"]
    return 0 if last is None else int(last) + 1
