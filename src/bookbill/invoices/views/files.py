"""PDFs of an invoice."""

from uuid import UUID

from django.http import HttpResponse

from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.invoices.pdfs import pdf_bytes, pdf_name, preview_pdf
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.shown import prints_anew
from bookbill.web.api.routes import not_found


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def pdf(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The last PDF; a watermarked preview of what was never sent and, where asked for, of what changed since."""
    invoice = find_invoice(pk)
    version = Version.objects.filter(invoice=invoice).select_related("pdf").order_by("-n").first()
    if version is None or (request.GET.get("preview") and invoice.cancelled_at is None):
        document = read_live([invoice], now=now(request.company))[pk]
        if version is None or prints_anew(invoice, document):
            return pdf_answer(preview_pdf(request.company.pk, document), "preview.pdf", inline=True)
    return version_answer(version, invoice)


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def version_pdf(request: CompanyRequest, pk: UUID, n: int) -> HttpResponse:
    """The exact bytes of one version."""
    version = Version.objects.filter(invoice=pk, n=n).select_related("pdf", "invoice").first()
    if version is None:
        raise not_found()
    return version_answer(version, version.invoice)


def version_answer(version: Version, invoice: Invoice) -> HttpResponse:
    name = pdf_name(invoice.number, version=None if version.n == invoice.last_version_n else version.n)
    return pdf_answer(pdf_bytes(version), name, inline=version.kind == VersionKind.SENT)


def pdf_answer(content: bytes, name: str, *, inline: bool) -> HttpResponse:
    kind = "inline" if inline else "attachment"
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'{kind}; filename="{name}"'}
    )
