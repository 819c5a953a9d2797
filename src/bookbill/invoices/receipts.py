"""What a receipt says: read once when it is sent, then frozen, so that a late retry says the same."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from uuid import UUID

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.documents.document import Seller, UnknownSchema, seller_from
from bookbill.invoices.live import seller_of
from bookbill.invoices.models import Invoice
from bookbill.ledger.models import Payment
from bookbill.ledger.reading import PaymentRow, rows_of

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Money on a sent invoice, or on a booking that is on none. ``service_date`` is the booking's."""

    number: str
    amount_minor: int
    service_date: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptDocument:
    """Raw values, as a `Document` has them. ``due_minor`` is what was still due on the places then."""

    schema: int = SCHEMA
    language: str
    currency: str
    customer: str
    seller: Seller
    method: str
    received_on: str
    reference: str
    amount_minor: int
    tip_minor: int
    places: tuple[Place, ...]
    credit_minor: int
    refunded_minor: int
    due_minor: int


def to_json(receipt: ReceiptDocument) -> str:
    return json.dumps(asdict(receipt), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def from_json(text: str) -> ReceiptDocument:
    """What `to_json` wrote. Raises UnknownSchema for one from the future."""
    data = json.loads(text)
    if data["schema"] != SCHEMA:
        raise UnknownSchema(
            f"This receipt has schema {data['schema']!r}; this version of Bookbill reads {SCHEMA}."
        )
    places = tuple(Place(**place) for place in data["places"])
    return ReceiptDocument(**{**data, "seller": seller_from(data["seller"]), "places": places})


def read_receipts(payments: Sequence[Payment]) -> dict[UUID, ReceiptDocument]:
    """What a receipt of each payment says now. Ten queries for 1 and for 500."""
    rows = rows_of(payments)
    company = Company.objects.select_related("logo").get(pk=payments[0].company_id)
    customers = Customer.objects.in_bulk({payment.customer_id for payment in payments})
    placed = {booking_id for row in rows for booking_id, _amount in row.placed}
    bookings = Booking.objects.select_related("invoice").in_bulk(placed)
    return {
        row.payment.pk: _document(row, company, customers[row.payment.customer_id], bookings) for row in rows
    }


def _document(
    row: PaymentRow, company: Company, customer: Customer, bookings: dict[UUID, Booking]
) -> ReceiptDocument:
    payment = row.payment
    invoices: dict[Invoice, int] = {}
    alone: dict[Booking, int] = {}
    for booking_id, amount in row.placed:
        booking = bookings[booking_id]
        if booking.invoice and booking.invoice.sent_at:
            invoices[booking.invoice] = invoices.get(booking.invoice, 0) + amount
        else:
            alone[booking] = amount
    return ReceiptDocument(
        language=customer.language or company.language,
        currency=payment.currency,
        customer=customer.name,
        seller=seller_of(company),
        method=payment.method,
        received_on=payment.received_on.isoformat(),
        reference=payment.reference,
        amount_minor=payment.amount_minor,
        tip_minor=payment.tip_minor,
        places=(
            *(Place(number=invoice.number, amount_minor=amount) for invoice, amount in invoices.items()),
            *(
                Place(number=one.number, amount_minor=amount, service_date=one.service_date.isoformat())
                for one, amount in alone.items()
            ),
        ),
        credit_minor=row.credit_minor,
        refunded_minor=row.refunded_minor,
        due_minor=sum(invoice.payable() for invoice in invoices) + sum(booking.due() for booking in alone),
    )
