"""Finding customers with Ctrl+K."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.rights import Right, may
from bookbill.customers.models import Customer
from bookbill.web.palette import RESULTS_MAX, Result


def find_customers(request: Any, query: str) -> Iterable[Result]:
    """Active customers whose words begin with the query's. One query; none for an empty one."""
    if not query or request.actor is None or not may(request.actor, Right.VIEW_CUSTOMERS):
        return []
    found = Customer.objects.active().matching(query).order_by("name", "pk")[:RESULTS_MAX]
    return [
        Result(
            label=customer,
            url=reverse("customers:detail", args=[customer.pk]),
            group=_("Customers"),
            detail=customer.name if customer.company_name else customer.email,
            icon="users",
        )
        for customer in found
    ]
