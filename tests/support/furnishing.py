"""A company with some of everything, always in the same order, so that two of them are twins row by row."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from email.message import EmailMessage
from typing import Any
from uuid import UUID

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.catalogue import create_service
from bookbill.bookings.actions.repricing_runs import start_repricing
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.customers.actions import create_customer
from bookbill.customers.models import Customer
from bookbill.delivery.models import MailboxItem, Message
from bookbill.delivery.rules import State as MailState
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.work.models import Job
from bookbill.work.models import State as JobState
from tests.support.cast import NOW, TODAY, add_member, make_tax_code

ADDRESS = {"line1": "1 Front St", "line2": "", "city": "Hull", "region": "QC", "postal_code": "J8X 1A1", "country": "Canada"}  # fmt: skip


@dataclass(frozen=True)
class Furnished:
    """Whoever works there, by role, and some of what they work with."""

    company: Company
    actors: dict[Role, Actor]
    customers: list[Customer]
    bookings: list[Booking]
    invoices: list[Invoice]


def furnish(
    company: Company, owner: Actor, *, price: str = "115.00", email: str = "maple@customer.example"
) -> Furnished:
    """Bookings and invoices in every state, payments of every kind, mails, jobs. The company's name marks its texts."""
    with scope(company=company):
        return transact(lambda: _furnish(company, owner, price, email))


def _furnish(company: Company, owner: Actor, price: str, email: str) -> Furnished:
    by, now, mark = owner, NOW, company.name
    actors = {Role.OWNER: owner} | {
        role: add_member(company, role.value, role) for role in Role if role != Role.OWNER
    }
    tax_code = make_tax_code(company, f"{mark} 13 %")
    service = create_service(
        name=f"Cleaning by {mark}",
        unit_price=Decimal(price),
        unit="visit",
        tax_code_id=tax_code.pk,
        by=by,
        now=now,
    )
    customers = [
        create_customer(
            {
                "name": f"{name} of {mark}", "email": email, "billing_email": f"billing-{email}", "phone": "+1 514 555 0100",
                "billing_address": ADDRESS, "service_address": ADDRESS, "purchase_order": f"PO {mark}",
            },
            by=by,
            now=now,
        )
        for name in ("Maple", "Oak")
    ]  # fmt: skip
    maple, oak = customers
    provider = actors[Role.PROVIDER].member_id

    def booking(
        owner: Customer = maple, *, day: int = 0, completed: bool = True, provider_id: UUID | None = None
    ) -> BookingDraft:
        return BookingDraft(
            owner.pk,
            TODAY - dt.timedelta(days=day),
            (ItemDraft(description=f"Work for {mark}", service_id=service.pk, unit_price=Decimal(price)),),
            tax_code_id=tax_code.pk,
            completed=completed,
            provider_id=provider_id,
            note=f"Key under the mat of {mark}",
        )

    bookings = create_bookings(
        [
            booking(completed=False, provider_id=provider),  # 0
            booking(completed=False),  # 1
            booking(),  # 2 to invoice
            booking(day=1),  # 3 on a draft
            booking(day=2, provider_id=provider),  # 4 on a sent invoice
            booking(day=3),  # 5 on a partially paid one
            booking(day=4),  # 6 on a cancelled one
            booking(day=5),  # 7 waiting in the hold
            booking(oak, day=6),  # 8
            booking(day=7),  # 9 prepaid, partly written off and reduced
        ],
        by=by,
        now=now,
    )
    invoices = make_invoices(
        [InvoiceDraft((bookings[place].pk,), note=f"Thanks, {mark}") for place in (3, 4, 5, 6, 7)],
        by=by,
        now=now,
    )
    _draft, sent, partly_paid, cancelled, held = invoices
    send_invoices([sent.pk, partly_paid.pk, cancelled.pk], by=by, now=now)
    hold_sending([held.pk], run_at=now + dt.timedelta(days=300), by=by, now=now)
    cancel_invoice(cancelled.pk, reason="wrong", by=by, now=now)

    def payment(amount: int, **fields: Any) -> PaymentDraft:
        said = f"Cheque of {mark}"
        return PaymentDraft(maple.pk, "cheque", amount, company.currency, TODAY, reference=said, **fields)

    record_payment_on_invoice(partly_paid.pk, payment(2_000), by=by, now=now)
    typed_twice, _credit, _prepaid = record_payments(
        [payment(700), payment(900), payment(1_000, placing={bookings[9].pk: 1_000})], by=by, now=now
    )
    reverse_payment(typed_twice.pk, reason="typed twice", by=by, now=now)
    write_off(bookings[9].pk, amount_minor=500, reason="lost", by=by, now=now)
    reduce_claim(bookings[9].pk, amount_minor=300, reason="goodwill", by=by, now=now)
    bookings += _replace_a_tax_code(company, oak, mark, by)
    _add_trouble(company, mark)
    return Furnished(company, actors, customers, bookings, [Invoice.objects.get(pk=i.pk) for i in invoices])


def _replace_a_tax_code(company: Company, owner: Customer, mark: str, by: Actor) -> list[Booking]:
    """A code with a successor, a planned booking that carries it still (10), and a repricing that waits for the worker."""
    replaced = make_tax_code(company, f"{mark} 5 %", "5")
    items = (ItemDraft(description=f"Work for {mark}", unit_price=Decimal(20)),)
    planned = BookingDraft(owner.pk, TODAY, items, tax_code_id=replaced.pk)
    bookings = create_bookings([planned], by=by, now=NOW)
    edit_tax_code(replaced.pk, {"name": f"{mark} 6 %"}, by=by, now=NOW)
    start_repricing(replaced.pk, [bookings[0].pk], by=by, now=NOW)
    return bookings


def _add_trouble(company: Company, mark: str) -> None:
    """A mail that failed, one in the mailbox, a job that was set aside."""
    failed, kept = Message.objects.order_by("pk")[:2]
    Message.objects.filter(pk=failed.pk).update(
        state=MailState.FAILED, ready_at=NOW, trouble_at=NOW, server_answer=f"550 nobody at {mark}"
    )
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = f"Invoice from {mark}", "a@b.example", kept.recipient
    mail.set_content(f"Hello from {mark}")
    mail.add_alternative(f"<html><head></head><body>Hello from {mark}</body></html>", subtype="html")
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="INV-1.pdf")
    mail.add_attachment(b"%PDF-1.7 second", maintype="application", subtype="pdf", filename="INV-2.pdf")
    MailboxItem.objects.create(
        company=company, message=kept, recipient=kept.recipient, subject=f"Invoice from {mark}", raw=mail.as_bytes(), received_at=NOW
    )  # fmt: skip
    Job.objects.create(
        company=company, kind="invoices.send", args={}, state=JobState.SET_ASIDE, run_at=NOW, created_at=NOW, finished_at=NOW,
        last_error=f"It broke for {mark}", unique_key=f"broken {company.pk}",
    )  # fmt: skip
