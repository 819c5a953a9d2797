"""A version beside what stands now."""

from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.documents.document import from_json_bytes
from bookbill.invoices.comparing import compare
from bookbill.invoices.models import Version, VersionKind
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.shown import read_shown
from bookbill.invoices.words import Word
from bookbill.web.api.routes import not_found
from bookbill.web.htmx import render_page


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def compare_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The version named in the address, by default the last one sent, beside the invoice as it stands."""
    invoice = find_invoice(pk)
    versions = list(Version.objects.filter(invoice=invoice).defer("document").order_by("n"))
    wanted = request.GET.get("version") or str(
        max((version.n for version in versions if version.kind == VersionKind.SENT), default=0)
    )
    version = next((version for version in versions if str(version.n) == wanted), None)
    if version is None:
        raise not_found()
    comparison = compare(
        from_json_bytes(version.document.encode("utf-8")),
        read_shown([invoice], now=now(request.company))[invoice.pk],
    )
    return render_page(
        request,
        "invoices/compare.html",
        {
            "invoice": invoice,
            "version": version,
            "versions": versions,
            "comparison": comparison,
            "bookings": [(pair, difference_word(pair.what)) for pair in comparison.bookings],
            "texts": [(pair, text_heading(pair.key)) for pair in comparison.texts],
        },
    )


def difference_word(what: str) -> Word | None:
    return {
        "total": Word(_("Changed"), "warning", "file-diff"),
        "lines": Word(_("Changed"), "warning", "file-diff"),
        "added": Word(_("Added"), "info", "plus"),
        "removed": Word(_("Removed"), "error", "minus"),
    }.get(what)


def text_heading(key: str) -> str:
    return {
        "billing": _("Bill to"),
        "dates": _("Invoice date and due date"),
        "note": _("Personal note"),
        "terms": _("Terms & Conditions"),
    }[key]
