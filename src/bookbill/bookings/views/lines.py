"""What the booking's form asks for while it is typed: a further line, a service's line, the sums."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from bookbill.bookings.actions.pricing import build_items, price_booking, read_catalogue
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.forms import LINES_MAX, BookingForm, ItemForm, Items, Offered, filled_line
from bookbill.bookings.models import Booking, BookingTax, Service
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.lib.errors import BadInput


def changed(response: HttpResponse) -> HttpResponse:
    """Let the sums be asked for again."""
    response["HX-Trigger"] = "lines-changed"
    return response


@staff_view(Right.EDIT_BOOKINGS, methods=("GET", "HEAD"))
def new_line(request: CompanyRequest) -> HttpResponse:
    """One more empty line, and the count of lines raised by one."""
    index = number(request.GET.get("items-TOTAL_FORMS", ""))
    if index >= LINES_MAX:
        raise BadInput("too_many_items", _("At most %(max)d lines on one booking.") % {"max": LINES_MAX})
    context = {"line": filled_line(index), "total": index + 1, "is_asked_for": True}
    return changed(render(request, "bookings/parts/more_lines.html", context))


@staff_view(Right.EDIT_BOOKINGS, methods=("GET", "HEAD"))
def chosen_service(request: CompanyRequest, index: int) -> HttpResponse:
    """A line filled in from the service that was just chosen in it; its own text stays where none is."""
    prefix = f"items-{min(index, LINES_MAX)}"
    service = None
    try:
        service = Service.objects.filter(pk=UUID(request.GET.get(f"{prefix}-service", ""))).first()
    except ValueError:
        pass  # own text
    offered = Offered.read()
    line = (
        filled_line(index, service, tax_code=request.GET.get("tax_code", ""))
        if service
        else ItemForm(request.GET, prefix=prefix, offered=offered)
    )
    return changed(render(request, "bookings/parts/line.html", {"line": line, "is_asked_for": True}))


@staff_view(Right.EDIT_BOOKINGS, methods=("GET", "HEAD"))
def no_line(request: CompanyRequest) -> HttpResponse:
    """The line is taken off the page; this only tells the sums."""
    return changed(HttpResponse())


@staff_view(Right.EDIT_BOOKINGS, Right.VIEW_PRICES, methods=("POST",))
def sums(request: CompanyRequest) -> HttpResponse:
    """What the booking would cost as it stands in the form. Stores nothing."""
    form, items = BookingForm(request.POST), Items(request.POST, prefix="items")
    form.is_valid()
    valid = items.management_form.is_valid() and [line for line in items.forms if line.is_valid()]
    drafts = [line.draft(form.tax_code_id()) for line in valid or [] if not line.is_empty()]
    context: dict[str, Any] = {}
    if drafts and "discount_value" not in form.errors:
        try:
            booking, taxes = estimate(request, form, drafts)
            context |= {"booking": booking, "taxes": taxes}
        except BadInput as refused:
            context["refused"] = refused.message
    return render(request, "bookings/parts/sums.html", context)


def estimate(
    request: CompanyRequest, form: BookingForm, drafts: list[ItemDraft]
) -> tuple[Booking, list[BookingTax]]:
    """A booking that is nowhere stored, priced."""
    said = form.cleaned_data
    customer, tax_code, discount = said.get("customer"), said.get("tax_code"), form.discount()
    booking = Booking(
        company=request.company,
        currency=request.company.currency,
        tax_code=tax_code,
        tax_exempt=bool(customer and customer.tax_exempt),
        exemption_reason=customer.exemption_reason if customer else "",
        discount_kind=discount.kind if discount else "",
        discount_value=discount.value if discount else 0,
    )
    # The form offers what may be chosen; a sum of what an edited booking carries already is no place to refuse.
    kept = {booking.tax_code_id, *(pk for draft in drafts for pk in (draft.tax_code_id, draft.service_id))}
    catalogue = read_catalogue(drafts, [booking.tax_code_id], kept=kept)
    items = build_items(booking, drafts, catalogue)
    return booking, price_booking(booking, items, catalogue.terms)


def number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 else 0
