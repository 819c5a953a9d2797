"""Settling an invoice without new money: by the customer's credit, or by giving the balance up."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.invoices.actions.paying import place_credit_on_invoice, write_off_invoice
from bookbill.invoices.forms import WriteOffForm
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.views.acts import dialog
from bookbill.ledger.models import Payment
from bookbill.lib.errors import RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.money.allocation import fill_in_order
from bookbill.web.formatting import money
from bookbill.web.forms import refuse
from bookbill.web.htmx import see_other, toast


@staff_view(Right.PLACE_PAYMENTS)
def credit_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say how much of the customer's credit goes here, then place it."""
    refused_because = ""
    if request.method == "POST":

        def act() -> str:
            seen = request.POST.get("placing")
            placed = place_credit_on_invoice(
                pk,
                seen_minor=typed_revision(seen) if seen else None,
                by=request.actor,
                now=now(request.company),
            )
            invoice = find_invoice(pk)
            toast(request, _("%(amount)s of credit applied.") % {"amount": money(placed, invoice.currency)})
            return reverse("invoices:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            if refused.code != "stale":
                raise
            refused_because = refused.message
    invoice = find_invoice(pk)
    credit = Payment.objects.credit_by_customer([invoice.customer_id]).get(invoice.customer_id, 0)
    placing = min(credit, invoice.due())
    return dialog(
        request,
        "invoices/credit.html",
        invoice,
        None,
        status=409 if refused_because else 200,
        refused_because=refused_because,
        credit_minor=credit,
        placing_minor=placing,
        left_minor=invoice.due() - placing + undone_write_off(invoice, placing),
    )


def undone_write_off(invoice: Invoice, placing_minor: int) -> int:
    """How much of what was given up on it is owed again once so much money is placed: a booking's write-off goes first."""
    own = list(Booking.objects.filter(invoice=invoice).oldest_first())
    parts = fill_in_order(placing_minor, [booking.due() for booking in own])
    return sum(min(part, booking.written_off_minor) for part, booking in zip(parts, own, strict=True))


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
