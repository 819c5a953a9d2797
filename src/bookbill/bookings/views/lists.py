"""Bookings, and the bookings to invoice of a customer as a tab of its page."""

from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.bookings.reading import (
    TO_INVOICE,
    BookingFilter,
    filtered,
    rows_of,
    visible_bookings,
    with_row_parts,
)
from bookbill.companies.clock import today
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Member
from bookbill.companies.rights import Right, is_own_only, may
from bookbill.customers.models import Customer
from bookbill.customers.views.frame import customer_page
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import parse_date
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.htmx import render_page

WAITING_MAX = 500


@staff_view(Right.VIEW_BOOKINGS, methods=("GET", "HEAD"))
def list_page(request: CompanyRequest) -> HttpResponse:
    """Bookings by state. What waits (scheduled, to invoice) begins with the oldest, the rest with the newest."""
    wanted = read_filter(request)
    visible = visible_bookings(request.actor)
    found, next_cursor = keyset(
        with_row_parts(filtered(visible, wanted)),
        PageQuery(cursor=request.GET.get("cursor") or None),
        by=("service_date", "number_n"),
        descending=not wanted.is_oldest_first(),
    )
    return render_page(
        request,
        "bookings/list.html",
        {
            "rows": rows_of(found),
            "has_providers": not is_own_only(request.actor) and any(row.provider_id for row in found),
            "tabs": tabs(request, wanted.tab),
            "wanted": wanted,
            "customer": Customer.objects.filter(pk=wanted.customer_id).first()
            if wanted.customer_id
            else None,
            "providers": [] if is_own_only(request.actor) else Member.objects.active().order_by("name"),
            "next_cursor": next_cursor,
            "today": today(request.company),
        },
    )


@staff_view(Right.VIEW_CUSTOMERS, Right.VIEW_BOOKINGS, Right.VIEW_PRICES, methods=("GET", "HEAD"))
def customer_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Bookings to invoice of a customer, the oldest first."""
    customer = get_object_or_404(Customer, pk=pk)
    waiting = Booking.objects.to_invoice().filter(customer=customer).oldest_first()
    rows = rows_of(list(with_row_parts(waiting)[:WAITING_MAX]))
    context = {
        "rows": rows,
        "total_minor": sum(row.booking.total_minor for row in rows),
        "waiting_count": waiting.count() if len(rows) == WAITING_MAX else len(rows),
    }
    return customer_page(
        request, customer, "bookings/of_customer.html", context, current="bookings:of-customer"
    )


def tabs(request: CompanyRequest, current: str) -> list[tuple[str, str, int | None, bool]]:
    """(key, label, count, is current). Only what waits for an invoice is counted: the others only grow."""
    labels = {"": _("All"), "scheduled": _("Scheduled"), "completed": _("Completed")}
    counts: dict[str, int] = {}
    if may(request.actor, Right.VIEW_PRICES):
        labels[TO_INVOICE] = _("To invoice")
        counts[TO_INVOICE] = Booking.objects.to_invoice().count()
    labels["cancelled"] = _("Cancelled")
    return [(key, label, counts.get(key), key == current) for key, label in labels.items()]


def read_filter(request: CompanyRequest) -> BookingFilter:
    """The filter an address carries; what cannot be read is left out, as a search box would."""
    tab = request.GET.get("tab", "")
    return BookingFilter(
        tab="" if tab == TO_INVOICE and not may(request.actor, Right.VIEW_PRICES) else tab,
        search=request.GET.get("q", "")[:200].replace("\x00", "").strip(),
        customer_id=_uuid(request.GET.get("customer", "")),
        provider_id=None if is_own_only(request.actor) else _uuid(request.GET.get("provider", "")),
        first_date=_date(request.GET.get("date_from", "")),
        last_date=_date(request.GET.get("date_to", "")),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _date(text: str) -> date | None:
    try:
        return parse_date(text, field="date") if text else None
    except BadInput:
        return None
