"""Settling an invoice without new money: by the customer's credit, or by giving the balance up."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.invoices.actions.paying import place_credit_on_invoice, write_off_invoice
from bookbill.invoices.forms import WriteOffForm
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.views.acts import dialog
from bookbill.ledger.models import Payment
from bookbill.lib.errors import RuleBroken
from bookbill.web.formatting import money
from bookbill.web.forms import refuse
from bookbill.web.htmx import see_other, toast


@staff_view(Right.PLACE_PAYMENTS)
def credit_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say how much of the customer's credit goes here, then place it."""
    invoice = find_invoice(pk)
    if request.method == "POST":

        def act() -> str:
            placed = place_credit_on_invoice(pk, by=request.actor, now=now(request.company))
            toast(request, _("%(amount)s of credit applied.") % {"amount": money(placed, invoice.currency)})
            return reverse("invoices:detail", args=[pk])

        return see_other(request, act_once(request, act))
    credit = Payment.objects.credit_by_customer([invoice.customer_id]).get(invoice.customer_id, 0)
    placing = min(credit, invoice.due())
    return dialog(
        request,
        "invoices/credit.html",
        invoice,
        None,
        credit_minor=credit,
        placing_minor=placing,
        left_minor=invoice.due() - placing,
    )


@staff_view(Right.WRITE_OFF)
def write_off_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say what is given up, ask for a reason, write it off."""
    invoice = find_invoice(pk)
    form = WriteOffForm(
        request.POST if request.method == "POST" else None, initial={"due_minor": invoice.due()}
    )
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            write_off_invoice(pk, **form.cleaned_data, by=request.actor, now=now(request.company))
            toast(request, _("%(invoice)s is written off.") % {"invoice": invoice.number})
            return reverse("invoices:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    return dialog(request, "invoices/write_off.html", invoice, form)
