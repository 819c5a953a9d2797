"""The booking with its history, and the form to make and edit it."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.activity.models import Entry
from bookbill.bookings.actions.booking import complete_bookings, create_bookings
from bookbill.bookings.actions.duplicating import InForce, read_in_force
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.forms import BookingForm, Items, price_text
from bookbill.bookings.models import Booking, BookingItem, TaxCode
from bookbill.bookings.rules import State
from bookbill.bookings.views.filters import read_date
from bookbill.bookings.views.frame import booking_page
from bookbill.bookings.words import said
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, may
from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_page, see_other, toast

HISTORY_MAX = 100


@staff_view(Right.VIEW_BOOKINGS, methods=("GET", "HEAD"))
def detail_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """One booking: lines, money, what can be done, and who did what."""
    entries = (
        list(Entry.objects.of_subject("booking", pk)[:HISTORY_MAX])
        if may(request.actor, Right.VIEW_HISTORY)
        else []
    )
    context = {"entries": [(entry, *said(entry, request.company.currency)) for entry in entries]}
    return booking_page(request, pk, "bookings/history.html", context, current="bookings:detail")


@staff_view(Right.EDIT_BOOKINGS)
def create_page(request: CompanyRequest) -> HttpResponse:
    """A new booking; `customer`, `provider` and `date` in the address choose them, `copy` copies another booking."""
    gone: list[str] = []
    if request.method == "POST":
        form, items = BookingForm(request.POST), Items(request.POST, prefix="items")
        if all([form.is_valid(), items.is_valid()]):
            completed = request.POST.get("act") == "complete"

            def act() -> str:
                draft = draft_of(form, items.drafts(form.tax_code_id()), completed=completed)
                made = create_bookings([draft], by=request.actor, now=now(request.company))[0]
                toast(request, _("Booking %(number)s is saved.") % {"number": made.number})
                return reverse("bookings:detail", args=[made.pk])

            try:
                return see_other(request, act_once(request, act))
            except RuleBroken as refused:
                refuse(form, refused)
    elif copied := copied_booking(request):
        form, items, gone = forms_of_copy(request, copied)
    else:
        form = BookingForm(initial=first_values(request))
        items = Items(prefix="items", initial=[{"quantity": Decimal(1)}])
    return form_page(request, form, items, gone=gone)


@staff_view(Right.EDIT_BOOKINGS)
def edit_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Change a booking; a sent invoice follows or refuses, as the company chose."""
    booking: Booking = get_object_or_404(Booking.objects.select_related("customer", "invoice"), pk=pk)
    used = used_by(booking)
    if request.method == "POST":
        form = BookingForm(request.POST, booking=booking)
        items = Items(request.POST, prefix="items", used=used)
        if all([form.is_valid(), items.is_valid()]):

            def act() -> str:
                save(request, pk, form, items.drafts(form.tax_code_id()))
                if request.POST.get("act") == "complete" and booking.state == State.SCHEDULED:
                    complete_bookings([pk], by=request.actor, now=now(request.company))
                say_saved(request, booking)
                return reverse("bookings:detail", args=[pk])

            try:
                return see_other(request, act_once(request, act))
            except RuleBroken as refused:
                refuse(form, refused)
    else:
        form = BookingForm(booking=booking, initial=values_of(booking) | {"revision": booking.revision})
        items = Items(prefix="items", initial=lines_of(booking), used=used)
    return form_page(request, form, items, booking)


def say_saved(request: CompanyRequest, before: Booking) -> None:
    """That it is saved; what became of a draft it left; and where its customer was sent something else, the way to send the update."""
    booking = Booking.objects.select_related("invoice").get(pk=before.pk)
    words = {"number": booking.number, "invoice": booking.invoice.number if booking.invoice else ""}
    if (left := before.invoice) and not booking.invoice:
        stays, was_planned = left.bookings_count > 1, left.sending_at is not None
        said = (
            _("%(number)s is saved and left its draft.")
            if stays
            else _(
                "%(number)s is saved. The draft it stood alone on is deleted, with the sending planned for it."
            )
            if was_planned
            else _("%(number)s is saved. The draft it stood alone on is deleted.")
        )
        toast(request, said % words)
        return
    if booking.invoice and booking.invoice.is_changed() and may(request.actor, Right.SEND_INVOICES):
        link = (_("Send updated"), reverse("invoices:send", args=[booking.invoice_id]))
        toast(request, _("%(number)s is saved. %(invoice)s changed since it was sent.") % words, link=link)
    else:
        toast(request, _("Booking %(number)s is saved.") % words)


def form_page(
    request: CompanyRequest,
    form: BookingForm,
    items: Any,
    booking: Booking | None = None,
    gone: Sequence[str] = (),
) -> HttpResponse:
    refused = request.method == "POST" and bool(form.errors or any(items.errors))
    context = {
        "form": form,
        "items": items,
        "booking": booking,
        "gone": gone,
        "may_complete": booking is None or booking.state == State.SCHEDULED,
        "is_locked": bool(
            booking and booking.invoice and booking.invoice.is_locked(request.company.after_sending)
        ),
    }
    return render_page(request, "bookings/form.html", context, status=422 if refused else 200)


