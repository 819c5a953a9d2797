"""Recording money that came from a customer."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.rules import State
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.customers.models import Customer
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.forms import PaymentForm, PlacingForm, Way
from bookbill.ledger.reading import places, unpaid
from bookbill.ledger.rules import Method
from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, see_other, toast


@staff_view(Right.RECORD_PAYMENTS)
def record_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Amount, day, method; then the oldest unpaid bookings, a placing by hand, or all of it as credit."""
    customer = get_object_or_404(Customer, pk=pk)
    bookings = places(customer.pk)
    data = request.POST if request.method == "POST" else None
    due = sum(booking.due() for booking in bookings if booking.state != State.SCHEDULED)
    form = PaymentForm(
        data,
        company=request.company,
        initial={
            "amount": due or None,
            "received_on": today(request.company),
            "method": Method.BANK_TRANSFER,
            "way": Way.OLDEST,
        },
    )
    placing = PlacingForm(data, bookings=bookings, currency=request.company.currency)
    by_hand = data is not None and data.get("way") == Way.HAND
    if data is not None and not by_hand and placing.has_amounts():
        form.add_error("way", _("Amounts are entered below. Choose to apply them, or empty them."))
        by_hand = True  # so that they are in sight
    if data is not None and form.is_valid() and (not by_hand or placing.is_valid()):
        said = form.cleaned_data

        def act() -> str:
            draft = PaymentDraft(
                customer_id=pk,
                method=said["method"],
                amount_minor=said["amount"],
                currency=request.company.currency,
                received_on=said["received_on"],
                reference=said["reference"],
                placing=placing.placing() if by_hand else None,
                fill=unpaid(pk) if said["way"] == Way.OLDEST else (),
            )
            made = record_payments([draft], by=request.actor, now=now(request.company))[0]
            toast(request, _("Payment recorded."))
            return reverse("ledger:detail", args=[made.pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    context = {
        "customer": customer,
        "form": form,
        "placing": placing,
        "by_hand": by_hand,
        "due_minor": due,
        "shell": layout_of(request),
    }
    has_errors = bool(form.errors) or (by_hand and bool(placing.errors))
    return render_page(request, "ledger/record.html", context, status=422 if has_errors else 200)
