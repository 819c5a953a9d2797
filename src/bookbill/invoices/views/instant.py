"""Create Instant Invoice: an invoice without a calendar booking."""

from decimal import Decimal

from django.http import HttpResponse
from django.urls import reverse

from bookbill.bookings.drafts import BookingDraft
from bookbill.bookings.forms import BookingForm, Items
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.invoices.actions.drafting import make_instant_invoice
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_page, see_other


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
def instant_page(request: CompanyRequest) -> HttpResponse:
    """Customer, date and lines; the draft opens for a look before it is sent."""
    first = {
        "customer": request.GET.get("customer", ""),
        "service_date": today(request.company),
        "tax_code": request.company.default_tax_code_id,
    }
    form = BookingForm(request.POST or None, initial=first)
    items = Items(
        request.POST or None, prefix="items", initial=None if request.POST else [{"quantity": Decimal(1)}]
    )
    if request.method == "POST" and all([form.is_valid(), items.is_valid()]):
        said = form.cleaned_data

        def act() -> str:
            booking = BookingDraft(
                customer_id=said["customer"].pk,
                service_date=said["service_date"],
                tax_code_id=form.tax_code_id(),
                discount=form.discount(),
                items=items.drafts(form.tax_code_id()),
                completed=True,
                is_instant=True,
            )
            made = make_instant_invoice(booking, InvoiceDraft(()), by=request.actor, now=now(request.company))
            return reverse("invoices:edit", args=[made.pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    status = 422 if request.method == "POST" else 200
    return render_page(request, "invoices/instant.html", {"form": form, "items": items}, status=status)
