"""The same work once more: a draft over copies of an invoice's lines."""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.duplicating import copy_of, read_in_force
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, require
from bookbill.invoices.actions.cancelling import last_sent_document
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import assert_in_transaction


def duplicate_invoice(invoice_id: UUID, *, service_date: date, by: Actor, now: datetime) -> Invoice:
    """An instant invoice with the lines, discounts, note and recipients of another, as a draft. Money is not copied, taxes are those of today."""
    assert_in_transaction()
    require(by, Right.EDIT_INVOICES, Feature.INVOICING)
    invoice = lock_invoice(invoice_id)
    sources = Booking.objects.filter(invoice=invoice)
    if invoice.cancelled_at:  # its bookings are free, or on another invoice by now
        sources = Booking.objects.filter(pk__in=[block.id for block in last_sent_document(invoice).bookings])
    in_force = read_in_force(Company.objects.get(pk=by.company_id))
    drafts = [
        replace(
            copy_of(booking, in_force, service_date=service_date, with_fee=True),
            start_time=None,
            provider_id=None,
            note="",
            completed=True,
            is_instant=True,
        )
        for booking in sources.prefetch_related("items").oldest_first()
    ]
    made = create_bookings(drafts, by=by, now=now)
    draft = InvoiceDraft(
        tuple(booking.pk for booking in made),
        invoice.note,
        tuple(invoice.extra_recipients),
        invoice.payment_link,
        invoice.terms_days,
    )
    return make_invoices([draft], by=by, now=now)[0]
