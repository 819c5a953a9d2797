"""The customer's page, its files, and the note that it was opened."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from bookbill.companies.actors import customer_link_actor
from bookbill.companies.clock import now
from bookbill.companies.look import colours_url
from bookbill.documents.files import read_logo
from bookbill.documents.models import StoredFile
from bookbill.invoices.actions.viewing import note_view
from bookbill.invoices.models import Invoice
from bookbill.invoices.pdfs import pdf_bytes, pdf_name
from bookbill.lib.transactions import transact
from bookbill.portal.doors import by_link
from bookbill.portal.reading import (
    Shown,
    groups_of,
    last_version,
    read_seller,
    read_shown,
    texts_of,
    totals_of,
)

OPEN_BOOKINGS_MAX = 4


@by_link("GET", "HEAD")
def invoice_page(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """What is due, for what, what was paid, and the PDF. Changes nothing."""
    shown = read_shown(invoice, asked=request.GET.get("page"), now=now(invoice.company))
    language = language_of(request, shown)
    with translation.override(language):
        response = render(request, "portal/invoice.html", context_of(request, shown, language))
    response.headers["Content-Language"] = language
    return response


def context_of(request: HttpRequest, shown: Shown, language: str) -> dict[str, Any]:
    texts = texts_of(shown, language)
    groups = groups_of(texts)
    is_member = is_member_of_company(request, shown.invoice)
    return {
        "shown": shown,
        "invoice": shown.invoice,
        "document": shown.document,
        "company": shown.document.seller,
        "texts": texts,
        "facts": [fact for fact in texts.facts if fact.label != _("Status")],
        "groups": groups,
        "is_open": len(groups) <= OPEN_BOOKINGS_MAX or (shown.pages.is_several and "page" in request.GET),
        "totals": totals_of(shown, texts, language),
        "language": language,
        "company_stylesheet": colours_url(shown.document.seller.colour.lower()),
        "is_member": is_member,
        "reports_view": shown.invoice.viewed_at is None and not is_member,
        # No form here needs the token, so the page sets no cookie.
        "csrf_token": "",
    }


@by_link("GET", "HEAD")
def pdf(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The exact bytes of the last version; where the worker has not stored them yet, the same ones made here."""
    version = last_version(invoice)
    content = pdf_bytes(version)
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{pdf_name(invoice.number)}"'},
    )


@by_link("GET", "HEAD")
def logo(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The logo of the version that is shown."""
    digest = read_seller(invoice).logo_sha256
    stored = StoredFile.objects.filter(kind="logo", sha256=digest).first() if digest else None
    content = read_logo(invoice.company_id, digest) if stored else None
    if stored is None or content is None:
        raise Http404
    return HttpResponse(content, content_type=stored.content_type)


# Without a CSRF token: the link is the only authority here, and a script that has it could post from anywhere.
@csrf_exempt
@by_link("POST")
def add_view(request: HttpRequest, invoice: Invoice) -> HttpResponse:
    """The page's script says that somebody looks at it. Members of the company do not count."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return HttpResponse(status=403)
    if invoice.viewed_at is None and not is_member_of_company(request, invoice):
        with translation.override(invoice.company.language):
            by = customer_link_actor(invoice.company, label=_("Customer"), reference=invoice.number)
        transact(lambda: note_view(invoice.pk, by=by, now=now(invoice.company)))
    return HttpResponse(status=204)


def language_of(request: HttpRequest, shown: Shown) -> str:
    """The one asked for, else the invoice's, else the company's."""
    known = dict(settings.LANGUAGES)
    wanted = (request.GET.get("lang", ""), shown.document.language, shown.invoice.company.language)
    return next((language for language in wanted if language in known), settings.LANGUAGE_CODE)


def is_member_of_company(request: HttpRequest, invoice: Invoice) -> bool:
    return any(member.company_id == invoice.company_id for member in getattr(request, "memberships", ()))
