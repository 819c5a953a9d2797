"""Lowering the claim of a booking, and giving it up."""

from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.forms import LoweringForm
from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, see_other, toast


@staff_view(Right.WRITE_OFF)
def write_off_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Give up what will not be paid; no money, and undone by money that comes after all."""
    return lowering_page(request, pk, "ledger/write_off.html", write_off, _("Written off."))


@staff_view(Right.WRITE_OFF)
def reduce_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Lower what is owed, out of goodwill."""
    return lowering_page(request, pk, "ledger/reduce.html", reduce_claim, _("What is owed is reduced."))


def lowering_page(
    request: CompanyRequest, pk: UUID, template: str, lower: Callable[..., Booking], done: str
) -> HttpResponse:
    booking: Booking = get_object_or_404(Booking.objects.select_related("customer", "invoice"), pk=pk)
    form = LoweringForm(
        request.POST if request.method == "POST" else None,
        currency=booking.currency,
        initial={"amount_minor": booking.due() or None},
    )
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            lower(pk, **form.cleaned_data, by=request.actor, now=now(request.company))
            toast(request, done)
            return reverse("bookings:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    context = {"booking": booking, "form": form, "shell": layout_of(request)}
    return render_page(request, template, context, status=422 if form.errors else 200)
