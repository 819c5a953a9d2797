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


def customer_page(
    request: CompanyRequest, customer: Customer, template: str, context: dict[str, Any], *, current: str
) -> HttpResponse:
    """``template`` extends `customers/frame.html`; ``current`` is the url_name of its tab."""
    return render_page(
        request,
        template,
        {
            "customer": customer,
            "tabs": tabs_of(PAGE, request, customer.pk, current=current),
            "figures": figures_of(PAGE, request, [customer.pk])[customer.pk],
            **context,
        },
    )
