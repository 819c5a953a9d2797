"""Finding invoices with Ctrl+K."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, When
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.rights import Right, may
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import search
from bookbill.web.formatting import money
from bookbill.web.palette import RESULTS_MAX, Result, fit_of


def find_invoices(request: Any, query: str) -> Iterable[Result]:
    """By number, booking, customer or exact amount, the number itself first, then the newest. A fixed number of queries; none for an empty one."""
    if not query or request.actor is None or not may(request.actor, Right.VIEW_INVOICES):
        return []
    found = Invoice.objects.filter(pk__in=search(query, company=request.company)).select_related("customer")
    itself = Case(When(number__iexact=query, then=0), default=1)
    return [
        Result(
            label=f"{invoice.number or _('Draft')} · {invoice.customer}",
            url=reverse("invoices:detail", args=[invoice.pk]),
            group=_("Invoices"),
            detail=money(invoice.total_minor, invoice.currency),
            icon="receipt-text",
            fit=fit_of(invoice.number, query),
        )
        for invoice in found.order_by(itself, "-pk")[:RESULTS_MAX]
    ]
