"""Choosing bookings, Generate Invoice, and editing a draft."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.customers.models import Customer
from bookbill.documents.document import Document
from bookbill.invoices.actions.drafting import (
    check_group,
    edit_invoice,
    make_invoices,
    movable_drafts,
    new_invoice,
)
from bookbill.invoices.actions.sending import CannotSend, send_or_hold
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.forms import InvoiceForm
from bookbill.invoices.live import document_of, read_blocks, read_live
from bookbill.invoices.models import Invoice
from bookbill.invoices.pdfs import preview_pdf
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.views.sending import chosen_recipients
from bookbill.invoices.views.toasts import say_sent
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_page, see_other, toast

CHOICES_MAX = 500


@dataclass(frozen=True, slots=True)
class CustomerChoice:
    """The bookings of one customer that wait for an invoice."""

    customer: Customer
    bookings: tuple[Booking, ...]
    total_minor: int
    due_minor: int


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING, methods=("GET", "HEAD"))
def choose_page(request: CompanyRequest) -> HttpResponse:
    """Bookings to invoice, by customer; tick and go on to Generate Invoice."""
    waiting = Booking.objects.to_invoice()
    customer_id = request.GET.get("customer")
    if customer_id:
        waiting = waiting.filter(customer=get_object_or_404(Customer, pk=_uuid(customer_id)))
    rows = list(
        waiting.select_related("customer")
        .prefetch_related("items")
        .order_by("customer_id", "service_date", "number_n")[: CHOICES_MAX + 1]
    )
    by_customer: dict[UUID, list[Booking]] = {}
    for booking in rows[:CHOICES_MAX]:
        by_customer.setdefault(booking.customer_id, []).append(booking)
    choices = [
        CustomerChoice(
            customer=bookings[0].customer,
            bookings=tuple(bookings),
            total_minor=sum(booking.total_minor for booking in bookings),
            due_minor=sum(booking.due_minor for booking in bookings),
        )
        for bookings in by_customer.values()
    ]
    choices.sort(key=lambda choice: str(choice.customer).casefold())
    return render_page(
        request, "invoices/choose.html", {"choices": choices, "is_cut": len(rows) > CHOICES_MAX}
    )


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
def generate_page(request: CompanyRequest) -> HttpResponse:
    """Generate Invoice over the bookings named in the address; saves a draft or sends."""
    booking_ids = read_booking_ids(request)
    bookings = list(Booking.objects.filter(pk__in=booking_ids).select_related("customer").oldest_first())
    if not bookings or len(bookings) != len(set(booking_ids)):
        raise BadInput("unknown_booking", _("Choose the bookings to put on the invoice."))
    if len(bookings) == 1 and bookings[0].invoice_id:
        return see_other(request, reverse("invoices:detail", args=[bookings[0].invoice_id]))
    customer, company = bookings[0].customer, request.company
    terms = company.payment_terms_days if customer.payment_terms_days is None else customer.payment_terms_days
    if request.method == "POST":
        form = InvoiceForm(request.POST, terms_days=terms)
        if form.is_valid():
            draft = draft_of(form, customer, booking_ids)
            try:
                if request.POST.get("act") == "preview":
                    return pdf_page(preview_of_new(draft, form, request))
                return see_other(request, act_once(request, lambda: make_and_go(draft, form, request)))
            except RuleBroken as refused:
                refuse(form, refused)
    else:
        form = InvoiceForm(
            terms_days=terms,
            initial={
                "recipients": customer.billing_recipients(),
                "terms_days": terms,
                "payment_link": company.payment_link_default,
            },
        )
    context = {
        "form": form,
        "customer": customer,
        "bookings": bookings,
        "document": preview_document(draft_over(booking_ids), request),
        "others": others_of(customer, booking_ids),
        "moved": [booking for booking in bookings if booking.invoice_id],
        "is_ahead": any(booking.state == State.SCHEDULED for booking in bookings),
    }
    return render_page(request, "invoices/generate.html", context, status=422 if form.errors else 200)


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
def edit_draft_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The same page over a draft that exists."""
    invoice = find_invoice(pk)
    if invoice.sent_at:
        return see_other(request, reverse("invoices:detail", args=[pk]))
    if request.method == "POST":
        form = InvoiceForm(request.POST, terms_days=invoice.terms_days)
        if form.is_valid():
            try:
                if request.POST.get("act") == "preview":
                    return pdf_page(preview_of_edit(invoice, form, request))
                return see_other(request, act_once(request, lambda: save_and_go(invoice, form, request)))
            except RuleBroken as refused:
                refuse(form, refused)
    else:
        form = InvoiceForm(
            terms_days=invoice.terms_days,
            initial={
                "recipients": [*invoice.customer.billing_recipients(), *invoice.extra_recipients],
                "issue_date": invoice.issue_date,
                "due_date": invoice.due_date,
                "terms_days": invoice.terms_days,
                "note": invoice.note,
                "payment_link": invoice.payment_link,
            },
        )
    bookings = list(Booking.objects.filter(invoice=invoice).oldest_first())
    context = {
        "form": form,
        "invoice": invoice,
        "customer": invoice.customer,
        "bookings": bookings,
        "document": read_live([invoice], now=now(request.company))[invoice.pk],
        "others": others_of(invoice.customer, [booking.pk for booking in bookings]),
        "revision": request.POST.get("revision") or invoice.revision,
    }
    return render_page(request, "invoices/generate.html", context, status=422 if form.errors else 200)


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def add_bookings(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Put all other waiting bookings of the customer on this draft too."""

    def act() -> str:
        invoice = find_invoice(pk)
        own = Booking.objects.filter(invoice=invoice).values_list("pk", flat=True)
        waiting = (
            Booking.objects.to_invoice().filter(customer=invoice.customer_id).values_list("pk", flat=True)
        )
        edit_invoice(pk, {"booking_ids": [*own, *waiting]}, by=request.actor, now=now(request.company))
        return reverse("invoices:edit", args=[pk])

    return see_other(request, act_once(request, act))


def make_and_go(draft: InvoiceDraft, form: InvoiceForm, request: CompanyRequest) -> str:
    """Make the draft; with Send also send it (or begin its hold). Where to go next."""
    instant = now(request.company)
    moves = bool(request.POST.get("move"))
    invoice = make_invoices([draft], move_from_drafts=moves, by=request.actor, now=instant)[0]
    chosen = chosen_dates(form)
    if chosen:
        invoice = edit_invoice(invoice.pk, chosen, by=request.actor, now=instant)
    return go_on(invoice, form, request)


def save_and_go(invoice: Invoice, form: InvoiceForm, request: CompanyRequest) -> str:
    edited = edit_invoice(
        invoice.pk,
        changes_of(form, invoice.customer),
        revision=typed_revision(request.POST.get("revision") or str(invoice.revision)),
        by=request.actor,
        now=now(request.company),
    )
    return go_on(edited, form, request)


def go_on(invoice: Invoice, form: InvoiceForm, request: CompanyRequest) -> str:
    act = request.POST.get("act")
    here = reverse("invoices:detail", args=[invoice.pk])
    if act in ("send", "schedule", "mark"):
        typed, marks = form.cleaned_data["recipients"] or [], act == "mark"
        if not typed and not marks:
            raise CannotSend("no_recipient", _("Name at least one recipient."), field="recipients")
        send_at = form.send_at(request.company) if act == "schedule" else None
        held = send_or_hold(
            [invoice.pk],
            by=request.actor,
            now=now(request.company),
            recipients={} if marks else chosen_recipients(invoice, typed),
            mark_only=marks,
            send_at=send_at,
        )
        say_sent(request, invoice.pk, held=held, marked=marks, send_at=send_at)
    else:
        toast(request, _("Saved as draft."))
    return here


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
    """What was typed beyond the addresses that the customer's own settings give."""
    known = {address.lower() for address in customer.billing_recipients()}
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


def others_of(customer: Customer, booking_ids: Sequence[UUID]) -> list[Booking]:
    """Further bookings of this customer that wait for an invoice."""
    return list(
        Booking.objects.to_invoice()
        .filter(customer=customer)
        .exclude(pk__in=booking_ids)
        .oldest_first()[:CHOICES_MAX]
    )


def read_booking_ids(request: HttpRequest) -> list[UUID]:
    ids = [_uuid(text) for text in (request.POST.getlist("bookings") or request.GET.getlist("bookings"))]
    return [pk for pk in dict.fromkeys(ids) if pk]


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
