"""Acts on a payment: place it anew, mend its reference, reverse it."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.ledger.actions.payments import edit_reference, place_payment, reverse_payment
from bookbill.ledger.forms import PlacingForm, ReferenceForm, ReversalForm
from bookbill.ledger.models import Allocation, Payment
from bookbill.ledger.reading import places
from bookbill.ledger.shown import shown
from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_in_place, render_page, see_other, seen_in_place, toast


@staff_view(Right.PLACE_PAYMENTS)
def place_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say for each booking how much of the payment lies on it; the rest is credit."""
    payment: Payment = get_object_or_404(Payment.objects.select_related("customer"), pk=pk)
    placed = {
        booking: amount for _payment, booking, amount in Allocation.objects.filter(payment=payment).placed()
    }
    form = PlacingForm(
        request.POST if request.method == "POST" else None,
        bookings=places(payment.customer_id, placed),
        currency=payment.currency,
        placed=placed,
    )
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            place_payment(pk, form.placing(), by=request.actor, now=now(request.company))
            toast(request, _("The payment is applied as you said."))
            return reverse("ledger:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    return dialog(request, "ledger/place.html", payment, form)


@staff_view(Right.RECORD_PAYMENTS)
def reference_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The one thing about a payment that may be mended in place."""
    payment: Payment = get_object_or_404(Payment.objects.select_related("customer"), pk=pk)
    form = ReferenceForm(
        request.POST if request.method == "POST" else None, initial={"reference": payment.reference}
    )
    form.fields["reference"].widget.attrs["autofocus"] = True
    here = reverse("ledger:detail", args=[pk])
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            edit_reference(pk, form.cleaned_data["reference"], by=request.actor, now=now(request.company))
            toast(request, _("Saved."))
            return here

        try:
            return seen_in_place(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    context = {
        "heading": _("Edit reference"),
        "form": form,
        "url": reverse("ledger:reference", args=[pk]),
        "back": here,
        "note": _(
            "Amount, date and method stay as recorded. If one of them is wrong, reverse the payment and record the right one."
        ),
    }
    return render_in_place(request, context, place="reference-text", status=422 if form.errors else 200)


@staff_view(Right.REVERSE_PAYMENTS)
def reverse_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Undo a payment that was entered wrongly. Then record the right one."""
    payment: Payment = get_object_or_404(Payment.objects.select_related("customer"), pk=pk)
    form = ReversalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            reverse_payment(
                pk, reason=form.cleaned_data["reason"], by=request.actor, now=now(request.company)
            )
            toast(request, _("Payment reversed. Its bookings are due again."))
            return reverse("ledger:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    return dialog(request, "ledger/reverse.html", payment, form)


def dialog(
    request: CompanyRequest, template: str, payment: Payment, form: Any, **context: Any
) -> HttpResponse:
    """A small form over a payment: a dialog where it was asked for by one, else a page."""
    context |= {
        "payment": payment,
        "shown": shown([payment])[0],
        "form": form,
        "shell": layout_of(request),
    }
    return render_page(request, template, context, status=422 if form.errors else 200)
