"""Recording money that came from a customer."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.customers.models import Customer
from bookbill.customers.reading import clean_search
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.forms import RecordForms
from bookbill.ledger.reading import owed_by, payers, places, unpaid
from bookbill.ledger.views.toasts import say_recorded
from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, see_other


@staff_view(Right.RECORD_PAYMENTS, Right.VIEW_CUSTOMERS, methods=("GET", "HEAD"))
def payers_page(request: CompanyRequest) -> HttpResponse:
    """Whose money it is, where the recording begins elsewhere than at a customer or an invoice."""
    search = clean_search(request.GET.get("q", ""))
    context = {"payers": payers(search), "search": search, "shell": layout_of(request)}
    return render_page(request, "ledger/payers.html", context)


@staff_view(Right.RECORD_PAYMENTS)
def record_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Amount, day, method; then the oldest unpaid bookings, a placing by hand, or all of it as credit."""
    customer = get_object_or_404(Customer, pk=pk)
    bookings = places(customer.pk)
    owed = owed_by(customer.pk)
    forms = RecordForms(
        request.POST if request.method == "POST" else None,
        company=request.company,
        bookings=bookings,
        amount_minor=owed.invoiced_minor or owed.waiting_minor,
        received_on=today(request.company),
    )
    if request.method == "POST" and forms.is_valid():

        def act() -> str:
            draft = forms.draft(pk, fill=unpaid(pk))
            made = record_payments([draft], by=request.actor, now=now(request.company))[0]
            say_recorded(request, made)
            return reverse("ledger:detail", args=[made.pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(forms.form, refused)
    context = {
        "customer": customer,
        "form": forms.form,
        "recording": forms,
        "owed": owed,
        "shell": layout_of(request),
    }
    return render_page(request, "ledger/record.html", context, status=422 if forms.has_errors() else 200)
