"""What is edited on the invoice's page itself: its note, and the dates of a draft."""

from uuid import UUID

from django.forms import Form
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.invoices.actions.drafting import edit_invoice
from bookbill.invoices.forms import DatesForm, NoteForm
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import find_invoice
from bookbill.lib.errors import RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.lib.transactions import transact
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_in_place, seen_in_place, toast


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
def note_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The personal note; once the invoice was sent, the customer reads it from the next sending on."""
    invoice = find_invoice(pk)
    form = NoteForm(request.POST if request.method == "POST" else None, initial={"note": invoice.note})
    form.fields["note"].widget.attrs["autofocus"] = True
    return edited_in_place(request, invoice, form, heading=_("Personal note"), part="note")


@staff_view(Right.EDIT_INVOICES, feature=Feature.INVOICING)
def dates_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Invoice date, terms and due date of a draft."""
    invoice = find_invoice(pk)
    form = DatesForm(
        request.POST if request.method == "POST" else None,
        invoice=invoice,
        company=request.company,
        initial={
            "issue_date": invoice.issue_date,
            "terms_days": invoice.terms_days,
            "due_date": invoice.due_date,
        },
    )
    form.fields["issue_date"].widget.attrs["autofocus"] = True
    return edited_in_place(request, invoice, form, heading=_("Invoice date and due date"), part="dates")


def edited_in_place(
    request: CompanyRequest, invoice: Invoice, form: Form, *, heading: str, part: str
) -> HttpResponse:
    """``part`` names the address and the place on the page."""
    here = reverse("invoices:detail", args=[invoice.pk])
    if form.is_valid():
        revision = typed_revision(request.POST.get("revision") or str(invoice.revision))
        said = form.cleaned_data
        try:
            transact(
                lambda: edit_invoice(
                    invoice.pk, said, revision=revision, by=request.actor, now=now(request.company)
                )
            )
        except RuleBroken as refused:
            refuse(form, refused)
        else:
            toast(request, _("Saved. It shows from the next sending on.") if invoice.sent_at else _("Saved."))
            return seen_in_place(request, here)
    context = {
        "heading": heading,
        "form": form,
        "url": reverse(f"invoices:{part}", args=[invoice.pk]),
        "back": here,
        "revision": request.POST.get("revision") or invoice.revision,
    }
    return render_in_place(request, context, place=f"{part}-text", status=422 if form.errors else 200)
