"""The API of invoices: drafts, lists, editing, deleting."""

from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router, Status
from pydantic import Field

from bookbill.bookings.api.schema import DiscountIn, Items, tax_choice
from bookbill.bookings.drafts import BookingDraft
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.customers.api import Terms
from bookbill.invoices.actions.drafting import (
    delete_draft,
    edit_invoice,
    make_instant_invoice,
    make_invoices,
)
from bookbill.invoices.actions.duplicating import duplicate_invoice
from bookbill.invoices.actions.grouping import BOOKINGS_MAX
from bookbill.invoices.actions.linking import renew_link
from bookbill.invoices.api.schema import InvoiceOut, ListedInvoice, invoice_out, listed
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.marks import marked
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import InvoiceFilter, filtered
from bookbill.invoices.rules import Mark
from bookbill.lib.transactions import transact
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.etags import if_match
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, id_in_route
from bookbill.web.api.schema import NOTHING, Body, Empty, Id, IsoDate, Note, Page, Recipients, text

router = Router(tags=["Invoices"])

BookingIds = Annotated[list[Id], Field(min_length=1, max_length=BOOKINGS_MAX)]


MarkName = Literal[
    "overdue",
    "viewed",
    "sending",
    "sending_refused",
    "not_delivered",
    "bounced",
    "marked_as_spam",
    "changed_since_sent",
    "credit_to_place",
    "disputed",
    "written_off",
    "already_paid",
]


class InvoiceIn(Body):
    """`payment_link` left out: the company's habit. `terms_days` left out or null: the customer's, as they are when it is sent.

    `move_from_drafts` takes bookings off the drafts they are on; a draft that is emptied goes.
    """

    booking_ids: BookingIds
    note: Note = ""
    extra_recipients: Recipients = []
    payment_link: bool | None = None
    terms_days: Terms | None = None
    move_from_drafts: bool = False


class InstantInvoiceIn(Body):
    """An invoice without a calendar booking. A `tax_code_id` that is left out is the company's usual one; null: no tax."""

    customer_id: Id
    service_date: IsoDate
    items: Items
    discount: DiscountIn | None = None
    tax_code_id: Id | None = None
    note: Note = ""
    extra_recipients: Recipients = []
    payment_link: bool | None = None
    terms_days: Terms | None = None


class CopyIn(Body):
    """`service_date` of the new bookings: left out, today."""

    service_date: IsoDate | None = None


OF_TODAY = CopyIn()


class InvoicePatch(Body):
    """Only what is sent changes. Dates, terms and bookings are fixed once an invoice was sent.

    A booking that was made for an instant invoice and is not among `booking_ids` any more is cancelled.
    """

    note: Note = ""
    extra_recipients: Recipients = []
    payment_link: bool = True
    issue_date: IsoDate | None = None
    due_date: IsoDate | None = None
    terms_days: Terms | None = None
    booking_ids: BookingIds = []


class InvoiceQuery(PageQuery):
    """`from` and `to` are issue dates, both included."""

    status: Literal["draft", "sent", "partially_paid", "paid", "cancelled"] | None = None
    mark: MarkName | None = None
    customer_id: Id | None = None
    search: Annotated[str, text(200)] = ""
    first_date: IsoDate | None = Field(None, alias="from")
    last_date: IsoDate | None = Field(None, alias="to")


@router.post("/invoices", response={201: InvoiceOut})
def create_invoice(request: CompanyRequest, body: InvoiceIn) -> HttpResponse:
    """Put bookings of one customer on a new draft."""
    draft = InvoiceDraft(
        tuple(body.booking_ids), body.note, tuple(body.extra_recipients), body.payment_link, body.terms_days
    )
    at = now(request.company)

    def made() -> InvoiceOut:
        (invoice,) = make_invoices([draft], move_from_drafts=body.move_from_drafts, by=request.actor, now=at)
        return invoice_out(invoice.pk, now=at)

    return answer_once(request, made)


