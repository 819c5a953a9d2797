"""Generate Invoice, and editing a draft."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.actions.booking import lock_bookings
from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.companies.views.frame import posted
from bookbill.customers.models import Customer
from bookbill.documents.document import Document
from bookbill.invoices.actions.drafting import edit_invoice, make_invoices, new_invoice
from bookbill.invoices.actions.grouping import check_group, movable_drafts
from bookbill.invoices.actions.holding import next_recipients, redirect_sending, send_or_hold
from bookbill.invoices.actions.seen import (
    credit_at_sending,
    refuse_credit_unseen,
    refuse_held_unseen,
    refuse_unseen,
)
from bookbill.invoices.actions.sending import CannotSend
from bookbill.invoices.choosing import sort_out
from bookbill.invoices.claims import claim_of
from bookbill.invoices.comparing import other_taxes
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.forms import InvoiceForm
from bookbill.invoices.lines import read_lines
from bookbill.invoices.live import document_of, read_blocks, read_live
from bookbill.invoices.models import Invoice
from bookbill.invoices.pdfs import preview_pdf
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.views.choosing import LINK_MAX, read_bookings, sorted_page, uuids_in, waiting_of
from bookbill.invoices.views.detail import leaving
from bookbill.invoices.views.recipients import chosen_recipients, recipients_again
from bookbill.invoices.views.toasts import say_sent
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_page, see_other, toast

OTHERS_SHOWN = 6

T = TypeVar("T", InvoiceDraft, Invoice)


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
def generate_page(request: CompanyRequest) -> HttpResponse:
    """Generate Invoice over the bookings named in the address; saves a draft, sends, or puts the customer's others on it too.

    What cannot go on the invoice is left out and named with its reason.
    """
    ids = uuids_in(request.POST.getlist("bookings") or request.GET.getlist("bookings"))
    bookings = read_bookings(ids)
    if not bookings:
        return see_other(request, reverse("invoices:choose"))
    if request.method != "POST" and len(bookings) == 1 and bookings[0].invoice_id:
        return see_other(request, reverse("invoices:detail", args=[bookings[0].invoice_id]))
    wants_all = request.POST.get("act") == "all"
    if wants_all:
        ids += waiting_of(bookings[0].customer_id, besides=ids)
        bookings = read_bookings(ids)
    choices = sort_out(bookings)
    if len({booking.customer_id for booking in bookings}) > 1:
        return sorted_page(request, choices)
    customer, company = bookings[0].customer, request.company
    own = customer.billing_recipients()
    # What was typed for one customer, the recipients above all, does not bill another.
    was_for_another = request.POST.get("customer", str(customer.pk)) != str(customer.pk)
    form = InvoiceForm(
        None if was_for_another else posted(request),
        invoice=Invoice(customer=customer),
        company=company,
        initial={
            "recipients": own,
            "payment_link": company.payment_link_default,
        },
    )
    # As from everywhere: a few are shown first, many go on a draft at once.
    if form.is_valid() and not (wants_all and len(ids) <= LINK_MAX):
        draft = draft_of(form, customer, ids)
        if done := carried_out(draft, form, request, preview_of_new, make_and_go):
            return done
    billed = [choice.booking for choice in choices if not choice.reason]
    if not billed:
        return sorted_page(request, choices)
    document = preview_document(draft_over([booking.pk for booking in billed]), request)
    context = {
        "form": form,
        "customer": customer,
        "was_for_another": was_for_another,
        "bookings": billed,
        "document": document,
        "seen": Invoice(live_claim=claim_of(document)).as_seen(is_ahead=is_ahead(billed)),
        **recipients_again(form, request, own, own=own),
        "held_back": [booking for booking in billed if booking.held_back],
        "credit_minor": credit_at_sending(company, customer.pk, document.totals.due_minor),
        "moved": [choice.booking for choice in choices if choice.moves()],
        "left_out": [choice for choice in choices if choice.reason],
        "is_ahead": is_ahead(billed),
        **others_of(billed, besides=ids),
    }
    is_refused = form.errors or was_for_another
    return render_page(request, "invoices/generate.html", context, status=422 if is_refused else 200)


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
def edit_draft_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The same page over a draft that exists."""
    invoice = find_invoice(pk)
    if invoice.sent_at:
        if request.method == "POST":
            toast(
                request,
                _("%(invoice)s was sent meanwhile: nothing of what you typed was saved.")
                % {"invoice": invoice.number},
                level=messages.WARNING,
            )
        return see_other(request, reverse("invoices:detail", args=[pk]))
    form = InvoiceForm(
        posted(request),
        invoice=invoice,
        company=request.company,
        initial={
            "recipients": next_recipients([invoice])[invoice.pk],
            "issue_date": invoice.issue_date,
            "due_date": invoice.due_date,
            "terms_days": invoice.terms_days,
            "note": invoice.note,
            "payment_link": invoice.payment_link,
        },
    )
    if form.is_valid() and (done := carried_out(invoice, form, request, preview_of_edit, save_and_go)):
        return done
    bookings = list(Booking.objects.filter(invoice=invoice).oldest_first())
    document = read_live([invoice], now=now(request.company))[invoice.pk]
    context = {
        "form": form,
        "invoice": invoice,
        "customer": invoice.customer,
        "bookings": bookings,
        "document": document,
        "seen": invoice.as_seen(is_ahead=is_ahead(bookings)),
        **recipients_again(
            form, request, form.initial["recipients"], own=invoice.customer.billing_recipients()
        ),
        "is_ahead": is_ahead(bookings),
        "credit_minor": credit_at_sending(request.company, invoice.customer_id, invoice.due()),
        "other_taxes": other_taxes_of_copy(document, request),
        "revision": request.POST.get("revision") or invoice.revision,
        **leaving(request, invoice),
        **others_of(bookings),
    }
    return render_page(request, "invoices/generate.html", context, status=422 if form.errors else 200)


