"""The same work once more: a draft over copies of an invoice's lines."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.duplicating import InForce, copy_of, read_in_force
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, require
from bookbill.documents.document import BookingBlock, Document
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.invoices.shown import last_sent_document
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import assert_in_transaction
from bookbill.money.currencies import exponent_of
from bookbill.money.pricing import Discount, Line, price


def duplicate_invoice(invoice_id: UUID, *, service_date: date, by: Actor, now: datetime) -> Invoice:
    """An instant invoice with the lines, discounts, note and recipients of another, as a draft. Money is not copied, taxes are those of today.

    Of a cancelled one it is what was sent: a booking that was changed or deleted since, or is another customer's, is
    copied from what the invoice says of it. Raises `booking_gone` or `booking_changed` where that is not enough.
    """
    assert_in_transaction()
    require(by, Right.EDIT_INVOICES, Feature.INVOICING)
    invoice = lock_invoice(invoice_id)
    sent = last_sent_document(invoice) if invoice.cancelled_at else None
    sources = Booking.objects.filter(invoice=invoice)
    if sent:  # its bookings are free, on another invoice, another customer's, or deleted by now
        own = [block.id for block in sent.bookings]
        sources = Booking.objects.filter(pk__in=own, customer=invoice.customer_id)
    in_force = read_in_force(Company.objects.get(pk=by.company_id))
    found = list(sources.prefetch_related("items").oldest_first())
    if sent:
        kept = {str(booking.pk): booking for booking in found}
        copies = [
            _copy_of_sent(block, kept.get(block.id), sent, invoice, in_force, service_date=service_date)
            for block in sent.bookings
        ]
    else:
        copies = [copy_of(booking, in_force, service_date=service_date, with_fee=True) for booking in found]
    drafts = [
        replace(copy, start_time=None, provider_id=None, note="", completed=True, is_instant=True)
        for copy in copies
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


def _copy_of_sent(
    block: BookingBlock,
    booking: Booking | None,
    sent: Document,
    invoice: Invoice,
    in_force: InForce,
    *,
    service_date: date,
) -> BookingDraft:
    """The booking's own lines where they are still those that were sent, before or after its cancellation; else what was sent."""
    if booking:
        for with_fee in (True, False):
            copy = copy_of(booking, in_force, service_date=service_date, with_fee=with_fee)
            if _is_as_sent(copy, booking, block, sent, in_force):
                return copy
    # Sent to an exempt customer, nothing on it tells which taxes its prices contained, nor which to add by now.
    is_plain = invoice.customer.tax_exempt and _discount_of(block) == block.discount_minor
    if sent.exemption_reason and not is_plain:
        why = (
            _(
                "Booking %(number)s was changed since, and this invoice does not say which taxes its prices were without. Make a new invoice with its lines."
            )
            if booking
            else _(
                "This customer has no booking %(number)s any more, and this invoice does not say which taxes its prices were without. Make a new invoice with its lines."
            )
        )
        raise RuleBroken("booking_changed" if booking else "booking_gone", why % {"number": block.number})
    copy = _copy_of_block(block, sent, invoice, in_force, service_date=service_date)
    return replace(copy, service_address=booking.service_address) if booking else copy


def _is_as_sent(
    copy: BookingDraft, booking: Booking, block: BookingBlock, sent: Document, in_force: InForce
) -> bool:
    """Whether the copy of a booking is work that the invoice billed, lines and discount."""
    lines = [Line(item.quantity, item.unit_price or Decimal(), None) for item in copy.items]
    said = [(item.description, item.unit) for item in copy.items]
    if said != [(each.description, each.unit) for each in block.lines] or lines != [
        Line(Decimal(each.quantity), Decimal(each.unit_price), None) for each in block.lines
    ]:
        return False
    if booking.state != State.CANCELLED:
        return booking.total_minor == block.total_minor
    codes = [in_force.code(UUID(line.tax_key) if line.tax_key else None) for line in block.lines]
    if not sent.exemption_reason and codes != [item.tax_code_id or copy.tax_code_id for item in copy.items]:
        return False
    if sent.exemption_reason and _discount_of(block) != block.discount_minor:
        # It does not say how much of what was taken off is tax.
        return (copy.discount is None) == (block.discount_minor == 0)
    priced = price(lines, discount=copy.discount, exempt=False, exponent=exponent_of(sent.currency))
    return priced.discount_minor == _discount_of(block)


def _discount_of(block: BookingBlock) -> int:
    """What was taken off the amounts as entered, in minor units."""
    as_entered = sum(line.amount_minor for line in block.lines)
    contained = sum(tax.amount_minor for tax in block.taxes if tax.inclusive)
    return as_entered - sum(line.net_minor for line in block.lines) - contained


def _copy_of_block(
    block: BookingBlock, sent: Document, invoice: Invoice, in_force: InForce, *, service_date: date
) -> BookingDraft:
    """The same work after what was sent, its discount as an amount."""
    discount_minor = _discount_of(block)
    amount = Decimal(discount_minor).scaleb(-exponent_of(sent.currency))
    return BookingDraft(
        customer_id=invoice.customer_id,
        service_date=service_date,
        items=tuple(
            ItemDraft(
                description=line.description,
                quantity=Decimal(line.quantity),
                unit=line.unit,
                unit_price=Decimal(line.unit_price),
                tax_code_id=in_force.code(UUID(line.tax_key) if line.tax_key else None),
            )
            for line in block.lines
        ),
        discount=Discount("amount", amount) if discount_minor else None,
        tax_code_id=None,
    )
