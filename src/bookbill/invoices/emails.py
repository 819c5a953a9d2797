"""The mail about a version: written from the frozen document, so that a late retry says the same."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.delivery.composing import MailCause, inline_css
from bookbill.delivery.mime import Attachment, MailContent
from bookbill.documents.document import Document, from_json_bytes
from bookbill.documents.files import read_file
from bookbill.documents.printed import Printed, printed
from bookbill.invoices.claims import Difference, differences
from bookbill.invoices.live import customer_url
from bookbill.invoices.models import Reminder, Version, VersionKind
from bookbill.web.formatting import day, money

LINES_SHOWN = 10


@dataclass(frozen=True, slots=True)
class MailLine:
    date: str
    what: str
    number: str
    amount: str


def compose_version_mail(cause: MailCause) -> MailContent:
    """The mail that carries a version with exactly its PDF. Written once however many recipients it has."""
    version = Version.objects.select_related("pdf", "invoice").get(pk=cause.cause_id)
    document = from_json_bytes(version.document.encode("utf-8"))
    with translation.override(document.language):
        texts = printed(document, document.language)
        return _mail(
            version,
            document,
            texts,
            subject=_subject(cause.kind, document, texts),
            context={
                "kind": cause.kind,
                "heading": _heading(cause.kind, document, texts),
                "note": document.note if cause.kind != "cancelled" else "",
                "changes": _changes(version, document) if cause.kind == "updated" else [],
                "totals": texts.totals,
                "pay_url": document.pay_url if cause.kind != "cancelled" else None,
            },
        )


def compose_reminder_mail(cause: MailCause) -> MailContent:
    """The mail that asks again for what a version left to pay when the reminder was sent, with the same PDF."""
    reminder = Reminder.objects.select_related("version__pdf", "invoice").get(pk=cause.cause_id)
    sent = from_json_bytes(reminder.version.document.encode("utf-8"))
    document = replace(sent, totals=replace(sent.totals, due_minor=reminder.payable_minor))
    with translation.override(document.language):
        texts = printed(document, document.language)
        words = {"number": document.number, "company": document.seller.name, "due": texts.due.value}
        return _mail(
            reminder.version,
            document,
            texts,
            subject=_("Reminder: invoice %(number)s from %(company)s, %(due)s to pay") % words,
            context={
                "kind": cause.kind,
                "heading": _reminding(reminder, document),
                "totals": [row for row in texts.totals if row.kind != "plain"],
                "pay_url": customer_url(reminder.invoice) if document.pay_url else None,
            },
        )


def _mail(
    version: Version, document: Document, texts: Printed, *, subject: str, context: dict[str, Any]
) -> MailContent:
    """A mail in the language that is active, with the version's PDF."""
    if version.pdf is None:
        raise ValueError(f"version {version.pk} has no PDF yet")
    context = {
        "document": document,
        "printed": texts,
        "greeting": _("Hello %(name)s,") % {"name": document.billing.name},
        "lines": _lines(document),
        "more": _more(document),
        **context,
    }
    return MailContent(
        subject=subject,
        text=render_to_string("invoices/email/version.txt", context),
        html=inline_css(render_to_string("invoices/email/version.html", context)),
        from_name=document.seller.name,
        reply_to=document.seller.email,
        attachments=[Attachment(f"{document.number}.pdf", "application/pdf", read_file(version.pdf))],
    )


def _reminding(reminder: Reminder, document: Document) -> str:
    if not reminder.days_overdue:
        return _("A friendly reminder of your invoice %(number)s.") % {"number": document.number}
    days = reminder.days_overdue
    return ngettext(
        "Your invoice %(number)s is %(days)d day overdue. If you have paid it meanwhile, thank you: nothing more is to do.",
        "Your invoice %(number)s is %(days)d days overdue. If you have paid it meanwhile, thank you: nothing more is to do.",
        days,
    ) % {"number": document.number, "days": days}


def _subject(kind: str, document: Document, texts: Printed) -> str:
    words = {
        "number": document.number,
        "company": document.seller.name,
        "due": texts.due.value,
        "by": texts.due_by,
    }
    if kind == "cancelled":
        return _("Invoice %(number)s from %(company)s is cancelled") % words
    if kind == "updated":
        return _("Updated invoice %(number)s from %(company)s: %(due)s") % words
    if not document.totals.due_minor:
        return _("Invoice %(number)s from %(company)s: nothing to pay") % words
    return _("Invoice %(number)s from %(company)s: %(due)s, %(by)s") % {
        **words,
        "by": texts.due_by[:1].lower() + texts.due_by[1:],
    }


def _heading(kind: str, document: Document, texts: Printed) -> str:
    words = {"number": document.number}
    if kind == "cancelled":
        return _("Invoice %(number)s is cancelled. There is nothing to pay.") % words
    if kind == "updated":
        return _("Invoice %(number)s was updated. This version replaces the earlier one.") % words
    return _("Here is your invoice %(number)s.") % words


def _lines(document: Document) -> list[MailLine]:
    return [
        MailLine(
            date=day(date.fromisoformat(row.service_date)),
            what=", ".join(line.description for line in row.lines[:3]) or _("Cancellation"),
            number=row.number,
            amount=money(row.total_minor, document.currency),
        )
        for row in document.bookings[:LINES_SHOWN]
    ]


def _more(document: Document) -> str:
    count = len(document.bookings) - LINES_SHOWN
    if count <= 0:
        return ""
    return ngettext(
        "and %(count)d more booking, listed in the PDF",
        "and %(count)d more bookings, listed in the PDF",
        count,
    ) % {"count": count}


def _changes(version: Version, document: Document) -> list[str]:
    before = (
        Version.objects.filter(invoice=version.invoice_id, kind=VersionKind.SENT, n__lt=version.n)
        .order_by("-n")
        .first()
    )
    if before is None:
        return []
    return [
        change_sentence(change, document.currency)
        for change in differences(from_json_bytes(before.document.encode()), document)
    ]


def change_sentence(change: Difference, currency: str) -> str:
    """One difference between versions as a person reads it."""
    words = {
        "booking": change.booking_number,
        "before": money(change.before_minor or 0, currency),
        "after": money(change.after_minor or 0, currency),
    }
    return {
        "billing": _("Billing details changed"),
        "total": _("%(booking)s: %(before)s → %(after)s"),
        "lines": _("%(booking)s: details changed, same total"),
        "added": _("%(booking)s added: %(after)s"),
        "removed": _("%(booking)s removed: %(before)s"),
    }[change.what] % words
