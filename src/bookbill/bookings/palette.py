"""Finding bookings with Ctrl+K."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Case, When
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.reading import matching, visible_bookings
from bookbill.companies.rights import Right, may
from bookbill.web.formatting import day
from bookbill.web.palette import RESULTS_MAX, Result, fit_of


def find_bookings(request: Any, query: str) -> Iterable[Result]:
    """By number or customer, the number itself first, then the latest service date first.

    A provider finds the own ones, by names alone. Two queries at most.
    """
    if not query or request.actor is None or not may(request.actor, Right.VIEW_BOOKINGS):
        return []
    rows = matching(visible_bookings(request.actor), query, by=request.actor).select_related("customer")
    itself = Case(When(number=query.upper(), then=0), default=1)
    return [
        Result(
            label=f"{booking.number} · {booking.customer}",
            url=reverse("bookings:detail", args=[booking.pk]),
            group=_("Bookings"),
            detail=day(booking.service_date),
            icon="calendar-check",
            fit=fit_of(booking.number, query),
        )
        for booking in rows.order_by(itself, "-service_date", "-number_n")[:RESULTS_MAX]
    ]
