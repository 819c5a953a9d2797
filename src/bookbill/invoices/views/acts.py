"""Acts on an invoice: record a payment, edit, delete, cancel, duplicate, renew its link."""

from typing import Any
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
from bookbill.invoices.actions.drafting import delete_draft, edit_invoice, ends_with_its_invoice
from bookbill.invoices.actions.duplicating import duplicate_invoice
from bookbill.invoices.actions.linking import renew_link
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.actions.seen import (
    Stale,
    list_as_seen,
    refuse_ending_unseen,
    refuse_unseen_list,
)
from bookbill.invoices.forms import CancelForm, SentInvoiceForm
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.words import some_of
from bookbill.ledger.forms import RecordForms, Way
from bookbill.ledger.reading import places_among
from bookbill.ledger.views.toasts import say_recorded
from bookbill.lib.errors import RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.lib.transactions import transact
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, see_other, toast


@staff_view(Right.RECORD_PAYMENTS)
def payment_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Record a payment: the oldest bookings of the invoice are filled first, or as placed by hand; the rest becomes credit."""
    invoice = find_invoice(pk)
    forms = RecordForms(
        request.POST if request.method == "POST" else None,
        company=request.company,
        bookings=places_among(Booking.objects.filter(invoice=invoice)),
        amount_minor=invoice.due(),
        received_on=today(request.company),
        ways=(Way.OLDEST, Way.HAND),
    )
    if request.method == "POST" and forms.is_valid():

        def act() -> str:
            draft = forms.draft(invoice.customer_id, fill=())
            made = record_payment_on_invoice(pk, draft, by=request.actor, now=now(request.company))
            say_recorded(request, made)
            return reverse("invoices:detail", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(forms.form, refused)
    return dialog(request, "invoices/payment.html", invoice, forms.form, recording=forms)


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
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
    is_stale = False
    if request.method == "POST":

        def act() -> None:
            draft = lock_invoice(pk)
            if draft.sent_at is None:
                refuse_ending_unseen(draft, request.POST.get("seen", ""))
            delete_draft(pk, by=request.actor, now=now(request.company))

        try:
            transact(act)
        except Stale:
            invoice, is_stale = find_invoice(pk), True
        else:
            toast(request, _("Draft deleted."))
            return see_other(request, reverse("invoices:list"))
    return dialog(
        request,
        "invoices/delete.html",
        invoice,
        None,
        status=409 if is_stale else 200,
        is_stale=is_stale,
        **fate_of_bookings(invoice),
    )


@staff_view(Right.CANCEL_INVOICES)
def cancel_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say in figures what cancelling does, ask for a reason, do it; in the same act make a new one, if wished."""
    invoice = find_invoice(pk)
    recipients = resolve_recipients([invoice], {})[pk]
    fate = fate_of_bookings(invoice)
    form = CancelForm(request.POST if request.method == "POST" else None)
    form.name_recipients(recipients)
    if not fate["staying_count"]:
        del form.fields["bookings"]
    if form.is_valid() and not invoice.cancelled_at:
        said, makes_new = form.cleaned_data, request.POST.get("act") == "make_new"

        def act() -> Invoice:
            locked = lock_invoice(pk)
            refuse_ending_unseen(locked, request.POST.get("seen", ""))
            if request.POST.get("notify") and (shown := request.POST.get("seen_list")):
                refuse_unseen_list(locked, resolve_recipients([locked], {})[pk], shown)
            return cancel_invoice(
                pk,
                reason=said["reason"],
                hold_back=said.get("bookings") == "hold_back",
                notify=bool(said.get("notify")),
                make_new=makes_new,
                by=request.actor,
                now=now(request.company),
            )

        try:
            cancelled = transact(act)
        except RuleBroken as refused:
            refuse(form, refused)
            invoice = find_invoice(pk)  # somebody may have been faster
            fate, recipients = fate_of_bookings(invoice), resolve_recipients([invoice], {})[pk]
            form.name_recipients(recipients)
        else:
            toast(request, _("%(invoice)s is cancelled.") % {"invoice": invoice.number})
            if cancelled.replaced_by_id:
                return see_other(request, reverse("invoices:edit", args=[cancelled.replaced_by_id]))
            return see_other(request, reverse("invoices:detail", args=[pk]))
    if invoice.cancelled_at:
        status = 422 if request.method == "POST" else 200
        return dialog(request, "invoices/cancelled_already.html", invoice, None, status=status)
    seen_list = list_as_seen(recipients)
    return dialog(request, "invoices/cancel.html", invoice, form, seen_list=seen_list, **fate)


def fate_of_bookings(invoice: Invoice) -> dict[str, Any]:
    """Which bookings are free and which are cancelled once it is cancelled or its draft deleted, and the money on them."""
    ending, staying = list[Booking](), list[Booking]()
    own = Booking.objects.filter(invoice=invoice).oldest_first()
    for booking in own.only("number", "paid_minor", "is_instant", "state"):
        (ending if ends_with_its_invoice(booking) else staying).append(booking)
    return {
        "staying_count": len(staying),
        "numbers": some_of([booking.number for booking in staying]),
        "paid_minor": sum(booking.paid_minor for booking in staying),
        "paid_numbers": some_of([booking.number for booking in staying if booking.paid_minor]),
        "ending_count": len(ending),
        "ending": some_of([booking.number for booking in ending]),
        "credit_minor": sum(booking.paid_minor for booking in ending),
    }


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def duplicate(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The same lines once more, as a draft of today."""

    def act() -> str:
        made = duplicate_invoice(
            pk, service_date=today(request.company), by=request.actor, now=now(request.company)
        )
        toast(request, _("A copy as a draft, over new bookings of today."))
        return f"{reverse('invoices:edit', args=[made.pk])}?copy={pk}"

    return see_other(request, act_once(request, act))


@staff_view(Right.EDIT_INVOICES)
def new_link_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say what ends, then end it."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        transact(lambda: renew_link(pk, by=request.actor, now=now(request.company)))
        toast(request, _("The old link no longer works."))
        return see_other(request, reverse("invoices:detail", args=[pk]))
    return dialog(request, "invoices/new_link.html", invoice, None)


def dialog(
    request: CompanyRequest,
    template: str,
    invoice: Invoice,
    form: object,
    *,
    recording: RecordForms | None = None,
    status: int = 200,
    **more: object,
) -> HttpResponse:
    """A small form over the invoice: a dialog where it was asked for by one, else a page."""
    context = {
        "invoice": invoice,
        "customer": invoice.customer,
        "form": form,
        "recording": recording,
        "shell": layout_of(request),
        "bookings_count": Booking.objects.filter(invoice=invoice).count(),
        "revision": request.POST.get("revision") or invoice.revision,
        **more,
    }
    refused = getattr(form, "errors", None) or (recording and recording.has_errors())
    return render_page(request, template, context, status=422 if refused else status)
