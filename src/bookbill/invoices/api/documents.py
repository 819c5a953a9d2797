"""The API of documents: PDFs and frozen versions."""

import json
import re
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Router

from bookbill.companies.clock import now
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.invoices.api.schema import VersionOut
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.pdfs import pdf_bytes, pdf_name, preview_pdf
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, not_found

router = Router(tags=["Documents"])

NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
AS_PDF = {
    "responses": {200: {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}}
}


class FrozenVersion(VersionOut):
    """A version with its document. `sha256` is of the document as canonical JSON: sorted keys, no white space, UTF-8."""

    invoice_id: UUID
    document: dict[str, Any]


@router.get("/invoices/{invoice_id}/pdf", openapi_extra=AS_PDF)
def read_pdf(request: CompanyRequest, invoice_id: str) -> HttpResponse:
    """The PDF as it was last sent; of what is unsent or changed since, a preview marked *Not sent*."""
    require(request.actor, Right.VIEW_INVOICES)
    invoice = find(Invoice.objects.all(), invoice_id)
    if invoice.sent_at is None or invoice.is_changed():
        document = read_live([invoice], now=now(request.company))[invoice.pk]
        return _pdf(preview_pdf(request.company.pk, document), pdf_name(invoice.number or "draft"))
    version = Version.objects.select_related("pdf").get(invoice=invoice, n=invoice.last_version_n)
    return _pdf(pdf_bytes(version), pdf_name(invoice.number))


@router.get("/invoices/{invoice_id}/versions/{n}", response=FrozenVersion)
def read_version(request: CompanyRequest, invoice_id: str, n: str) -> HttpResponse:
    """A frozen document: what was sent, figure by figure."""
    version = _version(request, invoice_id, n)
    facts = VersionOut.of(version).model_dump()
    document = json.loads(version.document)
    return answered(FrozenVersion(**facts, invoice_id=version.invoice_id, document=document))


@router.get("/invoices/{invoice_id}/versions/{n}/pdf", openapi_extra=AS_PDF)
def read_version_pdf(request: CompanyRequest, invoice_id: str, n: str) -> HttpResponse:
    """The exact bytes that were sent."""
    version = _version(request, invoice_id, n)
    return _pdf(pdf_bytes(version), pdf_name(version.invoice.number, version=version.n))


def _version(request: CompanyRequest, invoice_id: str, n: str) -> Version:
    require(request.actor, Right.VIEW_INVOICES)
    invoice = find(Invoice.objects.all(), invoice_id)
    if not NUMBER.fullmatch(n):
        raise not_found()
    version = Version.objects.select_related("pdf", "invoice").filter(invoice=invoice, n=int(n)).first()
    if version is None:
        raise not_found()
    return version


def _pdf(content: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}"'}
    )