@router.post("/instant-invoices", response={201: InvoiceOut})
def create_instant_invoice(request: CompanyRequest, body: InstantInvoiceIn) -> HttpResponse:
    """A draft for work that is in no calendar: makes the booking and bills it in one step."""
    booking = BookingDraft(
        customer_id=body.customer_id,
        service_date=body.service_date,
        items=tuple(item.draft() for item in body.items),
        discount=body.discount.discount() if body.discount else None,
        tax_code_id=tax_choice(body, body.tax_code_id),
        completed=True,
        is_instant=True,
    )
    draft = InvoiceDraft((), body.note, tuple(body.extra_recipients), body.payment_link, body.terms_days)
    at = now(request.company)
    return answer_once(
        request,
        lambda: invoice_out(make_instant_invoice(booking, draft, by=request.actor, now=at).pk, now=at),
    )


@router.get("/invoices", response=Page[ListedInvoice])
def list_invoices(request: CompanyRequest, page: Query[InvoiceQuery]) -> HttpResponse:
    """Invoices, newest first. `search`: number, booking number, beginnings of the customer's words, exact amount."""
    require(request.actor, Right.VIEW_INVOICES)
    at = now(request.company)
    wanted = InvoiceFilter(
        tab=page.status or "",
        customer_id=page.customer_id,
        search=page.search,
        first_date=page.first_date,
        last_date=page.last_date,
    )
    found = filtered(wanted, company=request.company, now=at)
    if page.mark:
        found = found.filter(marked(Mark(page.mark), today=today(request.company)))
    rows, next_cursor = keyset(found, page)
    return answered(Page[ListedInvoice](items=listed(rows, now=at), next_cursor=next_cursor))


@router.get("/invoices/{invoice_id}", response=InvoiceOut)
def read_invoice(request: CompanyRequest, invoice_id: str) -> HttpResponse:
    """One invoice as it stands, with its versions and emails."""
    require(request.actor, Right.VIEW_INVOICES)
    invoice = find(Invoice.objects.all(), invoice_id)
    return answered(invoice_out(invoice.pk, now=now(request.company)), revision=invoice.revision)


@router.patch("/invoices/{invoice_id}", response=InvoiceOut)
def edit_invoice_(request: CompanyRequest, invoice_id: str, body: InvoicePatch) -> HttpResponse:
    """Change a draft; on a sent invoice only its note, recipients and payment link, seen with the next send."""
    pk, revision, at = id_in_route(invoice_id), if_match(request), now(request.company)

    def edited() -> InvoiceOut:
        edit_invoice(pk, body.sent(), revision=revision, by=request.actor, now=at)
        return invoice_out(pk, now=at)

    answer = transact(edited)
    return answered(answer, revision=answer.revision)


@router.delete("/invoices/{invoice_id}", response={204: None})
def delete_draft_(request: CompanyRequest, invoice_id: str) -> Status[None]:
    """Delete a draft; its bookings are free again."""
    pk = id_in_route(invoice_id)
    transact(lambda: delete_draft(pk, by=request.actor, now=now(request.company)))
    return Status(204, None)


@router.post("/invoices/{invoice_id}/copies", response={201: InvoiceOut})
def duplicate_invoice_(request: CompanyRequest, invoice_id: str, body: CopyIn = OF_TODAY) -> HttpResponse:
    """The same lines once more, on a draft over new bookings. Money is not copied, taxes are those of today."""
    pk, at = id_in_route(invoice_id), now(request.company)
    service_date = body.service_date or today(request.company)
    return answer_once(
        request,
        lambda: invoice_out(
            duplicate_invoice(pk, service_date=service_date, by=request.actor, now=at).pk, now=at
        ),
    )


@router.post("/invoices/{invoice_id}/link", response={201: InvoiceOut})
def renew_link_(request: CompanyRequest, invoice_id: str, body: Empty = NOTHING) -> HttpResponse:
    """End the customer's link and make another: `customer_url` of the answer. What was emailed with the old one leads nowhere."""
    pk, at = id_in_route(invoice_id), now(request.company)
    return answer_once(request, lambda: invoice_out(renew_link(pk, by=request.actor, now=at).pk, now=at))
