"""Sending a receipt of a payment."""

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
from bookbill.invoices.actions.receipting import send_receipts
from bookbill.invoices.actions.seen import Stale, list_as_seen
from bookbill.ledger.models import Payment
from bookbill.web.htmx import layout_of, render_page, see_other, toast


@staff_view(Right.RECORD_PAYMENTS)
def receipt_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say who gets it, then send it."""
    payment: Payment = get_object_or_404(Payment.objects.select_related("customer"), pk=pk)
    refused_because = ""
    if request.method == "POST":

        def act() -> str:
            seen = request.POST.get("seen_list", "")
            send_receipts([pk], seen_list=seen, by=request.actor, now=now(request.company))
            toast(request, _("Receipt sent."))
            return reverse("ledger:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except Stale as refused:
            refused_because = refused.message
            payment.customer.refresh_from_db()
    recipients = payment.customer.billing_recipients()
    context = {
        "payment": payment,
        "customer": payment.customer,
        "recipients": recipients,
        "seen_list": list_as_seen(recipients),
        "refused_because": refused_because,
        "shell": layout_of(request),
    }
    return render_page(request, "invoices/receipt.html", context, status=409 if refused_because else 200)
