"""Sending an invoice, now or later; taking it back; trying one recipient again; reminding."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.invoices.actions.copying import send_cancelled_copy
from bookbill.invoices.actions.holding import send_or_hold, undo_sending
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.actions.reminding import refuse_reminding, remind_invoices
from bookbill.invoices.actions.retrying import dismiss_mail, retry_mail
from bookbill.invoices.actions.seen import (
    Stale,
    credit_at_sending,
    refuse_credit_unseen,
    refuse_reminding_unseen,
    refuse_undoing_unseen,
    refuse_unseen,
    reminders_as_seen,
)
from bookbill.invoices.forms import CopyForm, SendForm
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.views.acts import dialog
from bookbill.invoices.views.detail import changes_of, last_sent_version, leaving
from bookbill.invoices.views.recipients import chosen_recipients, recipients_again
from bookbill.invoices.views.toasts import say_sent
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.routes import not_found
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_page, see_other, toast


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING)
def send_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Show to whom it goes, then send (again), at once or at a time, or mark it as sent."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        pressed = request.POST.get("act", "")
        marks = pressed == "mark"
        form = SendForm(request.POST)
        form.fields["recipients"].required = not marks
        if form.is_valid():

            def act() -> str:
                if seen := request.POST.get("seen"):
                    locked = lock_invoice(pk)
                    refuse_unseen(locked, seen, is_ahead=locked.bills_ahead())
                    refuse_credit_unseen(locked, request.company, request.POST.get("credit"))
                held = send_or_hold(
                    [pk],
                    by=request.actor,
                    now=now(request.company),
                    recipients=chosen_recipients(invoice, form.cleaned_data["recipients"] or []),
                    mark_only=marks,
                    send_at=form.send_at(pressed, request.company),
                )
                say_sent(request, held=held, marked=marks)
                return reverse("invoices:detail", args=[pk])

            try:
                return see_other(request, act_once(request, act))
            except RuleBroken as refused:
                refuse(form, refused)
                invoice = find_invoice(pk)  # somebody may have been faster
    else:
        form = SendForm(initial={"recipients": resolve_recipients([invoice], {})[pk]})
    if invoice.cancelled_at:
        status = 422 if request.method == "POST" else 200
        return dialog(request, "invoices/cancelled_already.html", invoice, None, status=status)
    last_sent = last_sent_version(invoice)
    changes, changes_left = changes_of(invoice, last_sent, now(request.company))
    is_ahead = invoice.bills_ahead()
    return dialog(
        request,
        "invoices/send.html",
        invoice,
        form,
        is_ahead=is_ahead,
        seen=invoice.as_seen(is_ahead=is_ahead),
        credit_minor=credit_at_sending(request.company, invoice.customer_id, invoice.due()),
        **recipients_again(form, request, resolve_recipients([invoice], {})[pk]),
        changes=changes,
        changes_left=changes_left,
        last_sent=last_sent,
    )


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING)
def copy_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Mail the copy of a cancelled invoice."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        form = CopyForm(request.POST)
        if form.is_valid():

            def act() -> str:
                typed = form.cleaned_data["recipients"]
                send_cancelled_copy(pk, recipients=typed, by=request.actor, now=now(request.company))
                toast(request, _("The cancelled copy is on its way."))
                return reverse("invoices:emails", args=[pk])

            try:
                return see_other(request, act_once(request, act))
            except RuleBroken as refused:
                refuse(form, refused)
    else:
        form = CopyForm(initial={"recipients": resolve_recipients([invoice], {})[pk]})
    return dialog(request, "invoices/send_copy.html", invoice, form)


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def leaving_part(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """When a promised sending leaves; once it has left, what fetches the page as it stands then."""
    invoice = find_invoice(pk)
    return render_page(
        request, "invoices/parts/leaving.html", {"invoice": invoice, **leaving(request, invoice)}
    )


@staff_view(Right.SEND_INVOICES, methods=("POST",))
def undo_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Take the sending that the page showed back, before it has begun."""

    def act() -> None:
        refuse_undoing_unseen(lock_invoice(pk), request.GET.get("at", ""))
        undo_sending([pk], by=request.actor, now=now(request.company))

    transact(act)
    is_draft = find_invoice(pk).sent_at is None
    toast(request, _("Not sent. It is a draft.") if is_draft else _("Not sent. Everything is as before."))
    return see_other(request, reverse("invoices:detail", args=[pk]))


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING)
def retry_page(request: CompanyRequest, pk: UUID, message_id: UUID) -> HttpResponse:
    """Send a mail again to the recipient it did not reach; ask first where it may have arrived."""
    invoice = find_invoice(pk)
    message = Message.objects.about([pk]).filter(pk=message_id).first()
    if message is None:
        raise not_found()
    may_have_arrived = message.state == State.UNKNOWN
    if request.method != "POST" or (may_have_arrived and not request.POST.get("confirm")):
        return dialog(
            request, "invoices/retry.html", invoice, None, mail=message, may_have_arrived=may_have_arrived
        )
    confirmed = bool(request.POST.get("confirm"))
    transact(
        lambda: retry_mail(
            pk, message_id, may_arrive_twice=confirmed, by=request.actor, now=now(request.company)
        )
    )
    toast(request, _("On its way again to %(recipient)s.") % {"recipient": message.recipient})
    return see_other(request, reverse("invoices:emails", args=[pk]))


@staff_view(Right.SEND_INVOICES, methods=("POST",))
def dismiss_page(request: CompanyRequest, pk: UUID, message_id: UUID) -> HttpResponse:
    """Take a mail that did not arrive off the list of what needs somebody."""
    transact(lambda: dismiss_mail(pk, message_id, by=request.actor, now=now(request.company)))
    toast(request, _("Marked as resolved."))
    return see_other(request, reverse("invoices:emails", args=[pk]))


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING)
def remind_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say what is asked for and of whom, then send a reminder."""
    is_stale = False
    if request.method == "POST":

        def act() -> str:
            refuse_reminding_unseen(lock_invoice(pk), request.POST.get("seen", ""))
            remind_invoices([pk], by=request.actor, now=now(request.company))
            toast(request, _("Reminder sent."))
            return reverse("invoices:emails", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except Stale:
            is_stale = True
    invoice = find_invoice(pk)
    recipients = resolve_recipients([invoice], {})[pk]
    refuse_reminding(invoice, recipients)
    return dialog(
        request,
        "invoices/remind.html",
        invoice,
        None,
        status=409 if is_stale else 200,
        is_stale=is_stale,
        recipients=recipients,
        payable_minor=invoice.payable(),
        seen=reminders_as_seen([invoice], {pk: recipients})[pk],
    )
