"""Acts on bookings: complete, reopen, hold back, cancel, delete; and the ticked ones of a list."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.bookings.actions.booking import complete_bookings, delete_booking, lock_bookings
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.forms import CancelBookingForm
from bookbill.bookings.models import Booking
from bookbill.bookings.reading import acts_of, may_reopen, visible_bookings
from bookbill.bookings.rules import State
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right, may
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.routes import not_found
from bookbill.web.forms import refuse, says_empty
from bookbill.web.htmx import layout_of, render_page, safe_next, see_other, toast

TICKED_MAX = 200


@staff_view(Right.VIEW_BOOKINGS, methods=("GET", "HEAD"))
def menu_part(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The items of a list row's menu."""
    rows = visible_bookings(request.actor).select_related("invoice")
    booking: Booking = get_object_or_404(rows, pk=pk)
    return render_page(
        request, "bookings/menu.html", {"booking": booking, **acts_of(booking, today=today(request.company))}
    )


@staff_view(Right.COMPLETE_BOOKINGS, methods=("POST",))
def complete(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The work is done."""
    booking = transact(lambda: complete_bookings([pk], by=request.actor, now=now(request.company)))[0]
    is_undone = may(request.actor, Right.EDIT_BOOKINGS) and may_reopen(booking)
    undo = reverse("bookings:reopen", args=[pk]) if is_undone else ""
    link = None
    if booking.invoice_id is None and booking.total_minor and may_invoice(request):
        link = (_("Generate Invoice"), f"{reverse('invoices:generate')}?bookings={pk}")
    toast(
        request, _("Booking %(number)s is completed.") % {"number": booking.number}, undo_url=undo, link=link
    )
    return see_other(request, safe_next(request, reverse("bookings:detail", args=[pk])))


@staff_view(Right.COMPLETE_BOOKINGS, methods=("POST",))
def complete_many(request: CompanyRequest) -> HttpResponse:
    """Complete the ticked bookings; the first that cannot be refuses all of them, by number."""
    ids = ticked(request)

    def act() -> str:
        complete_bookings(ids, by=request.actor, now=now(request.company))
        words = ngettext("%(count)d booking is completed.", "%(count)d bookings are completed.", len(ids))
        toast(request, words % {"count": len(ids)})
        return safe_next(request, reverse("bookings:list"))

    return see_other(request, act_once(request, act))


@staff_view(Right.EDIT_BOOKINGS, methods=("POST",))
def reopen(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Back to scheduled, while no sent invoice carries it."""
    edit = BookingEdit({"state": State.SCHEDULED})
    booking = transact(lambda: edit_booking(pk, edit, by=request.actor, now=now(request.company)))
    toast(request, _("Booking %(number)s is scheduled again.") % {"number": booking.number})
    return see_other(request, safe_next(request, reverse("bookings:detail", args=[pk])))


@staff_view(Right.EDIT_BOOKINGS, methods=("POST",))
def hold_back(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Keep it out of To invoice, or let it in again."""
    held = request.GET.get("held", request.POST.get("held")) == "yes"
    edit = BookingEdit({"held_back": held})
    transact(lambda: edit_booking(pk, edit, by=request.actor, now=now(request.company)))
    words = _("Held back: it is not offered for invoicing.") if held else _("It can be invoiced again.")
    undo = f"{reverse('bookings:hold-back', args=[pk])}?held={'no' if held else 'yes'}"
    toast(request, words, undo_url=undo)
    return see_other(request, safe_next(request, reverse("bookings:detail", args=[pk])))


@staff_view(Right.EDIT_BOOKINGS)
def cancel_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say what it does to the invoice, ask for a reason and a fee, then cancel for good."""
    rows = Booking.objects.select_related("customer", "invoice")
    booking: Booking = get_object_or_404(rows, pk=pk)
    is_locked = bool(booking.invoice and booking.invoice.is_locked(request.company.after_sending))
    form = CancelBookingForm(request.POST if request.method == "POST" else None)
    if ends_invoice(booking):
        says_empty(form.fields["reason"]).help_text = (
            _("Needed: the cancelled invoice keeps it.")
            if is_locked
            else _("Needed without a fee: the cancelled invoice keeps it.")
        )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        description = said["fee_description"] or _("Cancellation fee")
        fee = ItemDraft(description=description, unit_price=said["fee"]) if said["fee"] else None

        def act() -> str:
            if request.POST.get("seen", "") not in ("", outlook_of(lock_bookings([pk])[pk])):
                raise RuleBroken(
                    "stale", _("What cancelling it does has changed meanwhile. Read it again, then decide.")
                )
            cancel_booking(pk, fee=fee, reason=said["reason"], by=request.actor, now=now(request.company))
            toast(request, _("Booking %(number)s is cancelled.") % {"number": booking.number})
            return reverse("bookings:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
            booking = get_object_or_404(rows, pk=pk)
    context = {
        "booking": booking,
        "form": form,
        "seen": outlook_of(booking),
        "is_locked": is_locked,
        "shell": layout_of(request),
    }
    return render_page(request, "bookings/cancel.html", context, status=422 if form.errors else 200)


def ends_invoice(booking: Booking) -> bool:
    """Whether a sent invoice is cancelled with it, unless a fee remains."""
    on = booking.invoice
    return on is not None and on.sent_at is not None and on.bookings_count == 1


def outlook_of(booking: Booking) -> str:
    """What the dialog says of invoice and money; its form brings it back, so that nothing else is done."""
    on = booking.invoice
    carrier = [on.pk, on.bookings_count == 1, bool(on.sent_at), bool(on.sending_at)] if on else []
    return " ".join(map(str, [booking.paid_minor, *carrier]))


@staff_view(Right.EDIT_BOOKINGS)
def delete_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Ask, then delete a scheduled booking that left no trace."""
    booking: Booking = get_object_or_404(Booking.objects.select_related("customer"), pk=pk)
    if request.method == "POST":
        transact(lambda: delete_booking(pk, by=request.actor, now=now(request.company)))
        toast(request, _("Booking %(number)s is deleted.") % {"number": booking.number})
        return see_other(request, reverse("bookings:list"))
    return render_page(request, "bookings/delete.html", {"booking": booking, "shell": layout_of(request)})


def may_invoice(request: CompanyRequest) -> bool:
    return may(request.actor, Right.EDIT_INVOICES, Feature.INVOICING)


def ticked(request: CompanyRequest) -> list[UUID]:
    """The ticked rows. Raises BadInput where none is, NotFound for what is no key."""
    texts = request.POST.getlist("ids")
    if not 0 < len(texts) <= TICKED_MAX:
        raise BadInput("bad_selection", _("Tick between 1 and %(max)d bookings first.") % {"max": TICKED_MAX})
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise not_found() from None