def other_taxes_of_copy(document: Document, request: CompanyRequest) -> list[str]:
    """Where a draft that was just made as a copy is taxed otherwise than the invoice `copy` in the address."""
    copied = Invoice.objects.filter(pk__in=uuids_in([request.GET.get("copy", "")])).first()
    return other_taxes(read_lines(copied, None, now=now(request.company))[0], document) if copied else []


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def add_bookings(request: CompanyRequest, pk: UUID) -> HttpResponseBase:
    """Put all other waiting bookings of the customer on this draft too, and keep what was typed beside them."""

    def act() -> str:
        invoice = find_invoice(pk)
        form = InvoiceForm(request.POST, invoice=invoice, company=request.company)
        typed = changes_of(form, invoice.customer) if form.is_valid() else {}
        own = list(Booking.objects.filter(invoice=invoice).values_list("pk", flat=True))
        edit_invoice(
            pk,
            typed | {"booking_ids": own + waiting_of(invoice.customer_id, besides=own)},
            revision=typed_revision(request.POST.get("revision", "")) if typed else None,
            by=request.actor,
            now=now(request.company),
        )
        return reverse("invoices:edit", args=[pk])

    try:
        return see_other(request, act_once(request, act))
    except BadInput:
        return edit_draft_page(request, pk)  # says it beside the field, and keeps what was typed


def carried_out(
    subject: T,
    form: InvoiceForm,
    request: CompanyRequest,
    preview: Callable[[T, InvoiceForm, CompanyRequest], bytes],
    save: Callable[[T, InvoiceForm, CompanyRequest], str],
) -> HttpResponse | None:
    """What the button pressed leads to; None where that was refused, with the reason in the form."""
    try:
        if request.POST.get("act") == "preview":
            return pdf_page(preview(subject, form, request))
        return see_other(request, act_once(request, lambda: save(subject, form, request)))
    except RuleBroken as refused:
        refuse(form, refused)
        return None


def make_and_go(draft: InvoiceDraft, form: InvoiceForm, request: CompanyRequest) -> str:
    """Make the draft; with Send also send it (or begin its hold). Where to go next."""
    instant = now(request.company)
    moves = bool(request.POST.get("move"))
    refuse_held_unseen(lock_bookings(draft.booking_ids).values(), request.POST.get("held"))
    invoice = make_invoices([draft], move_from_drafts=moves, by=request.actor, now=instant)[0]
    chosen = chosen_dates(form)
    if chosen:
        invoice = edit_invoice(invoice.pk, chosen, by=request.actor, now=instant)
    return go_on(invoice, form, request)


def save_and_go(invoice: Invoice, form: InvoiceForm, request: CompanyRequest) -> str:
    """Save the draft; a sending that waits goes to whom the form names by now. With Send also send it. Where to go next."""
    changes, typed = changes_of(form, invoice.customer), form.cleaned_data["recipients"] or []
    untouched = [*next_recipients([invoice]).values(), request.POST.get("to", "").split()]
    goes_elsewhere = set(typed) not in map(set, untouched)
    if invoice.sending_at and not typed:
        raise CannotSend(
            "no_recipient", _("Name at least one recipient, or undo the sending."), field="recipients"
        )
    if invoice.sending_at and not goes_elsewhere:
        # What was chosen for that sending only is not kept for later ones.
        del changes["extra_recipients"]
    edited = edit_invoice(
        invoice.pk,
        changes,
        revision=typed_revision(request.POST.get("revision") or str(invoice.revision)),
        by=request.actor,
        now=now(request.company),
    )
    if edited.sending_at and goes_elsewhere and request.POST.get("act") == "draft":
        chosen = chosen_recipients(edited, typed).get(edited.pk, ())
        redirect_sending(edited.pk, chosen, by=request.actor, now=now(request.company))
    return go_on(edited, form, request)


