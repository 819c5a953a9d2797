"""Payments → Transactions, and the payments of a customer and of a booking as tabs of their pages."""

from datetime import date
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from bookbill.bookings.models import Booking
from bookbill.bookings.views.frame import booking_page
from bookbill.companies.clock import today
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.customers.models import Customer
from bookbill.customers.views.frame import customer_page
from bookbill.ledger.models import Allocation, Payment, PaymentQuerySet
from bookbill.ledger.shown import shown
from bookbill.ledger.words import METHOD_LABELS
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import parse_date
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.htmx import render_page

SEARCH_MAX, TAB_MAX = 200, 200
NEWEST = ("received_on", "id")


@staff_view(Right.VIEW_MONEY, methods=("GET", "HEAD"))
def list_page(request: CompanyRequest) -> HttpResponse:
    """Every payment, the newest first."""
    wanted = {name: request.GET.get(name, "") for name in ("q", "method", "date_from", "date_to")}
    wanted["q"] = wanted["q"][:SEARCH_MAX].replace("\x00", "").strip()
    page = PageQuery(cursor=request.GET.get("cursor") or None)
    found, next_cursor = keyset(narrowed(wanted), page, by=NEWEST)
    return render_page(
        request,
        "ledger/list.html",
        {
            "payments": shown(found),
            "wanted": wanted,
            "methods": METHOD_LABELS.items(),
            "method_label": METHOD_LABELS.get(wanted["method"]),  # type: ignore[call-overload]
            "first_date": _date(wanted["date_from"]),
            "is_narrowed": any(wanted.values()),
            "next_cursor": next_cursor,
            "today": today(request.company),
        },
    )


@staff_view(Right.VIEW_CUSTOMERS, Right.VIEW_MONEY, methods=("GET", "HEAD"))
def customer_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Payment Transactions of a customer."""
    customer = get_object_or_404(Customer, pk=pk)
    page = PageQuery(cursor=request.GET.get("cursor") or None)
    found, next_cursor = keyset(Payment.objects.filter(customer=customer), page, by=NEWEST)
    context = {"payments": shown(found), "next_cursor": next_cursor}
    return customer_page(request, customer, "ledger/of_customer.html", context, current="ledger:of-customer")


@staff_view(Right.VIEW_BOOKINGS, Right.VIEW_MONEY, methods=("GET", "HEAD"))
def booking_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The money that lies on a booking."""
    placed = Allocation.objects.filter(booking=get_object_or_404(Booking, pk=pk)).placed()
    amounts = {payment_id: amount for payment_id, _booking, amount in placed}
    payments = Payment.objects.filter(pk__in=amounts).order_by("-received_on", "-pk")[:TAB_MAX]
    rows = [(payment, amounts[payment.row.payment.pk]) for payment in shown(list(payments))]
    return booking_page(request, pk, "ledger/of_booking.html", {"rows": rows}, current="ledger:of-booking")


def narrowed(wanted: dict[str, str]) -> PaymentQuerySet:
    """What cannot be read is left out, as a search box would."""
    rows = Payment.objects.all()
    if wanted["method"] in METHOD_LABELS:
        rows = rows.filter(method=wanted["method"])
    if first := _date(wanted["date_from"]):
        rows = rows.filter(received_on__gte=first)
    if last := _date(wanted["date_to"]):
        rows = rows.filter(received_on__lte=last)
    if wanted["q"]:
        of_customers = Customer.objects.matching(wanted["q"]).values("pk")[:SEARCH_MAX]
        rows = rows.filter(customer__in=of_customers) | rows.filter(reference__istartswith=wanted["q"])
    return rows


def _date(text: str) -> date | None:
    try:
        return parse_date(text, field="date") if text else None
    except BadInput:
        return None
