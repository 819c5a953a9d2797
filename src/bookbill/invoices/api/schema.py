"""What an invoice is in answers."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from bookbill.bookings.api.schema import TaxOut, decimal_text
from bookbill.customers.api import TaxIdOut
from bookbill.delivery.models import Message, MessageEvent
from bookbill.documents.document import Billing, BookingBlock, Document, Line, Seller, Tax
from bookbill.invoices.actions.holding import next_recipients
from bookbill.invoices.live import customer_url
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.reading import read_marks
from bookbill.invoices.rules import Mark
from bookbill.invoices.shown import read_shown
from bookbill.money.currencies import exponent_of
from bookbill.web.api.addresses import AddressOut
from bookbill.web.api.schema import Answer

Shown = TypeVar("Shown", bound=Answer)


class LineOut(Answer):
    """`net_minor` is after discount and without tax."""

    description: str
    quantity: str
    unit: str
    unit_price: str
    tax_code_id: UUID | None
    amount_minor: int
    net_minor: int


class InvoicedBooking(Answer):
    id: UUID
    number: str
    service_date: str
    start_time: str | None
    service_address: str | None
    items: list[LineOut]
    subtotal_minor: int
    discount_minor: int
    taxes: list[TaxOut]
    tax_minor: int
    total_minor: int
    paid_minor: int
    reduced_minor: int
    written_off_minor: int
    due_minor: int


class BillingOut(Answer):
    name: str
    company_name: str
    email: str
    phone: str
    billing_address: AddressOut
    tax_ids: list[TaxIdOut]
    purchase_order: str


class SellerOut(Answer):
    """Who bills. `logo_sha256` is of the logo's bytes: null where there is none."""

    name: str
    email: str
    phone: str
    website: str
    address: AddressOut
    tax_ids: list[TaxIdOut]
    logo_sha256: str | None


class VersionOut(Answer):
    """What was sent. `sha256` is of the frozen document, `pdf_sha256` of its PDF: null until that is made."""

    n: int
    kind: str
    sent_at: datetime
    sent_by: str
    currency: str
    total_minor: int
    sha256: str
    pdf_sha256: str | None

    @classmethod
    def of(cls, version: Version) -> "VersionOut":
        return cls(**{name: getattr(version, name) for name in cls.model_fields})


class MessageEventOut(Answer):
    """What the email service told later. `kind`: delivered, opened, deferred, bounced, rejected or complained."""

    kind: str
    at: datetime
    words: str


class MessageOut(Answer):
    """One email to one recipient. `state` is what the mail server made of it; `events`, oldest first, is what came after."""

    id: UUID
    recipient: str
    kind: str
    version: int | None
    state: str
    server_answer: str
    message_id: str
    accepted_at: datetime | None
    events: list[MessageEventOut]

    @classmethod
    def of(cls, message: Message, events: Iterable[MessageEvent]) -> "MessageOut":
        return cls(
            id=message.pk,
            recipient=message.recipient,
            kind=message.kind,
            version=message.version_n,
            state=message.state,
            server_answer=message.server_answer,
            message_id=message.message_id,
            accepted_at=message.accepted_at,
            events=[MessageEventOut(kind=event.kind, at=event.at, words=event.words) for event in events],
        )


class ListedInvoice(Answer):
    """An invoice as it stands now; a cancelled one as it was last sent. `number` is null on a draft."""

    id: UUID
    created_at: datetime
    customer_id: UUID
    number: str | None
    status: str
    marks: list[Mark]
    issue_date: date | None
    due_date: date | None
    terms_days: int
    currency: str
    subtotal_minor: int
    discount_minor: int
    taxes: list[TaxOut]
    tax_minor: int
    total_minor: int
    paid_minor: int
    reduced_minor: int
    written_off_minor: int
    due_minor: int
    seller: SellerOut
    billing: BillingOut
    bookings: list[InvoicedBooking]
    note: str
    terms_and_conditions: str
    exemption_reason: str
    recipients: list[str]
    extra_recipients: list[str]
    payment_link: bool
    customer_url: str
    is_instant: bool
    sending_at: datetime | None
    sent_at: datetime | None
    viewed_at: datetime | None
    cancelled_at: datetime | None
    cancel_reason: str
    replaced_by_id: UUID | None
    revision: int


