"""The first page: what needs somebody, the money, what comes next."""

from typing import Any

from django.http import HttpResponse

from bookbill.bookings.reading import visible_bookings
from bookbill.bookings.rules import State
from bookbill.companies.clock import date_in_zone, now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, may
from bookbill.invoices.figures import read_figures, to_invoice_url
from bookbill.operations.attention import read_matters
from bookbill.operations.first_steps import read_first_steps
from bookbill.operations.months import read_chart
from bookbill.web.htmx import render_page
from bookbill.work.clock import process_clock

BOOKINGS_SHOWN = 6


@staff_view(methods=("GET", "HEAD"))
def dashboard(request: CompanyRequest) -> HttpResponse:
    """As much of it as the reader may see. A fixed number of queries."""
    company, by = request.company, request.actor
    instant = now(company)
    today = date_in_zone(company, instant)
    context: dict[str, Any] = {"today": today, "steps": read_first_steps(by)}
    if may(by, Right.VIEW_MONEY):
        figures = read_figures(company, now=instant)
        matters = read_matters(company, by, figures, clock=process_clock())
        if context["steps"]:  # they say what comes next; here stands what went wrong
            matters = [matter for matter in matters if matter.tone == "error"]
        context |= {
            "figures": figures,
            "to_invoice_url": to_invoice_url(by),
            "matters": matters,
            "chart": read_chart(company, today=today),
        }
    if may(by, Right.VIEW_BOOKINGS):
        coming = visible_bookings(by).on_calendar().filter(state=State.SCHEDULED, service_date__gte=today)
        context["coming"] = coming.select_related("customer").order_by(
            "service_date", "start_time", "number_n"
        )[:BOOKINGS_SHOWN]
    return render_page(request, "operations/dashboard.html", context)
