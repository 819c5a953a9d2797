"""Bookings, and the bookings to invoice of a customer as a tab of its page."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from bookbill.bookings.models import Booking
from bookbill.bookings.reading import filtered, rows_of, with_row_parts
from bookbill.bookings.views.filters import filter_context, read_filter, view_links
from bookbill.companies.clock import today
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, is_own_only
from bookbill.customers.models import Customer
from bookbill.customers.views.frame import customer_page
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.htmx import render_page

WAITING_MAX = 500


@staff_view(Right.VIEW_BOOKINGS, methods=("GET", "HEAD"))
def list_page(request: CompanyRequest) -> HttpResponse:
    """Bookings by state. What waits (scheduled, to invoice) begins with the oldest, the rest with the newest."""
    wanted = read_filter(request)
    current_day = today(request.company)
    found, next_cursor = keyset(
        with_row_parts(filtered(wanted, by=request.actor)),
        PageQuery(cursor=request.GET.get("cursor") or None),
        by=("service_date", "number_n"),
        descending=not wanted.is_oldest_first(),
    )
    return render_page(
        request,
        "bookings/list.html",
        {
            "rows": rows_of(found, today=current_day),
            "has_providers": not is_own_only(request.actor) and any(row.provider_id for row in found),
            **filter_context(request, wanted),
            "views": view_links(request, current=None, day=wanted.first_date),
            "next_cursor": next_cursor,
            "today": current_day,
        },
    )


@staff_view(Right.VIEW_CUSTOMERS, Right.VIEW_BOOKINGS, Right.VIEW_PRICES, methods=("GET", "HEAD"))
def customer_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Bookings to invoice of a customer, the oldest first."""
    customer = get_object_or_404(Customer, pk=pk)
    waiting = Booking.objects.to_invoice().filter(customer=customer).oldest_first()
    current_day = today(request.company)
    rows = rows_of(list(with_row_parts(waiting)[:WAITING_MAX]), today=current_day)
    context = {
        "rows": rows,
        "today": current_day,
        "total_minor": sum(row.booking.total_minor for row in rows),
        "waiting_count": waiting.count() if len(rows) == WAITING_MAX else len(rows),
    }
    return customer_page(
        request, customer, "bookings/of_customer.html", context, current="bookings:of-customer"
    )
