"""Acts on an invoice: record a payment, edit, delete, cancel, duplicate, renew its link."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import delete_draft, edit_invoice
from bookbill.invoices.actions.duplicating import duplicate_invoice
from bookbill.invoices.actions.linking import renew_link
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.forms import CancelForm, PaymentForm, SentInvoiceForm
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import find_invoice
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.errors import RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.lib.transactions import transact
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, see_other, toast


@staff_view(Right.RECORD_PAYMENTS)
def payment_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Record a payment; the oldest bookings of the invoice are filled first, the rest becomes credit."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        form = PaymentForm(request.POST, company=request.company)
        if form.is_valid():
            said = form.cleaned_data

            def act() -> str:
                draft = PaymentDraft(
                    customer_id=invoice.customer_id,
                    method=said["method"],
                    amount_minor=said["amount"],
                    currency=invoice.currency,
                    received_on=said["received_on"],
                    reference=said["reference"],
                )
                record_payment_on_invoice(pk, draft, by=request.actor, now=now(request.company))
                toast(request, _("Payment recorded."))
                return reverse("invoices:detail", args=[pk])

            try:
                return see_other(request, act_once(request, act))
            except RuleBroken as refused:
                refuse(form, refused)
    else:
        form = PaymentForm(
            company=request.company,
            initial={
                "amount": invoice.due() or None,
                "received_on": today(request.company),
                "method": "bank_transfer",
            },
        )
    return dialog(request, "invoices/payment.html", invoice, form)


@staff_view(Right.EDIT_INVOICES)
def edit_sent_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Note, extra recipients and payment link of a sent invoice."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        form = SentInvoiceForm(request.POST)
        if form.is_valid():
            revision = typed_revision(request.POST.get("revision") or str(invoice.revision))
            try:
                transact(
                    lambda: edit_invoice(
                        pk, form.cleaned_data, revision=revision, by=request.actor, now=now(request.company)
                    )
                )
            except RuleBroken as refused:
                refuse(form, refused)
            else:
                toast(request, _("Saved. It shows from the next sending on."))
                return see_other(request, reverse("invoices:detail", args=[pk]))
    else:
        form = SentInvoiceForm(
            initial={
                "note": invoice.note,
                "extra_recipients": invoice.extra_recipients,
                "payment_link": invoice.payment_link,
            }
        )
    return dialog(request, "invoices/edit_sent.html", invoice, form)


@staff_view(Right.EDIT_INVOICES)
def delete_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Ask, then delete a draft."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        transact(lambda: delete_draft(pk, by=request.actor, now=now(request.company)))
        toast(request, _("Draft deleted. Its bookings can be invoiced again."))
        return see_other(request, reverse("invoices:list"))
    return dialog(request, "invoices/delete.html", invoice, None)


@staff_view(Right.CANCEL_INVOICES)
def cancel_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say in figures what cancelling does, ask for a reason, do it; in the same act make a new one, if wished."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        form = CancelForm(request.POST)
        if form.is_valid():
            said, makes_new = form.cleaned_data, request.POST.get("act") == "make_new"
            try:
                cancelled = transact(
                    lambda: cancel_invoice(
                        pk,
                        reason=said["reason"],
                        hold_back=said["bookings"] == "hold_back" and not makes_new,
                        notify=said["notify"],
                        make_new=makes_new,
                        by=request.actor,
                        now=now(request.company),
                    )
                )
            except RuleBroken as refused:
                refuse(form, refused)
            else:
                toast(request, _("%(invoice)s is cancelled.") % {"invoice": invoice.number})
                if cancelled.replaced_by_id:
                    return see_other(request, reverse("invoices:edit", args=[cancelled.replaced_by_id]))
                return see_other(request, reverse("invoices:detail", args=[pk]))
    else:
        form = CancelForm()
    return dialog(request, "invoices/cancel.html", invoice, form)


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def duplicate(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The same lines once more, as a draft of today."""

    def act() -> str:
        made = duplicate_invoice(
            pk, service_date=today(request.company), by=request.actor, now=now(request.company)
        )
        toast(request, _("A copy as a draft, over new bookings of today."))
        return reverse("invoices:edit", args=[made.pk])

    return see_other(request, act_once(request, act))


@staff_view(Right.EDIT_INVOICES)
def new_link_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say what ends, then end it."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        transact(lambda: renew_link(pk, by=request.actor, now=now(request.company)))
        toast(request, _("The old link leads nowhere now."))
        return see_other(request, reverse("invoices:detail", args=[pk]))
    return dialog(request, "invoices/new_link.html", invoice, None)


def dialog(
    request: CompanyRequest, template: str, invoice: Invoice, form: object, **more: object
) -> HttpResponse:
    """A small form over the invoice: a dialog where it was asked for by one, else a page."""
    context = {
        "invoice": invoice,
        "customer": invoice.customer,
        "form": form,
        "shell": layout_of(request),
        "bookings_count": Booking.objects.filter(invoice=invoice).count(),
        "revision": request.POST.get("revision") or invoice.revision,
        **more,
    }
    return render_page(request, template, context, status=422 if getattr(form, "errors", None) else 200)