class InvoiceOut(ListedInvoice):
    """With every version that was sent and every email that was owed, oldest first."""

    versions: list[VersionOut]
    messages: list[MessageOut]


def listed(invoices: Sequence[Invoice], *, now: datetime) -> list[ListedInvoice]:
    """One page of invoices, in a constant number of queries."""
    return [ListedInvoice(**facts) for facts in _facts(invoices, now=now)]


def invoice_out(pk: UUID, *, now: datetime) -> InvoiceOut:
    """One invoice, read as it is now."""
    invoice = Invoice.objects.get(pk=pk)
    (facts,) = _facts([invoice], now=now)
    return InvoiceOut(
        **facts,
        versions=[
            VersionOut.of(version)
            for version in Version.objects.filter(invoice=invoice).defer("document").order_by("n")
        ],
        messages=messages_out(Message.objects.about([pk]).order_by("pk")),
    )


def messages_out(messages: Iterable[Message]) -> list[MessageOut]:
    """With what became of them. One query for all."""
    messages = list(messages)
    events: dict[UUID, list[MessageEvent]] = defaultdict(list)
    for event in MessageEvent.objects.filter(message__in=messages).order_by("at", "pk"):
        events[event.message_id].append(event)
    return [MessageOut.of(message, events[message.pk]) for message in messages]


def _facts(invoices: Sequence[Invoice], *, now: datetime) -> list[dict[str, Any]]:
    marks = read_marks(invoices, now=now)
    documents = read_shown(invoices, now=now)
    recipients = next_recipients(invoices)
    facts = []
    for invoice in invoices:
        document = documents[invoice.pk]
        made = {
            "number": invoice.number or None,
            "status": invoice.status_now().value,
            "marks": marks[invoice.pk],
            "due_minor": invoice.due(),
            "recipients": recipients[invoice.pk],
            "customer_url": customer_url(invoice),
            "terms_days": document.terms_days,
            **_printed(document),
        }
        plain = {name: getattr(invoice, name) for name in ListedInvoice.model_fields if name not in made}
        facts.append(plain | made)
    return facts


def _printed(document: Document) -> dict[str, Any]:
    exponent = exponent_of(document.currency)
    return {
        "taxes": [tax_out(tax) for tax in document.totals.taxes],
        "seller": _seller(document.seller),
        "billing": _billing(document.billing),
        "bookings": [_booking(block, exponent) for block in document.bookings],
        "note": document.note,
        "terms_and_conditions": document.terms_and_conditions,
        "exemption_reason": document.exemption_reason,
    }


def tax_out(tax: Tax) -> TaxOut:
    return TaxOut(
        name=tax.name,
        rate=tax.rate,
        category=tax.category,
        inclusive=tax.inclusive,
        base_minor=tax.base_minor,
        amount_minor=tax.amount_minor,
    )


def _shown(answer: type[Shown], part: object, **made: Any) -> Shown:
    """A part of a document, its fields under their own names but for those that are made."""
    plain = {name: getattr(part, name) for name in answer.model_fields if name not in made}
    return answer(**plain, **made)


def _tax_ids(party: Seller | Billing) -> list[TaxIdOut]:
    return [TaxIdOut(**asdict(tax_id)) for tax_id in party.tax_ids]


def _seller(seller: Seller) -> SellerOut:
    return _shown(SellerOut, seller, address=AddressOut(**asdict(seller.address)), tax_ids=_tax_ids(seller))


def _billing(billing: Billing) -> BillingOut:
    address = AddressOut(**asdict(billing.address))
    return _shown(BillingOut, billing, billing_address=address, tax_ids=_tax_ids(billing))


def _booking(block: BookingBlock, exponent: int) -> InvoicedBooking:
    return _shown(
        InvoicedBooking,
        block,
        id=UUID(block.id),
        items=[_line(line, exponent) for line in block.lines],
        taxes=[tax_out(tax) for tax in block.taxes],
    )


def _line(line: Line, exponent: int) -> LineOut:
    return LineOut(
        description=line.description,
        quantity=line.quantity,
        unit=line.unit,
        unit_price=decimal_text(Decimal(line.unit_price), places=exponent),
        tax_code_id=UUID(line.tax_key) if line.tax_key else None,
        amount_minor=line.amount_minor,
        net_minor=line.net_minor,
    )
