"""Bookings as a day, a week or a month."""

from django.http import HttpResponse

from bookbill.bookings.calendar import read_days
from bookbill.bookings.reading import filtered
from bookbill.bookings.rules import Span, View, span_of
from bookbill.bookings.views.filters import filter_context, read_date, read_filter, view_links
from bookbill.companies.clock import today
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, may
from bookbill.web.formatting import days_between, first_weekday, full_day, month
from bookbill.web.htmx import render_page


@staff_view(Right.VIEW_BOOKINGS, methods=("GET", "HEAD"))
def calendar_page(request: CompanyRequest) -> HttpResponse:
    """`view` is day, week or month, `day` a date in it; both are forgiven, as a search box would."""
    now_there = today(request.company)
    chosen = read_date(request.GET.get("day", "")) or now_there
    view = view_called(request.GET.get("view", ""))
    span = span_of(view, chosen, first_weekday=first_weekday(request.company.time_zone))
    wanted = read_filter(request)
    priced = may(request.actor, Right.VIEW_PRICES)
    days = read_days(filtered(wanted, by=request.actor).on_calendar(), span, today=now_there, priced=priced)
    return render_page(
        request,
        "bookings/calendar.html",
        {
            "span": span,
            "title": title_of(span),
            "days": days,
            "today": now_there,
            "holds_today": span.holds(now_there),
            "views": view_links(request, current=view, day=chosen),
            **filter_context(request, wanted),
        },
    )


def view_called(text: str) -> View:
    return View(text) if text in {view.value for view in View} else View.MONTH


def title_of(span: Span) -> str:
    if span.view == View.DAY:
        return full_day(span.first)
    return month(span.month) if span.month else days_between(span.first, span.last)
