"""One mail about an invoice that did not reach its recipient: sending it again, or leaving it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Max
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from bookbill.companies.rights import Feature, Right, require
from bookbill.delivery.actions import dismiss_message, retry_message
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.documents.document import from_json_bytes
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.reminding import REMINDER
from bookbill.invoices.claims import differences
from bookbill.invoices.models import Invoice, Reminder, Version, VersionKind
from bookbill.lib.actor import Actor
from bookbill.lib.errors import NotFound, RuleBroken
from bookbill.lib.transactions import assert_in_transaction

ABOUT_CANCELLED = "cancelled"


def retry_mail(
    invoice_id: UUID, message_id: UUID, *, may_arrive_twice: bool = False, by: Actor, now: datetime
) -> Message:
    """Queue a failed, bounced or unknown mail again: the same version, the same recipient.

    Raises NotFound, `invoice_cancelled`, `reminder_outdated`, `newer_version_sent`, `message_not_failed`, and
    `message_may_have_arrived` for an unknown one unless ``may_arrive_twice``.
    """
    assert_in_transaction()
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    invoice = lock_invoice(invoice_id)
    message = Message.objects.about([invoice.pk]).filter(pk=message_id).first()
    if message is None:
        raise NotFound("not_found", _("There is no such message."))
    if why := why_not_again([message], {invoice.pk: invoice}).get(message.pk):
        raise why
    return retry_message(
        message.pk, subject_label=invoice.number, may_arrive_twice=may_arrive_twice, by=by, now=now
    )


def why_not_again(mails: Sequence[Message], invoices: Mapping[UUID, Invoice]) -> dict[UUID, RuleBroken]:
    """Which mails about these are not sent again, and why: what they ask for is owed no more, or something newer went there.

    Four queries at most, however many mails; documents are read only where versions claim something else.
    """
    mails = [mail for mail in mails if mail.subject_id in invoices and mail.kind != ABOUT_CANCELLED]
    if not mails:
        return {}
    reminders = Reminder.objects.filter(pk__in=[mail.cause_id for mail in mails if mail.kind == REMINDER])
    asked = dict(reminders.values_list("pk", "payable_minor"))
    replaced = _replaced(mails)
    newest = _newest(mails)
    found = {}
    for mail in mails:
        assert mail.subject_id is not None
        invoice = invoices[mail.subject_id]
        if invoice.cancelled_at:
            found[mail.pk] = _no_longer_owed(invoice)
        elif mail.kind == REMINDER and asked[mail.cause_id] != invoice.payable():
            found[mail.pk] = _outdated(invoice)
        elif (invoice.pk, mail.version_n) in replaced:
            found[mail.pk] = _superseded(
                invoice,
                mail,
                _("Version %(version)s of %(invoice)s was replaced. Send the invoice again instead."),
            )
        elif newest.get((invoice.pk, mail.recipient.lower()), 0) > (mail.version_n or 0):
            found[mail.pk] = _superseded(
                invoice,
                mail,
                _("A newer version of %(invoice)s went to %(recipient)s. Send the invoice again instead."),
            )
    return found


def _replaced(mails: Sequence[Message]) -> set[tuple[UUID, int]]:
    """Which versions in these mails claim something else than the last sent one of their invoice."""
    sent = Version.objects.filter(invoice__in={mail.subject_id for mail in mails}, kind=VersionKind.SENT)
    versions = {(each.invoice_id, each.n): each for each in sent.defer("document").order_by("n")}
    last = {each.invoice_id: each for each in versions.values()}
    named = {(mail.subject_id, mail.version_n) for mail in mails}
    suspects = {
        key: (version, last[version.invoice_id])
        for key, version in versions.items()
        if key in named and version.claim != last[version.invoice_id].claim
    }
    pairs = Version.objects.filter(pk__in={each.pk for pair in suspects.values() for each in pair})
    stored = dict(pairs.values_list("pk", "document")) if suspects else {}
    documents = {pk: from_json_bytes(document.encode()) for pk, document in stored.items()}
    return {
        key
        for key, (version, newest) in suspects.items()
        if differences(documents[version.pk], documents[newest.pk])
    }


def _newest(mails: Sequence[Message]) -> dict[tuple[UUID, str], int]:
    """The highest version that went out or still may, by invoice and recipient."""
    arriving = Message.objects.about({mail.subject_id for mail in mails if mail.subject_id}).exclude(
        state__in=[State.FAILED, State.BOUNCED]
    )
    rows = arriving.order_by().annotate(to=Lower("recipient")).values_list("subject_id", "to")
    return {(pk, to): n for pk, to, n in rows.annotate(Max("version_n")) if n}


def _no_longer_owed(invoice: Invoice) -> RuleBroken:
    return RuleBroken(
        "invoice_cancelled",
        _("%(invoice)s is cancelled: this email would ask for money that is no longer owed.")
        % {"invoice": invoice.number},
    )


def _outdated(invoice: Invoice) -> RuleBroken:
    """A reminder asks for what was to pay when it was made; a new one asks for what is to pay now."""
    sentence = (
        _("Another amount is due on %(invoice)s by now. Send a new reminder instead.")
        if invoice.payable()
        else _("Nothing is due on %(invoice)s.")
    )
    return RuleBroken("reminder_outdated", sentence % {"invoice": invoice.number})


def _superseded(invoice: Invoice, mail: Message, sentence: str) -> RuleBroken:
    words = {"invoice": invoice.number, "version": mail.version_n, "recipient": mail.recipient}
    return RuleBroken("newer_version_sent", sentence % words)


def dismiss_mail(invoice_id: UUID, message_id: UUID, *, by: Actor, now: datetime) -> Message:
    """Somebody dealt with a mail that was not delivered or was called spam. Raises NotFound, `message_not_failed`."""
    assert_in_transaction()
    require(by, Right.SEND_INVOICES)
    invoice = lock_invoice(invoice_id)
    if not Message.objects.about([invoice.pk]).filter(pk=message_id).exists():
        raise NotFound("not_found", _("There is no such message."))
    return dismiss_message(message_id, subject_label=invoice.number, by=by, now=now)
