"""What the list and the calendar of bookings are narrowed to by their address, and the ways between them."""

from datetime import date
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bookbill.bookings.models import Booking
from bookbill.bookings.reading import TO_INVOICE, BookingFilter
from bookbill.bookings.rules import View
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Member
from bookbill.companies.rights import Right, is_own_only, may
from bookbill.customers.models import Customer
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import parse_date


def tabs(request: CompanyRequest, current: str) -> list[tuple[str, str, int | None, bool]]:
    """(key, label, count, is current). Only what waits for an invoice is counted: the others only grow."""
    labels = {
        "": pgettext("tab", "All"),
        "scheduled": pgettext("tab", "Scheduled"),
        "completed": pgettext("tab", "Completed"),
    }
    counts: dict[str, int] = {}
    if may(request.actor, Right.VIEW_PRICES):
        labels[TO_INVOICE] = _("To invoice")
        counts[TO_INVOICE] = Booking.objects.to_invoice().count()
    labels["cancelled"] = pgettext("tab", "Cancelled")
    return [(key, label, counts.get(key), key == current) for key, label in labels.items()]


def read_filter(request: CompanyRequest) -> BookingFilter:
    """The filter an address carries; what cannot be read is left out, as a search box would."""
    tab = request.GET.get("tab", "")
    return BookingFilter(
        tab="" if tab == TO_INVOICE and not may(request.actor, Right.VIEW_PRICES) else tab,
        search=request.GET.get("q", "")[:200].replace("\x00", "").strip(),
        customer_id=_uuid(request.GET.get("customer", "")),
        provider_id=None if is_own_only(request.actor) else _uuid(request.GET.get("provider", "")),
        first_date=read_date(request.GET.get("date_from", "")),
        last_date=read_date(request.GET.get("date_to", "")),
    )


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def read_date(text: str) -> date | None:
    try:
        return parse_date(text, field="date") if text else None
    except BadInput:
        return None


def filter_context(request: CompanyRequest, wanted: BookingFilter) -> dict[str, object]:
    """What both pages show of the filter."""
    return {
        "tabs": tabs(request, wanted.tab),
        "wanted": wanted,
        "customer": Customer.objects.filter(pk=wanted.customer_id).first() if wanted.customer_id else None,
        "providers": [] if is_own_only(request.actor) else Member.objects.active().order_by("name"),
    }


def view_links(
    request: CompanyRequest, *, current: View | None, day: date | None
) -> list[tuple[str, str, bool]]:
    """(label, address, is current): the list and the three calendars, with the same filter."""
    kept = {name: request.GET[name] for name in ("tab", "provider", "customer") if request.GET.get(name)}
    labels = {None: _("List"), View.DAY: _("Day"), View.WEEK: _("Week"), View.MONTH: _("Month")}
    links = []
    for view, label in labels.items():
        address = reverse("bookings:calendar" if view else "bookings:list")
        said = ({"view": view, **({"day": day.isoformat()} if day else {})} if view else {}) | kept
        links.append((label, f"{address}?{urlencode(said)}" if said else address, view == current))
    return links
