"""A booking's page: its lines, money and facts around a tab, whichever capability owns the tab."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from bookbill.bookings.reading import acts_of, visible_bookings
from bookbill.bookings.words import money_word, state_word
from bookbill.companies.clock import today
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.web.formatting import postal_lines
from bookbill.web.htmx import render_page
from bookbill.web.tabs import tabs_of

PAGE = "booking"
"""What its tabs are registered under."""


def booking_page(
    request: CompanyRequest, pk: UUID, template: str, context: dict[str, Any], *, current: str
) -> HttpResponse:
    """``template`` extends `bookings/frame.html`; ``current`` is the url_name of its tab."""
    rows = visible_bookings(request.actor).select_related("customer", "invoice", "provider", "tax_code")
    booking = get_object_or_404(rows.prefetch_related("items__tax_code", "taxes"), pk=pk)
    return render_page(
        request,
        template,
        {
            "booking": booking,
            "state": state_word(booking.state),
            "money": money_word(booking),
            "items": sorted(booking.items.all(), key=lambda item: item.position),
            "taxes": sorted(booking.taxes.all(), key=lambda tax: tax.position),
            "address_lines": postal_lines(booking.service_address, home=request.company.address_country),
            "tabs": tabs_of(PAGE, request, booking.pk, current=current),
            **acts_of(booking, today=today(request.company)),
            **context,
        },
    )
