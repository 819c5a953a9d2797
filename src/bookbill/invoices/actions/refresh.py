"""Keeping stored sums, claims and charges equal to the bookings, in the transaction that changes those."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from bookbill.bookings.events import BookingsChanged
from bookbill.bookings.models import Booking
from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.customers.events import CustomerBillingChanged
from bookbill.delivery.actions import call_off_messages, end_trouble
from bookbill.delivery.words import LESS_DUE
from bookbill.documents.document import Document
from bookbill.invoices.claims import claim_of, differences
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Charge, ChargeCause, Invoice, Reminder
from bookbill.invoices.shown import last_sent_documents
from bookbill.ledger.events import BookingMoneyChanged
from bookbill.lib.errors import BadInput
from bookbill.lib.transactions import assert_in_transaction
from bookbill.money.pricing import TOTAL_MAX_MINOR

SUMS = (
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "paid_minor",
    "reduced_minor",
    "written_off_minor",
)
COVER_SUMS = ("paid_minor", "reduced_minor", "written_off_minor")
CHUNK = 500


def on_bookings_changed(event: BookingsChanged) -> None:
    refresh_invoices(_invoices_of(event.booking_ids), now=event.now)


def on_booking_money_changed(event: BookingMoneyChanged) -> None:
    """Only what is covered moved: sums, no documents."""
    assert_in_transaction()
    ids = _invoices_of(event.booking_ids)
    invoices = list(Invoice.objects.live().filter(pk__in=ids))
    rows = Booking.objects.filter(invoice__in=ids).order_by().values_list("invoice_id")
    sums = (
        {invoice_id: cover for invoice_id, *cover in rows.annotate(*(Sum(name) for name in COVER_SUMS))}
        if ids
        else {}
    )
    for invoice in invoices:
        for name, value in zip(COVER_SUMS, sums[invoice.pk], strict=True):
            setattr(invoice, name, value)
    Invoice.objects.store(invoices, COVER_SUMS)
    _call_off_outdated(invoices, now=event.now)


def on_customer_billing_changed(event: CustomerBillingChanged) -> None:
    refresh_invoices(
        Invoice.objects.live().filter(customer__in=event.customer_ids).values_list("pk", flat=True),
        now=event.now,
    )


def refresh_invoices(invoice_ids: Iterable[UUID], *, now: datetime) -> None:
    """Work the live figures of these invoices out again and store them; sent ones get a charge for what they claim more or less."""
    assert_in_transaction()
    ids = list(dict.fromkeys(invoice_ids))
    for start in range(0, len(ids), CHUNK):
        invoices = list(Invoice.objects.live().filter(pk__in=ids[start : start + CHUNK]))
        documents = read_live(invoices, now=now)
        instant = Booking.objects.filter(invoice__in=invoices, is_instant=True).order_by()
        over_instant = set(instant.values_list("invoice_id", flat=True))
        take_live(invoices, documents)
        for invoice in invoices:
            invoice.is_instant = invoice.pk in over_instant
        charge([invoice for invoice in invoices if invoice.sent_at], ChargeCause.CHANGED, now=now)
        Invoice.objects.store(
            invoices, [*SUMS, "bookings_count", "is_instant", "live_claim", "charged_minor"]
        )
        _call_off_outdated(invoices, now=now)


def take_figures(invoice: Invoice, document: Document) -> None:
    """Copy the document's sums and claim onto the row. Raises BadInput `total_too_large`."""
    if document.totals.total_minor > TOTAL_MAX_MINOR:
        raise BadInput("total_too_large", _("The total is larger than Bookbill can bill."))
    for name in SUMS:
        setattr(invoice, name, getattr(document.totals, name))
    invoice.bookings_count = len(document.bookings)
    invoice.live_claim = claim_of(document)


def take_live(invoices: Sequence[Invoice], documents: Mapping[UUID, Document]) -> None:
    """Copy the documents' sums and claims onto the rows. Raises BadInput `total_too_large`."""
    for invoice in invoices:
        take_figures(invoice, documents[invoice.pk])
    _settle_claims(invoices, documents)


def _settle_claims(invoices: Sequence[Invoice], documents: Mapping[UUID, Document]) -> None:
    """Another tax code behind what prints the same claims what was sent: neither *changed*, nor an update when it is sent again."""
    suspects = [
        invoice
        for invoice in invoices
        if invoice.is_changed() and invoice.total_minor == invoice.sent_total_minor
    ]
    sent = last_sent_documents(suspects) if suspects else {}
    for invoice in suspects:
        if not differences(sent[invoice.pk], documents[invoice.pk]):
            invoice.live_claim = invoice.sent_claim


def charge(invoices: Sequence[Invoice], cause: ChargeCause, *, now: datetime) -> None:
    """Enter what each invoice claims now beyond what it claimed before (nothing when cancelled). The caller saves the rows."""
    if invoices:
        today = date_in_zone(Company.objects.get(pk=invoices[0].company_id), now)
        Charge.objects.bulk_create(charges(invoices, cause, today=today, now=now))


def charges(invoices: Sequence[Invoice], cause: ChargeCause, *, today: date, now: datetime) -> list[Charge]:
    """The rows of `charge`, for the caller to insert; what they come to is noted on the invoices in hand."""
    rows = []
    for invoice in invoices:
        claimed = 0 if invoice.cancelled_at else invoice.total_minor
        if claimed != invoice.charged_minor:
            rows.append(
                Charge(
                    company_id=invoice.company_id,
                    invoice=invoice,
                    customer_id=invoice.customer_id,
                    charge_date=max(today, invoice.issue_date) if invoice.issue_date else today,
                    cause=cause,
                    currency=invoice.currency,
                    amount_minor=claimed - invoice.charged_minor,
                    created_at=now,
                )
            )
            invoice.charged_minor = claimed
    return rows


def _call_off_outdated(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """A reminder that has not begun to leave does not ask for more than is to pay by now; nobody looks after one of what is paid."""
    sent = [invoice.pk for invoice in invoices if invoice.sent_at]
    if not sent:
        return
    asking = Reminder.objects.filter(invoice__in=sent, payable_minor__gt=F("invoice__payable_minor"))
    outdated = dict(asking.values_list("pk", "invoice_id"))
    if outdated:
        call_off_messages(set(outdated.values()), cause_ids=outdated, because=LESS_DUE, now=now)
    settled = {invoice.pk for invoice in invoices if invoice.sent_at and not invoice.payable()}
    paid_for = [pk for pk, invoice_id in outdated.items() if invoice_id in settled]
    if paid_for:
        end_trouble(settled, cause_ids=paid_for, now=now)


def _invoices_of(booking_ids: Iterable[UUID]) -> list[UUID]:
    rows = (
        Booking.objects.filter(pk__in=list(booking_ids), invoice__isnull=False)
        .order_by()
        .values_list("invoice_id", flat=True)
    )
    return [invoice_id for invoice_id in rows.distinct() if invoice_id]
