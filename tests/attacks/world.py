"""One of everything in a company, and how the whole database reads at a moment."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import connection

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.catalogue import ComponentDraft, create_service, create_tax_code
from bookbill.bookings.actions.repricing_runs import start_repricing
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, Repricing, Service, TaxCode
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.delivery.models import MailboxItem
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.work.draining import drain
from tests.support.cast import NOW, TODAY, make_tax_code


@dataclass(frozen=True, slots=True)
class World:
    company: Company
    customer: Customer
    tax_code: TaxCode
    service: Service
    scheduled: Booking
    completed: Booking
    draft: Invoice
    sent: Invoice
    cancelled: Invoice
    payment: Payment
    mail: MailboxItem
    repricing: Repricing

    @property
    def token(self) -> str:
        return self.sent.link_token

    @property
    def ids(self) -> dict[str, UUID]:
        """A key by the first word of an address that takes one, or by the name an API route gives it."""
        assert self.sent.pk
        return {
            "customers": self.customer.pk,
            "settings/services": self.service.pk,
            "bookings": self.scheduled.pk,
            "settings/repricings": self.repricing.pk,
            "payments/invoices": self.sent.pk,
            "payments/transactions": self.payment.pk,
            "mailbox": self.mail.pk,
            "operations/mails": self.mail.message_id,
            "companies": self.company.pk,
            "settings/taxes": self.tax_code.pk,
            "customer_id": self.customer.pk,
            "booking_id": self.scheduled.pk,
            "invoice_id": self.sent.pk,
            "payment_id": self.payment.pk,
            "service_id": self.service.pk,
            "tax_code_id": self.tax_code.pk,
            "repricing_id": self.repricing.pk,
        }


def make_world(
    company: Company,
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> World:
    Company.objects.filter(pk=company.pk).update(is_sandbox=True)
    company.refresh_from_db()
    customer = make_customer()

    def catalogue() -> tuple[TaxCode, Service]:
        hst = ComponentDraft(name="HST", rate=Decimal(13))
        code = create_tax_code(name="HST 13 %", components=[hst], by=ana, now=NOW)
        return code, create_service(name="Window clean", unit_price=Decimal(80), by=ana, now=NOW)

    tax_code, service = transact(catalogue)
    scheduled = make_booking(customer, completed=False)
    completed = make_booking(customer)
    draft, sent, cancelled = (make_invoice(make_booking(customer)) for _ in range(3))
    transact(lambda: send_invoices([sent.pk, cancelled.pk], by=ana, now=NOW))
    transact(lambda: cancel_invoice(cancelled.pk, reason="Wrong day", by=ana, now=NOW))
    money = PaymentDraft(customer.pk, "cash", 4_000, "CAD", TODAY, fill=(sent.bookings.get().pk,))
    payment = transact(lambda: record_payments([money], by=ana, now=NOW))[0]
    repricing = transact(lambda: reprice_one(customer, ana, make_tax_code(company, "GST 5 %", "5")))
    drain()
    for invoice in (draft, sent, cancelled):
        invoice.refresh_from_db()
    mail = MailboxItem.objects.select_related("message").order_by("pk")[0]
    return World(
        company=company,
        customer=customer,
        tax_code=tax_code,
        service=service,
        scheduled=scheduled,
        completed=completed,
        draft=draft,
        sent=sent,
        cancelled=cancelled,
        payment=payment,
        mail=mail,
        repricing=repricing,
    )


def reprice_one(customer: Customer, by: Actor, code: TaxCode) -> Repricing:
    """A booking under a code that was replaced, on its way to the successor."""
    items = (ItemDraft(description="Yard work", unit_price=Decimal(60)),)
    (booking,) = create_bookings(
        [BookingDraft(customer.pk, TODAY, items, tax_code_id=code.pk)], by=by, now=NOW
    )
    edit_tax_code(code.pk, {"name": "GST 6 %"}, by=by, now=NOW)
    return start_repricing(code.pk, [booking.pk], by=by, now=NOW)


# Sessions are the browser's, not the company's; a program's key remembers the day it was last used.
NOT_DATA = ("django_session", "usersessions_usersession")
COLUMNS_NOT_DATA = ("last_used_at", "last_login")


def everything() -> Mapping[str, str]:
    """A fingerprint of every table's rows, to be compared with a later one."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in NOT_DATA:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                names = [column[0] for column in cursor.description]
                kept = [at for at, name in enumerate(names) if name not in COLUMNS_NOT_DATA]
                rows = sorted(repr([row[at] for at in kept]) for row in cursor.fetchall())
                found[table] = f"{len(rows)} rows, {hashlib.sha256(repr(rows).encode()).hexdigest()[:16]}"
    return found
