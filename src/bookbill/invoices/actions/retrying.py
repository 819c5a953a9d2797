"""One mail about an invoice that did not reach its recipient: sending it again, or leaving it."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.companies.rights import Feature, Right, require
from bookbill.delivery.actions import dismiss_message, retry_message
from bookbill.delivery.models import Message
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.reminding import REMINDER
from bookbill.invoices.models import Invoice, Reminder, Version
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
    if invoice.cancelled_at and message.kind != ABOUT_CANCELLED:
        raise RuleBroken(
            "invoice_cancelled",
            _("%(invoice)s is cancelled: this email would ask for money that is no longer owed.")
            % {"invoice": invoice.number},
        )
    if message.kind == REMINDER:
        _refuse_outdated(invoice, Reminder.objects.get(pk=message.cause_id))
    _refuse_superseded(invoice, message)
    return retry_message(
        message.pk, subject_label=invoice.number, may_arrive_twice=may_arrive_twice, by=by, now=now
    )


def _refuse_outdated(invoice: Invoice, reminder: Reminder) -> None:
    """A reminder asks for what was to pay when it was made; a new one asks for what is to pay now."""
    if invoice.payable() == reminder.payable_minor:
        return
    name = {"invoice": invoice.number}
    sentence = (
        _("Another amount is due on %(invoice)s by now. Send a new reminder instead.")
        if invoice.payable()
        else _("Nothing is due on %(invoice)s.")
    )
    raise RuleBroken("reminder_outdated", sentence % name)


def _refuse_superseded(invoice: Invoice, message: Message) -> None:
    """Raise RuleBroken for figures that are claimed no more, and where a later version went to the same recipient."""
    if not message.version_n or message.kind == ABOUT_CANCELLED:
        return
    words = {"invoice": invoice.number, "version": message.version_n, "recipient": message.recipient}
    versions = Version.objects.filter(invoice=invoice, n__in=(message.version_n, invoice.last_version_n))
    if len(set(versions.values_list("claim", flat=True))) > 1:
        raise RuleBroken(
            "newer_version_sent",
            _("Version %(version)s of %(invoice)s was replaced. Send the invoice again instead.") % words,
        )
    same = Message.objects.about([invoice.pk]).filter(recipient__iexact=message.recipient)
    if same.filter(version_n__gt=message.version_n).exists():
        raise RuleBroken(
            "newer_version_sent",
            _("A newer version of %(invoice)s went to %(recipient)s. Send the invoice again instead.")
            % words,
        )


def dismiss_mail(invoice_id: UUID, message_id: UUID, *, by: Actor, now: datetime) -> Message:
    """Somebody dealt with a mail that was not delivered or was called spam. Raises NotFound, `message_not_failed`."""
    assert_in_transaction()
    require(by, Right.SEND_INVOICES)
    invoice = lock_invoice(invoice_id)
    if not Message.objects.about([invoice.pk]).filter(pk=message_id).exists():
        raise NotFound("not_found", _("There is no such message."))
    return dismiss_message(message_id, subject_label=invoice.number, by=by, now=now)
