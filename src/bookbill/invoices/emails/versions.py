"""The mails about a version: written from the frozen document, so that a late retry says the same; only its link is today's."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.delivery.composing import MailCause
from bookbill.delivery.mime import Attachment, MailContent
from bookbill.documents.document import BookingBlock, Document, from_json_bytes
from bookbill.documents.files import read_file
from bookbill.documents.formats import Formats, formats_of
from bookbill.documents.printed import Printed, printed, shown_totals
from bookbill.documents.rows import measure
from bookbill.invoices.claims import Difference, differences
from bookbill.invoices.emails.frame import Frame, chosen_wording
from bookbill.invoices.live import customer_url
from bookbill.invoices.models import Invoice, Reminder, Version, VersionKind
from bookbill.invoices.pdfs import pdf_name
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.wording import Wording
from bookbill.web.formatting import money

LINES_SHOWN, SERVICES_SHOWN = 10, 20


@dataclass(frozen=True, slots=True)
class MailLine:
    date: str
    what: str
    number: str
    tax: str
    amount: str


def compose_version_mail(cause: MailCause) -> MailContent:
    """The mail that carries a version with exactly its PDF. Written once however many recipients it has."""
    version = Version.objects.select_related("pdf", "invoice").get(pk=cause.cause_id)
    document = _reachable(from_json_bytes(version.document.encode("utf-8")), version.invoice)
    kind = MailKind(cause.kind)
    with translation.override(document.language):
        return version_mail(
            document,
            chosen_wording(kind, document.language, cause.text_id),
            kind=kind,
            company_id=version.company_id,
            changes=_changes(version, document) if kind == MailKind.UPDATED else (),
            pdf=_pdf_of(version),
        )


def compose_reminder_mail(cause: MailCause) -> MailContent:
    """The mail that asks again for what a version left to pay when the reminder was sent, with the same PDF."""
    reminder = Reminder.objects.select_related("version__pdf", "invoice").get(pk=cause.cause_id)
    sent = _reachable(from_json_bytes(reminder.version.document.encode("utf-8")), reminder.invoice)
    totals = replace(
        sent.totals,
        paid_minor=reminder.paid_minor,
        reduced_minor=reminder.reduced_minor,
        written_off_minor=reminder.written_off_minor,
        due_minor=reminder.payable_minor,
    )
    document = replace(sent, totals=totals, status="partially_paid" if reminder.paid_minor else "sent")
    with translation.override(document.language):
        return version_mail(
            document,
            chosen_wording(MailKind.REMINDER, document.language, cause.text_id),
            kind=MailKind.REMINDER,
            company_id=reminder.company_id,
            days_overdue=reminder.days_overdue,
            pdf=_pdf_of(reminder.version),
        )


def link_by_now(cause: MailCause) -> str:
    """What the link of the invoice ends with, for a mail that is kept while it is sent."""
    assert cause.subject_id is not None
    return str(Invoice.objects.values_list("link_token", flat=True).get(pk=cause.subject_id))


def _reachable(document: Document, invoice: Invoice) -> Document:
    """With the link of today: *New link* may have ended the frozen one."""
    return replace(document, pay_url=customer_url(invoice)) if document.pay_url else document


def version_mail(
    document: Document,
    wording: Wording,
    *,
    kind: MailKind,
    company_id: UUID,
    pdf: bytes,
    days_overdue: int = 0,
    changes: Sequence[str] = (),
) -> MailContent:
    """A mail about an invoice, in the language that is active, which is the document's."""
    texts, formats = printed(document, document.language), formats_of(document.language, document.currency)
    says_note = kind in (MailKind.INVOICE, MailKind.UPDATED)
    return Frame(company_id=company_id, seller=document.seller, formats=formats).draw(
        wording,
        {
            "customer": document.billing.name,
            "company": document.seller.name,
            "invoice": document.number or "",
            "issue_date": formats.date(document.issue_date),
            "total": formats.money(document.totals.total_minor),
            "due": texts.due.value,
            "due_date": formats.date(document.due_date),
            "to_pay": _to_pay(document, texts),
            "overdue": _overdue(days_overdue, document, formats),
        },
        template="version",
        context={
            "note": document.note if says_note else "",
            "changes": changes,
            "due": texts.due if kind != MailKind.CANCELLED else None,
            "due_by": texts.due_by,
            "pay_url": document.pay_url if kind != MailKind.CANCELLED else None,
            "lines": _lines(document, formats),
            "more": _more(document),
            "exemption_reason": document.exemption_reason,
            "totals": shown_totals(document, formats),
            "printed": texts,
            "terms_and_conditions": document.terms_and_conditions,
        },
        attachments=[Attachment(pdf_name(document.number or ""), "application/pdf", pdf)],
    )


def _pdf_of(version: Version) -> bytes:
    if version.pdf is None:
        raise ValueError(f"version {version.pk} has no PDF yet")
    return read_file(version.pdf)


def _to_pay(document: Document, texts: Printed) -> str:
    if not document.totals.due_minor:
        return _("nothing to pay")
    by = texts.due_by[:1].lower() + texts.due_by[1:]
    return f"{texts.due.value}, {by}" if by else texts.due.value


def _overdue(days: int, document: Document, formats: Formats) -> str:
    if days:
        return ngettext("%(days)d day overdue", "%(days)d days overdue", days) % {"days": days}
    return _("due %(date)s") % {"date": formats.date(document.due_date)}


def _lines(document: Document, formats: Formats) -> list[MailLine]:
    """A line for each booking, its amount with tax, so that they add up to the total."""
    return [
        MailLine(
            date=formats.date(row.service_date),
            what=_services(row, formats),
            number=row.number,
            tax=_("with %(amount)s tax") % {"amount": formats.money(row.tax_minor)} if row.taxes else "",
            amount=formats.money(row.total_minor),
        )
        for row in document.bookings[:LINES_SHOWN]
    ]


def _services(row: BookingBlock, formats: Formats) -> str:
    """What was done, with quantity and price where the booking's amount does not say it already."""
    if not row.lines:
        return _("Cancellation")
    said = [
        f"{line.description} ({how_much})" if (how_much := measure(line, row, formats)) else line.description
        for line in row.lines[:SERVICES_SHOWN]
    ]
    return ", ".join(said) + (", …" if len(row.lines) > SERVICES_SHOWN else "")


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
