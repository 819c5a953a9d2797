"""Acts on an invoice: send, undo, record a payment, edit, delete, cancel; and its files."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.bookings.models import Booking
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.documents.files import read_file
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import delete_draft, edit_invoice
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.sending import resolve_recipients, send_or_hold, undo_sending
from bookbill.invoices.forms import CancelForm, PaymentForm, SendForm, SentInvoiceForm
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.invoices.previews import preview_pdf
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.tasks import store_pdf
from bookbill.invoices.views.toasts import say_sent
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.routes import not_found
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, safe_next, see_other, toast


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING)
def send_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Show to whom it goes, then send (again), or mark it as sent."""
    invoice = find_invoice(pk)
    if request.method == "POST":
        marks = request.POST.get("act") == "mark"
        form = SendForm(request.POST)
        form.fields["recipients"].required = not marks
        if form.is_valid():

            def act() -> str:
                held = send_or_hold(
                    [pk],
                    by=request.actor,
                    now=now(request.company),
                    recipients={pk: form.cleaned_data["recipients"] or []},
                    mark_only=marks,
                )
                say_sent(request, pk, held=held, marked=marks)
                return reverse("invoices:detail", args=[pk])

            try:
                return see_other(request, act_once(request, act))
            except RuleBroken as refused:
                refuse(form, refused)
    else:
        form = SendForm(initial={"recipients": resolve_recipients([invoice], {})[pk]})
    return dialog(request, "invoices/send.html", invoice, form)


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def send_many(request: CompanyRequest) -> HttpResponse:
    """Send the ticked invoices; the first that cannot leave refuses all of them, by name."""
    ids = read_ids(request)

    def act() -> str:
        held = send_or_hold(ids, by=request.actor, now=now(request.company))
        count = ngettext("%(count)d invoice", "%(count)d invoices", len(ids)) % {"count": len(ids)}
        if held:
            toast(
                request,
                _("%(invoices)s leave in %(seconds)d seconds.")
                % {"invoices": count, "seconds": request.company.hold_seconds},
            )
        else:
            toast(request, _("%(invoices)s sent.") % {"invoices": count})
        return safe_next(request, reverse("invoices:list"))

    return see_other(request, act_once(request, act))


@staff_view(Right.SEND_INVOICES, methods=("POST",))
def undo_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Take a sending back during its hold."""
    transact(lambda: undo_sending([pk], by=request.actor, now=now(request.company)))
    toast(request, _("Not sent. The invoice is a draft as before."))
    return see_other(request, reverse("invoices:detail", args=[pk]))


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
            revision = int(request.POST.get("revision") or invoice.revision)
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


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def pdf(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The last sent PDF; a watermarked preview of what was never sent."""
    invoice = find_invoice(pk)
    version = Version.objects.filter(invoice=invoice).select_related("pdf").order_by("-n").first()
    if version is None or request.GET.get("preview"):
        document = read_live([invoice], now=now(request.company))[pk]
        return pdf_answer(preview_pdf(request.company.pk, document), "preview.pdf", inline=True)
    return version_answer(version, invoice)


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def version_pdf(request: CompanyRequest, pk: UUID, n: int) -> HttpResponse:
    """The exact bytes of one version."""
    version = Version.objects.filter(invoice=pk, n=n).select_related("pdf", "invoice").first()
    if version is None:
        raise not_found()
    return version_answer(version, version.invoice)


def version_answer(version: Version, invoice: Invoice) -> HttpResponse:
    """A version's bytes; the worker may not have made them yet, then they are made here, the same."""
    stored = version.pdf or store_pdf(version)
    suffix = "" if version.n == invoice.last_version_n else f"-v{version.n}"
    return pdf_answer(
        read_file(stored), f"{invoice.number}{suffix}.pdf", inline=version.kind == VersionKind.SENT
    )


def pdf_answer(content: bytes, name: str, *, inline: bool) -> HttpResponse:
    kind = "inline" if inline else "attachment"
    safe = "".join(character if character.isalnum() or character in "-._" else "-" for character in name)
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'{kind}; filename="{safe}"'}
    )


def dialog(request: CompanyRequest, template: str, invoice: Invoice, form: object) -> HttpResponse:
    """A small form over the invoice: a dialog where it was asked for by one, else a page."""
    context = {
        "invoice": invoice,
        "customer": invoice.customer,
        "form": form,
        "shell": layout_of(request),
        "bookings_count": Booking.objects.filter(invoice=invoice).count(),
        "revision": request.POST.get("revision") or invoice.revision,
    }
    return render_page(request, template, context, status=422 if getattr(form, "errors", None) else 200)


def read_ids(request: CompanyRequest) -> list[UUID]:
    try:
        return [UUID(text) for text in request.POST.getlist("ids")[:200]]
    except ValueError:
        raise not_found() from None