def go_on(invoice: Invoice, form: InvoiceForm, request: CompanyRequest) -> str:
    act = request.POST.get("act")
    here = reverse("invoices:detail", args=[invoice.pk])
    if act in ("send", "schedule", "mark"):
        if seen := request.POST.get("seen"):
            refuse_unseen(invoice, seen, is_ahead=invoice.bills_ahead())
            refuse_credit_unseen(invoice, request.company, request.POST.get("credit"))
        typed, marks = form.cleaned_data["recipients"] or [], act == "mark"
        if not typed and not marks:
            raise CannotSend("no_recipient", _("Name at least one recipient."), field="recipients")
        held = send_or_hold(
            [invoice.pk],
            by=request.actor,
            now=now(request.company),
            recipients={} if marks else chosen_recipients(invoice, typed),
            mark_only=marks,
            send_at=form.send_at(act, request.company),
        )
        say_sent(request, held=held, marked=marks)
    else:
        if act == "draft":
            form.send_at(act, request.company)  # a draft would lose it
        say_saved(request, invoice, form)
    return reverse("invoices:edit", args=[invoice.pk]) if act == "all" else here


def say_saved(request: CompanyRequest, invoice: Invoice, form: InvoiceForm) -> None:
    """That it is a draft, and which addresses taken out of the box stay: the customer's own are not the draft's to keep out."""
    if invoice.sending_at:
        toast(request, _("Saved. It leaves as planned."))
        return
    typed = {address.lower() for address in form.cleaned_data["recipients"] or []}
    own = invoice.customer.billing_recipients()
    if staying := [address for address in own if address.lower() not in typed]:
        toast(
            request,
            _(
                "Saved as draft. It still goes to %(addresses)s, from the customer's own settings: leave that out when you send, or change the customer."
            )
            % {"addresses": ", ".join(staying)},
        )
    else:
        toast(request, _("Saved as draft."))


def draft_of(form: InvoiceForm, customer: Customer, booking_ids: Sequence[UUID]) -> InvoiceDraft:
    return InvoiceDraft(
        booking_ids=tuple(booking_ids),
        note=form.cleaned_data["note"],
        extra_recipients=tuple(extra_of(form, customer)),
        payment_link=form.cleaned_data["payment_link"],
        terms_days=form.cleaned_data["terms_days"],
    )


def draft_over(booking_ids: Sequence[UUID]) -> InvoiceDraft:
    return InvoiceDraft(booking_ids=tuple(booking_ids))


def changes_of(form: InvoiceForm, customer: Customer) -> dict[str, object]:
    return {
        "note": form.cleaned_data["note"],
        "extra_recipients": extra_of(form, customer),
        "payment_link": form.cleaned_data["payment_link"],
        "terms_days": form.cleaned_data["terms_days"],
        "issue_date": form.cleaned_data["issue_date"],
        "due_date": form.cleaned_data["due_date"],
    }


def chosen_dates(form: InvoiceForm) -> dict[str, object]:
    return {name: form.cleaned_data[name] for name in ("issue_date", "due_date") if form.cleaned_data[name]}


def extra_of(form: InvoiceForm, customer: Customer) -> list[str]:
    """What was typed beyond the addresses that the customer's own settings give, or gave when the page was shown (``own``)."""
    known = {address.lower() for address in customer.billing_recipients()}
    known |= set(form.data.get("own", "").lower().split())
    return [address for address in form.cleaned_data["recipients"] if address.lower() not in known]


def preview_document(
    draft: InvoiceDraft, request: CompanyRequest, dates: dict[str, object] | None = None
) -> Document:
    """The document as it would be, over an invoice that is nowhere stored."""
    bookings = list(
        Booking.objects.filter(pk__in=draft.booking_ids).select_related("customer").oldest_first()
    )
    drafts = movable_drafts(bookings)
    for booking in bookings:
        if booking.invoice_id in drafts:
            booking.invoice_id = None
    check_group(bookings)
    customer, instant = bookings[0].customer, now(request.company)
    invoice = new_invoice(draft, request.company, customer, now=instant)
    for name, value in (dates or {}).items():
        setattr(invoice, name, value)
    blocks = read_blocks(bookings)
    return document_of(
        invoice, request.company, customer, bookings, [blocks[booking.pk] for booking in bookings], instant
    )


def preview_of_new(draft: InvoiceDraft, form: InvoiceForm, request: CompanyRequest) -> bytes:
    return preview_pdf(request.company.pk, preview_document(draft, request, chosen_dates(form)))


def preview_of_edit(invoice: Invoice, form: InvoiceForm, request: CompanyRequest) -> bytes:
    for name, value in changes_of(form, invoice.customer).items():
        setattr(invoice, name, value)
    return preview_pdf(request.company.pk, read_live([invoice], now=now(request.company))[invoice.pk])


def pdf_page(content: bytes) -> HttpResponse:
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": 'inline; filename="preview.pdf"'},
    )


def is_ahead(billed: Sequence[Booking]) -> bool:
    """Whether work is billed that is not done yet."""
    return any(booking.state == State.SCHEDULED for booking in billed)


def others_of(billed: Sequence[Booking], besides: Sequence[UUID] = ()) -> dict[str, Any]:
    """Further bookings of this customer that wait for an invoice: how many, and the first of them.

    None beside one that is billed ahead, which is billed alone.
    """
    if not billed or is_ahead(billed):
        return {}
    waiting = Booking.objects.to_invoice().filter(customer=billed[0].customer_id).exclude(pk__in=besides)
    return {"others_count": waiting.count(), "others": list(waiting.oldest_first()[:OTHERS_SHOWN])}
