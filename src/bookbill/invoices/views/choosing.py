"""Choosing the bookings of an invoice: the page with the ticks, and what becomes of them."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.bookings.actions.booking import lock_bookings
from bookbill.bookings.models import Booking
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.customers.models import Customer
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.grouping import BOOKINGS_MAX
from bookbill.invoices.actions.seen import refuse_held_unseen
from bookbill.invoices.choosing import (
    CHOICES_MAX,
    Choice,
    by_customer,
    read_waiting,
    sort_out,
    with_choice_parts,
)
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.lib.errors import RuleBroken
from bookbill.web.htmx import render_page, safe_next, see_other, toast

LINK_MAX = 50
"""So many bookings fit into an address: the web server reads a line of 4,094 bytes, and each takes 46."""


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING, methods=("GET", "HEAD"))
def choose_page(request: CompanyRequest) -> HttpResponse:
    """Bookings to invoice, by customer; tick and go on to Generate Invoice."""
    wanted = request.GET.get("customer")
    customer = get_object_or_404(Customer, pk__in=uuids_in([wanted])) if wanted else None
    groups, is_cut = read_waiting(customer)
    context = {
        "groups": groups,
        "is_cut": is_cut,
        "customer": customer,
        "today": today(request.company),
    }
    return render_page(request, "invoices/choose.html", context)


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def select_bookings(request: CompanyRequest) -> HttpResponse:
    """The ticked bookings, or all that wait of a customer, on one invoice.

    A few go on to Generate Invoice by its address. Many do not fit into one: they are put on a draft at once. What
    cannot be is shown with its reason, and the rest can be taken without it.
    """
    ids = selected_ids(request)
    bookings = read_bookings(ids)
    if not bookings:
        toast(request, _("Tick the bookings to put on the invoice first."), level=messages.WARNING)
        return see_other(request, safe_next(request, reverse("invoices:choose")))
    if len({booking.customer_id for booking in bookings}) > 1:
        return sorted_page(request, sort_out(bookings))
    if len(bookings) <= LINK_MAX:
        return see_other(request, generate_address([booking.pk for booking in bookings]))
    try:
        return see_other(request, act_once(request, lambda: put_on_a_draft(request, bookings)))
    except RuleBroken as refused:
        return sorted_page(request, sort_out(read_bookings(ids)), refused.message)


def put_on_a_draft(request: CompanyRequest, bookings: Sequence[Booking]) -> str:
    """Make the draft; where it can be edited. Raises RuleBroken where somebody should look at the choice first."""
    locked = lock_bookings([booking.pk for booking in bookings])
    refuse_held_unseen(locked.values(), " ".join(request.POST.getlist("held")))
    choices = sort_out(bookings)
    moves = any(choice.moves() for choice in choices)
    if any(choice.reason for choice in choices) or (moves and not request.POST.get("move")):
        raise RuleBroken("look_first", _("Not all of them go on an invoice as they are."))
    draft = InvoiceDraft(tuple(booking.pk for booking in bookings))
    made = make_invoices([draft], move_from_drafts=moves, by=request.actor, now=now(request.company))[0]
    words = ngettext(
        "%(count)d booking is on a draft. Nothing is sent yet.",
        "%(count)d bookings are on a draft. Nothing is sent yet.",
        len(bookings),
    )
    undo_url = "" if moves else reverse("invoices:delete", args=[made.pk])
    toast(request, words % {"count": len(bookings)}, undo_url=undo_url)
    return reverse("invoices:edit", args=[made.pk])


def sorted_page(request: CompanyRequest, choices: Sequence[Choice], message: str = "") -> HttpResponse:
    """What was chosen, by customer: with a tick what may go on, with its reason what may not."""
    groups = by_customer(choices[: 2 * CHOICES_MAX])
    context = {
        "groups": groups,
        "is_sorted": True,
        "message": message or _("Not all of them go on an invoice as they are."),
        "customer": groups[0].customer if len(groups) == 1 else None,
        "today": today(request.company),
    }
    return render_page(request, "invoices/choose.html", context, status=422)


def read_bookings(ids: Sequence[UUID]) -> list[Booking]:
    """The chosen ones that exist, oldest first, as `sort_out` reads them."""
    return list(with_choice_parts(Booking.objects.filter(pk__in=ids)).oldest_first())


def generate_address(booking_ids: Sequence[UUID]) -> str:
    named = urlencode([("bookings", str(pk)) for pk in booking_ids])
    return f"{reverse('invoices:generate')}?{named}"


def selected_ids(request: HttpRequest) -> list[UUID]:
    """What was ticked, and with ``all_of`` in the address all that waits of that customer, the oldest first."""
    ids = uuids_in([*request.POST.getlist("ids"), *request.POST.getlist("bookings")])
    for customer_id in uuids_in(request.GET.getlist("all_of")):
        ids += waiting_of(customer_id, besides=ids)
    return ids


def waiting_of(customer_id: UUID, *, besides: Sequence[UUID]) -> list[UUID]:
    """What else waits of a customer, the oldest first, as much as one invoice still takes."""
    waiting = Booking.objects.to_invoice().filter(customer=customer_id).exclude(pk__in=besides)
    return list(waiting.oldest_first().values_list("pk", flat=True)[: max(0, BOOKINGS_MAX - len(besides))])


def uuids_in(texts: Iterable[str]) -> list[UUID]:
    """The keys among these texts, each once."""
    found: dict[UUID, None] = {}
    for text in texts:
        try:
            found[UUID(text)] = None
        except ValueError:
            pass  # names no booking of anybody
    return list(found)