def save(request: CompanyRequest, pk: UUID, form: BookingForm, items: tuple[ItemDraft, ...]) -> None:
    said_now = form.cleaned_data
    fields = {
        "customer_id": said_now["customer"].pk,
        "service_date": said_now["service_date"],
        "start_time": said_now["start_time"],
        "provider_id": said_now["provider"].pk if said_now["provider"] else None,
        "tax_code_id": form.tax_code_id(),
        "discount": form.discount(),
        "service_address": form.service_address(),
        "note": said_now["note"],
        "external_id": said_now["external_id"] or None,
    }
    edit = BookingEdit(fields, items)
    edit_booking(pk, edit, revision=said_now["revision"], by=request.actor, now=now(request.company))


def draft_of(form: BookingForm, items: tuple[ItemDraft, ...], *, completed: bool) -> BookingDraft:
    said_now = form.cleaned_data
    return BookingDraft(
        customer_id=said_now["customer"].pk,
        service_date=said_now["service_date"],
        start_time=said_now["start_time"],
        provider_id=said_now["provider"].pk if said_now["provider"] else None,
        tax_code_id=form.tax_code_id(),
        discount=form.discount(),
        service_address=form.service_address(),
        note=said_now["note"],
        external_id=said_now["external_id"] or None,
        items=items,
        completed=completed,
    )


def first_values(request: CompanyRequest) -> dict[str, Any]:
    return {
        "customer": request.GET.get("customer", ""),
        "provider": request.GET.get("provider", ""),
        "service_date": read_date(request.GET.get("date", "")) or today(request.company),
        "tax_code": request.company.default_tax_code_id,
    }


def forms_of_copy(request: CompanyRequest, copied: Booking) -> tuple[BookingForm, Any, list[str]]:
    """The booking's form and its lines filled in for the same work today, and what cannot be taken over."""
    in_force = read_in_force(request.company)
    items, discount = copied.as_planned()
    gone = [*said_gone(copied, items, in_force)]
    own: dict[str, Any] = {
        "service_date": today(request.company),
        "external_id": "",
        "tax_code": in_force.code(copied.tax_code_id),
        "discount_kind": discount.kind if discount else "",
        "discount_value": discount.value if discount else None,
    }
    form = BookingForm(initial=values_of(copied) | own)
    return form, Items(prefix="items", initial=new_lines(items, own["tax_code"], in_force)), gone


def said_gone(copied: Booking, items: Sequence[BookingItem], in_force: InForce) -> Iterator[str]:
    """What a copy cannot take over, a sentence each."""
    if copied.provider and copied.provider.pk not in in_force.providers:
        yield _("%(name)s is no longer with you: choose another provider, or none.") % {
            "name": copied.provider.name
        }
    codes = {copied.tax_code_id, *(item.tax_code_id for item in items)}
    ended = {code for code in codes if code and in_force.is_ended(code)}
    for name in TaxCode.objects.filter(pk__in=ended).order_by("name").values_list("name", flat=True):
        yield _("“%(code)s” is no longer offered: the default tax takes its place.") % {"code": name}


def copied_booking(request: CompanyRequest) -> Booking | None:
    try:
        wanted = UUID(request.GET.get("copy", ""))
    except ValueError:
        return None
    return Booking.objects.select_related("customer", "provider").filter(pk=wanted).first()


def values_of(booking: Booking) -> dict[str, Any]:
    is_elsewhere = bool(booking.service_address) and not booking.is_at_customers()
    return {
        "customer": booking.customer_id,
        "is_elsewhere": is_elsewhere,
        "place": booking.service_address if is_elsewhere else {},
        "external_id": booking.external_id,
        "service_date": booking.service_date,
        "start_time": booking.start_time,
        "provider": booking.provider_id,
        "tax_code": booking.tax_code_id,
        "discount_kind": booking.discount_kind,
        "discount_value": booking.discount_value if booking.discount_kind else None,
        "note": booking.note,
    }


def used_by(booking: Booking) -> list[BookingItem]:
    return list(booking.items.select_related("service").order_by("position"))


def new_lines(items: Sequence[BookingItem], usual: UUID | None, in_force: InForce) -> list[dict[str, Any]]:
    """Lines of another booking under the taxes of today. The form offers no archived service: its text stays."""
    for item in items:
        item.tax_code_id = in_force.code(item.tax_code_id)
    return [line_of(item, usual) for item in items]


def lines_of(booking: Booking) -> list[dict[str, Any]]:
    """The lines as typed."""
    return [line_of(item, booking.tax_code_id) for item in used_by(booking)]


def line_of(item: BookingItem, usual: UUID | None) -> dict[str, Any]:
    """A line whose tax code is ``usual``, the booking's, follows the booking's."""
    return {
        "service": item.service_id,
        "description": item.description,
        "quantity": item.quantity,
        "unit": item.unit,
        "unit_price": price_text(item.unit_price, item.currency),
        "tax_code": item.tax_code_id if item.tax_code_id != usual else None,
    }
