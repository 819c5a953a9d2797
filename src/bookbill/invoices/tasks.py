"""What the worker does for invoices after the commit."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.activity.actions import record
from bookbill.companies.clock import now as business_now
from bookbill.companies.models import Company
from bookbill.delivery.actions import mark_ready
from bookbill.documents.document import from_json_bytes
from bookbill.documents.files import put_file, read_logo
from bookbill.documents.models import StoredFile
from bookbill.documents.pdf.render import render
from bookbill.documents.printed import printed
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.reminding import REMINDER
from bookbill.invoices.actions.sending import CAUSE, send_invoices
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Invoice, Reminder, Version
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.work.registry import JobView

REASON_MAX = 500


def make_pdf(job: JobView) -> None:
    """Make a version's PDF and let its mails leave. Repeating it changes nothing."""
    ensure_pdf(Version.objects.select_related("pdf").get(pk=job.args["version_id"]))


def ensure_pdf(version: Version) -> StoredFile:
    """The version's PDF, made from its stored document alone where the worker has not come to it yet; its mails may leave."""
    made = version.pdf or store_pdf(version)
    now = business_now(Company.objects.get(pk=version.company_id))

    def keep() -> StoredFile:
        Version.objects.filter(Q(pk=version.pk) & Q(pdf=None)).update(pdf=made, pdf_sha256=made.sha256)
        mark_ready(CAUSE, [version.pk], now=now)
        reminders = Reminder.objects.filter(version=version).values_list("pk", flat=True)
        mark_ready(REMINDER, list(reminders), now=now)
        return StoredFile.objects.get(pk=Version.objects.values_list("pdf_id", flat=True).get(pk=version.pk))

    return transact(keep)


def store_pdf(version: Version) -> StoredFile:
    return put_file(version.company_id, "invoice-pdf", render_pdf(version), "application/pdf")


def render_pdf(version: Version) -> bytes:
    """The version's PDF from its stored document alone: the same bytes whenever and wherever it is made."""
    document = from_json_bytes(version.document.encode("utf-8"))
    logo = read_logo(version.company_id, document.seller.logo_sha256)
    return render(printed(document, document.language), logo=logo).pdf


def preview_pdf(invoice: Invoice, *, now: datetime) -> bytes:
    """What the customer would get if it were sent now, marked *Not sent*. Kept nowhere."""
    document = read_live([invoice], now=now)[invoice.pk]
    logo = read_logo(invoice.company_id, document.seller.logo_sha256)
    with translation.override(document.language):
        watermark = _("Not sent")
    return render(printed(document), logo=logo, watermark=watermark).pdf


def send_held(job: JobView) -> None:
    """The hold is over: send, with the rights of who asked. What cannot be sent any more is shown, not retried."""
    invoice_id = UUID(job.args["invoice_id"])
    by = Actor.from_json(job.args["by"])
    company = Company.objects.get(pk=by.company_id)
    now = business_now(company)
    invoice = Invoice.objects.filter(pk=invoice_id).first()
    if invoice is None or invoice.sending_at is None:
        return
    chosen = job.args["recipients"]
    try:
        # A refusal half-way must leave nothing behind, while the job itself goes on; its sentence is kept.
        with translation.override(company.language), transaction.atomic():
            send_invoices([invoice_id], by=by, now=now, recipients={invoice_id: chosen} if chosen else None)
    except RuleBroken as refused:
        why = refused.message[:REASON_MAX]
        Invoice.objects.filter(pk=invoice_id).update(sending_at=None, sending_refused=why)
        record(entry("invoice.sending_refused", invoice, {}, {"reason": refused.message}), by=by, now=now)
