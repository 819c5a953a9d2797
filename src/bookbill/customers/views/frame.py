"""A customer's page: the frame around a tab, whichever capability owns the tab."""

from typing import Any

from django.http import HttpResponse

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.customers.models import Customer
from bookbill.web.htmx import render_page
from bookbill.web.tabs import figures_of, tabs_of

PAGE = "customer"
"""What tabs and the figures of the header are registered under."""
LIST = "customers"
"""What the money columns of the list are registered under."""
INVOICE, COLLECT, BOOK = "invoice", "collect", "book"
"""The acts a customer's page can lead with, the most urgent first; `BOOK` where no figure asks for one."""


def customer_page(
    request: CompanyRequest, customer: Customer, template: str, context: dict[str, Any], *, current: str
) -> HttpResponse:
    """``template`` extends `customers/frame.html`; ``current`` is the url_name of its tab."""
    figures = figures_of(PAGE, request, [customer.pk])[customer.pk]
    asked = {figure.act for figure in figures}
    return render_page(
        request,
        template,
        {
            "customer": customer,
            "tabs": tabs_of(PAGE, request, customer.pk, current=current),
            "figures": figures,
            "first_act": next((act for act in (INVOICE, COLLECT) if act in asked), BOOK),
            **context,
        },
    )
