"""Every page of daily work asks the database as often for many rows as for few."""

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookbill.bookings.models import Booking
from bookbill.companies.models import Member
from bookbill.customers.models import Customer
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

MANY = 12
BUDGET = 40  # the most that any of these pages asks


@pytest.fixture
def grow(
    ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> Callable[[Customer, int], Invoice]:
    """More of everything a customer can have; the invoice is one over so many bookings, sent twice and paid in parts."""

    def send(invoice: Invoice) -> None:
        transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))

    def more(customer: Customer, count: int) -> Invoice:
        for _ in range(count):
            send(make_invoice(make_booking(customer)))
            make_booking(customer)
            make_booking(customer, completed=False)
        bookings = [make_booking(customer) for _ in range(count)]
        invoice = make_invoice(*bookings)
        send(invoice)
        for booking in bookings:
            part = PaymentDraft(customer.pk, "cash", 6_000, "CAD", TODAY, placing={booking.pk: 5_000})
            transact(lambda: record_payments([part], by=ana, now=NOW))  # noqa: B023 - called at once
        send(invoice)
        return Invoice.objects.get(pk=invoice.pk)

    return more


def addresses(invoice: Invoice, customer: Customer) -> list[str]:
    own = invoice.bookings.values_list("pk", flat=True)
    waiting = Booking.objects.to_invoice().filter(customer=customer).values_list("pk", flat=True)
    above, below = f"/payments/invoices/{invoice.pk}", f"/customers/{customer.pk}"
    return [
        "/",
        "/bookings",
        f"/bookings/{own[0]}",
        f"/bookings/{own[0]}/payments",
        "/customers",
        *(f"{below}/{tab}" for tab in ("invoices", "payments", "bookings", "billing")),
        "/payments/invoices",
        "/payments/invoices/choose",
        "/payments/invoices/new?" + "&".join(f"bookings={pk}" for pk in waiting),
        above,
        *(
            f"{above}/{tab}"
            for tab in ("versions", "emails", "history", "comparison", "payments", "sendings")
        ),
        "/payments/transactions",
        f"/i/{invoice.link_token}",
    ]


def test_no_page_asks_more_for_many_rows_than_for_few(
    ana: Actor, make_customer: Callable[..., Customer], grow: Callable[[Customer, int], Invoice]
) -> None:
    desk = Client()
    desk.force_login(Member.objects.get(role="owner").user)
    customer = make_customer()

    def count(invoice: Invoice) -> dict[str, int]:
        asked = {}
        for address in addresses(invoice, customer):
            desk.get(address)  # what is looked up once in a process does not count
            with CaptureQueriesContext(connection) as queries:
                answer = desk.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            asked[re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/i/).*|\?.*", "…", address)] = len(queries)
        return asked

    few = count(grow(customer, 2))
    many = count(grow(customer, MANY))
    assert {name: (few[name], many[name]) for name in few if many[name] > few[name]} == {}
    assert max(many.values()) <= BUDGET, many
