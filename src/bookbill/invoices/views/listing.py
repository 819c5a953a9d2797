"""Payments → Invoices."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bookbill.companies.clock import date_in_zone, now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Member
from bookbill.companies.rights import Right
from bookbill.invoices.acts import acts_of
from bookbill.invoices.figures import count_tabs, read_figures, to_invoice_url, totals_of
from bookbill.invoices.live import customer_url
from bookbill.invoices.reading import InvoiceFilter, filtered, find_invoice, rows_of
from bookbill.invoices.rules import Mark
from bookbill.invoices.views.filtering import narrowings, read_filter
from bookbill.invoices.words import mark_label
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
            "to_invoice_url": to_invoice_url(request.actor),
            "tabs": tabs_of(request, wanted.tab),
            "wanted": wanted,
            "narrowings": narrowings(request, wanted),
            "providers": Member.objects.active().order_by("name"),
            "mark_choices": [(mark.value, mark_label(mark)) for mark in Mark if mark != Mark.DISPUTED],
            "next_cursor": next_cursor,
            "totals": totals_of(found),
            "narrowed": narrowed(request),
            "is_narrowed": wanted != InvoiceFilter(),
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
        "": pgettext("tab", "All"),
        "draft": pgettext("tab", "Draft"),
        "sent": pgettext("tab", "Sent"),
        "partially_paid": pgettext("tab", "Partially paid"),
        "paid": pgettext("tab", "Paid in full"),
        "cancelled": pgettext("tab", "Cancelled"),
        "overdue": _("Overdue"),
        "needs_attention": _("Needs attention"),
    }
    asking = {"overdue", "needs_attention"}
    return [Tab(key, label, counts[key], key == current, key in asking) for key, label in labels.items()]
