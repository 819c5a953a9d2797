"""A sample invoice in the company's look, for Settings → Look."""

from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.limits import limit
from bookbill.companies.rights import Right
from bookbill.companies.settings_fields import read_settings
from bookbill.documents.files import read_logo
from bookbill.documents.pdf.render import picture, render
from bookbill.documents.printed import Printed, printed
from bookbill.invoices.sample import sample_document

TYPED = ("colour", "paper")


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def sample_pdf(request: CompanyRequest) -> HttpResponse:
    document, logo, watermark = sample_of(request)
    return HttpResponse(
        render(document, logo=logo, watermark=watermark).pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="sample.pdf"'},
    )


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def sample_picture(request: CompanyRequest) -> HttpResponse:
    """Its first page, since no page may hold another one (the content security policy)."""
    document, logo, watermark = sample_of(request)
    return HttpResponse(picture(document, logo=logo, watermark=watermark), content_type="image/png")


def sample_of(request: CompanyRequest) -> tuple[Printed, bytes | None, str]:
    """In the colour and paper the address names, else in those that are saved."""
    limit(f"sample:{request.member.pk}", most=60, seconds=60)
    company = request.company
    look = read_settings({name: request.GET[name] for name in TYPED if name in request.GET})
    document = sample_document(company, now=now(company), **look)
    with translation.override(company.language):
        watermark = _("Sample")
    logo = read_logo(company.pk, document.seller.logo_sha256)
    return printed(document), logo, watermark
