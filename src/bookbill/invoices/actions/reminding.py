"""Reminding a customer of what is still to pay, by hand."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from bookbill.activity.actions import record_many
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, require
from bookbill.delivery.actions import MessageDraft, owe_messages
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoices
from bookbill.invoices.actions.pace import refuse_pestering
from bookbill.invoices.actions.recipients import count_mails, refuse_many, resolve_recipients
from bookbill.invoices.actions.sending import label_of
from bookbill.invoices.models import Invoice, MailText, Reminder, Version
from bookbill.invoices.rules import days_overdue
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import assert_in_transaction

REMINDER = "reminder"


class CannotRemind(RuleBroken):
    """Nothing to remind of, or nobody; the sentence names the invoice and the way out."""


def remind_invoices(invoice_ids: Sequence[UUID], *, by: Actor, now: datetime) -> list[Reminder]:
    """Mail each invoice's last sent version again, as a reminder of what is to pay. Constant queries for 1 and for 500.

    Raises CannotRemind (`not_sent`, `invoice_cancelled`, `nothing_due`, `no_recipient`), BadInput `too_many_recipients`
    and TooMany (`too_many_requests`, `mail_limit_reached`) for the first that cannot be reminded of.
    """
    assert_in_transaction()
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    invoices = lock_invoices(invoice_ids)
    to = resolve_recipients(invoices, {})
    for invoice in invoices:
        refuse_reminding(invoice, to[invoice.pk])
    refuse_pestering(invoices, now=now)
    company = Company.objects.get(pk=by.company_id)
    lock_allowance(company, at=now).refuse_beyond(count_mails(to))
    today = date_in_zone(company, now)
    versions = {
        version.invoice_id: version
        for version in Version.objects.filter(invoice__in=invoices, n=F("invoice__last_version_n")).defer(
            "document"
        )
    }
    reminders = [
        Reminder(
            company_id=invoice.company_id,
            invoice=invoice,
            version=versions[invoice.pk],
            currency=invoice.currency,
            payable_minor=invoice.payable(),
            paid_minor=invoice.paid_minor,
            reduced_minor=invoice.reduced_minor,
            written_off_minor=invoice.written_off_minor,
            days_overdue=days_overdue(
                today=today, due_date=invoice.due_date, payable_minor=invoice.payable()
            ),
            sent_by=by.label,
            created_at=now,
        )
        for invoice in invoices
    ]
    Reminder.objects.bulk_create(reminders)
    texts = MailText.objects.chosen()
    owe_messages(
        [
            MessageDraft(
                company_id=reminder.company_id,
                cause_kind=REMINDER,
                cause_id=reminder.pk,
                recipient=recipient,
                kind=REMINDER,
                subject_id=reminder.invoice_id,
                version_n=reminder.version.n,
                text_id=texts.get((REMINDER, reminder.version.language)),
                ready=reminder.version.pdf_id is not None,
            )
            for reminder in reminders
            for recipient in to[reminder.invoice_id]
        ],
        now=now,
    )
    record_many(
        [
            entry(
                "invoice.reminded",
                reminder.invoice,
                {},
                {"version": reminder.version.n, "payable_minor": reminder.payable_minor},
                personal_after={"recipients": to[reminder.invoice_id]},
            )
            for reminder in reminders
        ],
        by=by,
        now=now,
    )
    return reminders


def refuse_reminding(invoice: Invoice, to: Sequence[str]) -> None:
    """Raise CannotRemind, or BadInput, with the reason and the way out."""
    name = {"invoice": label_of(invoice)}
    if invoice.sent_at is None:
        raise CannotRemind("not_sent", _("%(invoice)s was never sent. Send it first.") % name)
    if invoice.cancelled_at:
        raise CannotRemind("invoice_cancelled", _("%(invoice)s is cancelled: nothing is to pay.") % name)
    if not invoice.payable():
        if invoice.due():
            raise CannotRemind(
                "nothing_due",
                _("What is due on %(invoice)s was not sent yet. Send the updated invoice instead.") % name,
            )
        raise CannotRemind("nothing_due", _("Nothing is due on %(invoice)s.") % name)
    if not to:
        raise CannotRemind(
            "no_recipient", _("%(invoice)s has nobody to go to. Add an email to the customer.") % name
        )
    refuse_many(to)
