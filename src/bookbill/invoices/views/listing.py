"""Payments → Invoices."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from bookbill.companies.clock import date_in_zone, now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.customers.models import Customer
from bookbill.invoices.acts import acts_of
from bookbill.invoices.figures import count_tabs, read_figures, totals_of
from bookbill.invoices.live import customer_url
from bookbill.invoices.reading import InvoiceFilter, filtered, find_invoice, rows_of
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import parse_date
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.htmx import render_page


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: str
    count: int
    is_current: bool
    asks: bool
    """Whether its count asks for action."""


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def list_page(request: CompanyRequest) -> HttpResponse:
    """Figures, tabs with counts, search and filters, and a page of invoices."""
    instant = now(request.company)
    wanted = read_filter(request)
    found = filtered(wanted, company=request.company, now=instant)
    invoices, next_cursor = keyset(found, PageQuery(cursor=request.GET.get("cursor") or None), by=("id",))
    return render_page(
        request,
        "invoices/list.html",
        {
            "rows": rows_of(invoices, now=instant),
            "figures": read_figures(request.company, now=instant),
            "tabs": tabs_of(request, wanted.tab),
            "wanted": wanted,
            "customer": Customer.objects.filter(pk=wanted.customer_id).first()
            if wanted.customer_id
            else None,
            "next_cursor": next_cursor,
            "totals": totals_of(found),
            "narrowed": narrowed(request),
            "is_narrowed": bool(wanted.search or wanted.customer_id or wanted.first_date or wanted.last_date),
            "today": date_in_zone(request.company, instant),
        },
    )


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def row_menu(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The items of a row's menu, fetched when it is opened."""
    invoice = find_invoice(pk)
    context = {
        "invoice": invoice,
        "acts": acts_of(invoice),
        "customer_url": customer_url(invoice) if invoice.sent_at else "",
    }
    return render(request, "invoices/row_menu.html", context)


def narrowed(request: HttpRequest) -> str:
    """The filter as the rest of an address, without the page of it that is shown."""
    wanted = request.GET.copy()
    wanted.pop("cursor", None)
    return f"?{wanted.urlencode()}" if wanted else ""


def tabs_of(request: CompanyRequest, current: str) -> list[Tab]:
    counts = count_tabs(request.company, now=now(request.company))
    labels = {
        "": _("All"),
        "draft": _("Draft"),
        "sent": _("Sent"),
        "partially_paid": _("Partially paid"),
        "paid": _("Paid in full"),
        "cancelled": _("Cancelled"),
        "overdue": _("Overdue"),
        "needs_attention": _("Needs attention"),
    }
    asking = {"overdue", "needs_attention"}
    return [Tab(key, label, counts[key], key == current, key in asking) for key, label in labels.items()]


def read_filter(request: HttpRequest) -> InvoiceFilter:
    """The filter an address carries; what cannot be read is left out, as a search box would."""
    return InvoiceFilter(
        tab=request.GET.get("tab", ""),
        customer_id=as_uuid(request.GET.get("customer", "")),
        search=request.GET.get("q", "")[:200].replace("\x00", ""),
        first_date=_date(request.GET.get("date_from", "")),
        last_date=_date(request.GET.get("date_to", "")),
    )


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        return parse_date(text, field="date") if text else None
    except BadInput:
        return None
