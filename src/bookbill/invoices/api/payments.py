"""The API of recording and listing payments; here and not in the ledger, because they may name an invoice."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from bookbill.bookings.models import Booking
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.invoices.actions.paying import (
    place_credit_on_invoice,
    record_payment_on_invoice,
    write_off_invoice,
)
from bookbill.invoices.actions.receipting import send_receipts
from bookbill.invoices.api.schema import InvoiceOut, invoice_out
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.api import Allocations, PaymentOut, payment_out, placing_of
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Allocation, Payment
from bookbill.ledger.reading import rows_of
from bookbill.lib.errors import BadInput
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import id_in_route, not_found
from bookbill.web.api.schema import (
    NOTHING,
    TOTAL_MAX,
    Answer,
    Body,
    Currency,
    Empty,
    Id,
    IsoDate,
    Page,
    PositiveMinor,
    Reason,
    Reference,
    text,
)

router = Router(tags=["Payments"])

MethodName = Literal[
    "cash", "cheque", "bank_transfer", "card", "direct_debit", "other"
]  # ledger.rules.Method


class PaymentIn(Body):
    """Money received, without the tip. Name an invoice (its oldest bookings are paid first), or place it by booking.

    What is not placed is credit. Left out: the invoice's customer, the company's currency, today.
    `send_receipt` emails the customer a receipt.
    """

    customer_id: Id | None = None
    method: MethodName
    amount_minor: PositiveMinor
    currency: Currency | None = None
    received_on: IsoDate | None = None
    reference: Reference = ""
    tip_minor: Annotated[int, Field(strict=True, ge=0, le=TOTAL_MAX)] = 0
    invoice_id: Id | None = None
    allocations: Allocations | None = None
    external_id: Annotated[str, text(120, required=True)] | None = None
    send_receipt: bool = False


class PaymentQuery(PageQuery):
    """`from` and `to` are the days of receipt, both included. `invoice_id`: what lies on its bookings or came in for it."""

    customer_id: Id | None = None
    invoice_id: Id | None = None
    first_date: IsoDate | None = Field(None, alias="from")
    last_date: IsoDate | None = Field(None, alias="to")
    external_id: Annotated[str, text(120, required=True)] | None = None


@router.post("/payments", response={201: PaymentOut})
def record_payment(request: CompanyRequest, body: PaymentIn) -> HttpResponse:
    """Record a payment and place it."""
    return answer_once(request, lambda: payment_out(_record(request, body)))


@router.get("/payments", response=Page[PaymentOut])
def list_payments(request: CompanyRequest, page: Query[PaymentQuery]) -> HttpResponse:
    """Payments, newest first."""
    require(request.actor, Right.VIEW_MONEY)
    wanted = {
        "customer": page.customer_id,
        "received_on__gte": page.first_date,
        "received_on__lte": page.last_date,
        "external_id": page.external_id,
    }
    found = Payment.objects.filter(**{name: value for name, value in wanted.items() if value is not None})
    if page.invoice_id:
        bookings = Booking.objects.filter(invoice=page.invoice_id)
        placed = Allocation.objects.filter(booking__in=bookings.values("pk")).order_by().values("payment_id")
        came_for = Payment.objects.filter(invoice=page.invoice_id).order_by().values("pk")
        found = found.filter(pk__in=placed.union(came_for))
    rows, next_cursor = keyset(found, page)
    return answered(
        Page[PaymentOut](items=[PaymentOut.of(row) for row in rows_of(rows)], next_cursor=next_cursor)
    )


class BalanceIn(Body):
    """`due_minor` is the balance as last read; another one by now is refused with `stale`."""

    due_minor: PositiveMinor
    reason: Reason


@router.post("/invoices/{invoice_id}/credit", response={201: InvoiceOut}, tags=["Invoices"])
def place_credit(request: CompanyRequest, invoice_id: str, body: Empty = NOTHING) -> HttpResponse:
    """Place the customer's credit on an invoice: the oldest credit first, on the oldest bookings first."""
    pk, at = id_in_route(invoice_id), now(request.company)

    def placed() -> InvoiceOut:
        place_credit_on_invoice(pk, by=request.actor, now=at)
        return invoice_out(pk, now=at)

    return answer_once(request, placed)


@router.post("/invoices/{invoice_id}/write-off", response={201: InvoiceOut}, tags=["Invoices"])
def write_off_balance(request: CompanyRequest, invoice_id: str, body: BalanceIn) -> HttpResponse:
    """Give up what is still due on a sent invoice, over all its bookings."""
    pk, at = id_in_route(invoice_id), now(request.company)

    def written_off() -> InvoiceOut:
        write_off_invoice(pk, due_minor=body.due_minor, reason=body.reason, by=request.actor, now=at)
        return invoice_out(pk, now=at)

    return answer_once(request, written_off)


class ReceiptOut(Answer):
    """What was sent: the receipt of a payment, and to whom."""

    id: UUID
    created_at: datetime
    payment_id: UUID
    recipients: list[str]


@router.post("/payments/{payment_id}/receipts", response={201: ReceiptOut})
def send_receipt(request: CompanyRequest, payment_id: str, body: Empty = NOTHING) -> HttpResponse:
    """Email the customer a receipt of a payment, in their language. Again: with what is due today."""
    pk, at = id_in_route(payment_id), now(request.company)

    def sent() -> ReceiptOut:
        (receipt,) = send_receipts([pk], by=request.actor, now=at)
        return ReceiptOut(
            id=receipt.pk,
            created_at=receipt.created_at,
            payment_id=pk,
            recipients=receipt.payment.customer.billing_recipients(),
        )

    return answer_once(request, sent)


def _record(request: CompanyRequest, body: PaymentIn) -> Payment:
    # First, so that nobody else learns which invoices there are.
    require(request.actor, Right.RECORD_PAYMENTS)
    if body.invoice_id and body.allocations is not None:
        raise BadInput("choose_one", _("Name an invoice or allocations, not both."), field="allocations")
    draft = PaymentDraft(
        customer_id=body.customer_id or _customer_of(body.invoice_id),
        method=body.method,
        amount_minor=body.amount_minor,
        tip_minor=body.tip_minor,
        currency=body.currency or request.company.currency,
        received_on=body.received_on or today(request.company),
        reference=body.reference,
        placing=None if body.allocations is None else placing_of(body.allocations),
        external_id=body.external_id,
        send_receipt=body.send_receipt,
    )
    at = now(request.company)
    if body.invoice_id:
        return record_payment_on_invoice(body.invoice_id, draft, by=request.actor, now=at)
    return record_payments([draft], by=request.actor, now=at)[0]


def _customer_of(invoice_id: UUID | None) -> UUID:
    if invoice_id is None:
        raise BadInput("required", _("This field is required."), field="customer_id")
    customer_id = Invoice.objects.values_list("customer_id", flat=True).filter(pk=invoice_id).first()
    if customer_id is None:
        raise not_found()
    return customer_id
