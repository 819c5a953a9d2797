"""Mails with sample figures: to see a text as its customer would, on the screen or in one's own mailbox."""

import datetime as dt
from dataclasses import replace

from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.companies.clock import now as business_now
from bookbill.companies.models import Company
from bookbill.delivery.composing import MailCause
from bookbill.delivery.mime import MailContent
from bookbill.documents.document import Document
from bookbill.documents.files import read_logo
from bookbill.documents.pdf.render import render
from bookbill.documents.printed import printed
from bookbill.invoices.emails.receipts import receipt_mail
from bookbill.invoices.emails.versions import version_mail
from bookbill.invoices.models import MailTrial
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.receipts import Place, ReceiptDocument
from bookbill.invoices.sample import sample_document
from bookbill.invoices.wording import Wording
from bookbill.ledger.rules import Method

DAYS_OVERDUE = 6


def compose_trial_mail(cause: MailCause) -> MailContent:
    """The test mail that somebody sent to themselves, marked as one."""
    trial = MailTrial.objects.select_related("company").get(pk=cause.cause_id)
    wording = Wording(trial.subject, trial.body)
    company, kind = trial.company, MailKind(trial.kind)
    mail = sample_mail(company, kind, trial.language, wording, now=trial.created_at, with_pdf=True)
    with translation.override(trial.language):
        return replace(mail, subject=_("Test: %(subject)s") % {"subject": mail.subject})


def sample_mail(
    company: Company,
    kind: MailKind,
    language: str,
    wording: Wording,
    *,
    now: dt.datetime | None = None,
    with_pdf: bool = False,
) -> MailContent:
    """A mail of this kind as an invented customer would get it. Without its PDF unless it is to leave."""
    document = sample_document(company, now=now or business_now(company), language=language)
    with translation.override(language):
        if kind == MailKind.RECEIPT:
            return receipt_mail(sample_receipt(document), wording, company_id=company.pk)
        if kind == MailKind.CANCELLED:
            document = replace(
                document, status="cancelled", totals=replace(document.totals, due_minor=0), pay_url=None
            )
        if kind == MailKind.REMINDER:
            document = _late(document)
        changes = [_("Billing details changed")] if kind == MailKind.UPDATED else []
        pdf = b""
        if with_pdf:
            logo = read_logo(company.pk, document.seller.logo_sha256)
            pdf = render(printed(document), logo=logo, watermark=_("Sample")).pdf
        return version_mail(
            document,
            wording,
            kind=kind,
            company_id=company.pk,
            pdf=pdf,
            days_overdue=DAYS_OVERDUE,
            changes=changes,
        )


def _late(document: Document) -> Document:
    today = dt.date.fromisoformat(document.issue_date or "")
    due_date = today - dt.timedelta(days=DAYS_OVERDUE)
    issue_date = due_date - dt.timedelta(days=document.terms_days or 0)
    return replace(document, issue_date=issue_date.isoformat(), due_date=due_date.isoformat())


def sample_receipt(document: Document) -> ReceiptDocument:
    """One booking of the sample invoice is paid."""
    paid, due = document.bookings[0].total_minor, document.bookings[1].total_minor
    return ReceiptDocument(
        language=document.language,
        currency=document.currency,
        customer=document.billing.name,
        seller=document.seller,
        method=Method.CHEQUE,
        received_on=document.issue_date or "",
        reference="884",
        amount_minor=paid,
        tip_minor=0,
        places=(Place(number=document.number or "", amount_minor=paid),),
        credit_minor=0,
        refunded_minor=0,
        due_minor=due,
    )
