"""What a customer's page shows of invoices: the tab, the figures above it, the money columns of the customers' list."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.companies.clock import date_in_zone, now, today
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, may
from bookbill.customers.models import Customer
from bookbill.customers.views.frame import COLLECT, INVOICE, customer_page
from bookbill.invoices.balances import Balance, balances_of
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import rows_of
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.formatting import money
from bookbill.web.tabs import Figure


@staff_view(Right.VIEW_CUSTOMERS, Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def customer_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Invoices of a customer, the newest first."""
    customer = get_object_or_404(Customer, pk=pk)
    instant = now(request.company)
    page = PageQuery(cursor=request.GET.get("cursor") or None)
    found, next_cursor = keyset(Invoice.objects.filter(customer=customer), page)
    context = {
        "rows": rows_of(found, now=instant),
        "next_cursor": next_cursor,
        "today": date_in_zone(request.company, instant),
    }
    return customer_page(
        request, customer, "invoices/of_customer.html", context, current="invoices:of-customer"
    )


def customer_figures(request: HttpRequest, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[Figure]]:
    """Balance, Overdue, Credit, Prepaid and To invoice, for the head of a customer's page."""
    return {
        key: list(named_figures(request, key, balance).values())
        for key, balance in read_balances(request, keys).items()
    }


def customer_columns(request: HttpRequest, keys: Sequence[UUID]) -> Mapping[UUID, Sequence[Figure]]:
    """Balance, Overdue and To invoice, for the rows of a list."""
    columns = {}
    for key, balance in read_balances(request, keys).items():
        figures = named_figures(request, key, balance)
        columns[key] = [
            replace(figures["balance"], note=""),
            replace(figures["overdue"], note=""),
            figures["to_invoice"],
        ]
    return columns


def read_balances(request: HttpRequest, keys: Sequence[UUID]) -> dict[UUID, Balance]:
    actor = getattr(request, "actor", None)
    company = getattr(request, "company", None)
    if actor is None or company is None or not may(actor, Right.VIEW_MONEY):
        return {}
    return balances_of(keys, today=today(company))


def named_figures(request: HttpRequest, key: UUID, balance: Balance) -> dict[str, Figure]:
    waiting = balance.to_invoice_count
    return {
        "balance": Figure(
            _("Balance"),
            balance.due_minor,
            note=_("on sent invoices"),
            act=COLLECT if balance.due_minor > 0 else "",
        ),
        "overdue": Figure(
            _("Overdue"),
            balance.overdue_minor,
            tone="error" if balance.overdue_minor else "",
            note=_("past the due date") if balance.overdue_minor else _("nothing is late"),
        ),
        "credit": Figure(_("Credit"), balance.credit_minor, note=_("not applied yet")),
        "prepaid": Figure(_("Prepaid"), balance.prepaid_minor, note=_("on bookings not invoiced")),
        "to_invoice": Figure(
            _("To invoice"),
            balance.to_invoice_minor,
            note=waiting_note(request, balance) if waiting else _("everything is invoiced"),
            url=reverse("bookings:of-customer", args=[key]) if waiting else "",
            act=INVOICE if waiting else "",
        ),
    }


def waiting_note(request: HttpRequest, balance: Balance) -> str:
    """How many bookings, and what of them is due where some is paid already."""
    count = balance.to_invoice_count
    bookings = ngettext("%(count)d booking", "%(count)d bookings", count) % {"count": count}
    if balance.to_invoice_due_minor == balance.to_invoice_minor:
        return bookings
    due = money(balance.to_invoice_due_minor, request.company.currency)  # type: ignore[attr-defined]
    return _("%(bookings)s, %(due)s due") % {"bookings": bookings, "due": due}
