"""The marks in SQL are the marks in Python."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.figures import count_tabs
from bookbill.invoices.marks import marked
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import InvoiceFilter, filtered, read_marks
from bookbill.invoices.rules import ASKING, Mark
from bookbill.ledger.actions.claims import write_off
from bookbill.ledger.actions.payments import place_payment, record_payments, reverse_payment, use_credit
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

LATER = NOW + dt.timedelta(days=60)


def send(invoice: Invoice, by: Actor) -> Invoice:
    transact(lambda: send_invoices([invoice.pk], by=by, now=NOW))
    return invoice


def pay(customer: Customer, by: Actor, placing: dict[Booking, int] | None = None) -> None:
    draft = PaymentDraft(
        customer_id=customer.pk,
        method="cash",
        amount_minor=10_000,
        currency="CAD",
        received_on=TODAY,
        placing={booking.pk: amount for booking, amount in (placing or {}).items()},
    )
    transact(lambda: record_payments([draft], by=by, now=NOW))


def trouble(invoice: Invoice, state: str) -> None:
    accepted_at = NOW if state in ("bounced", "accepted") else None
    Message.objects.filter(subject_id=invoice.pk).update(
        state=state, trouble_at=NOW, ready_at=NOW, next_at=None, accepted_at=accepted_at
    )


@pytest.fixture
def invoices(
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    """One of every kind."""
    make_invoice()
    send(make_invoice(), ana)
    Invoice.objects.filter(pk=send(make_invoice(), ana).pk).update(viewed_at=NOW)
    for state in ("failed", "unknown", "bounced", "accepted"):
        trouble(send(make_invoice(), ana), state)
    held = make_invoice()
    transact(lambda: hold_sending([held.pk], by=ana, now=NOW))
    Invoice.objects.filter(pk=make_invoice().pk).update(sending_refused="Nobody to go to")
    changed = send(make_invoice(), ana)
    Customer.objects.filter(pk=changed.customer_id).update(phone="1")
    Invoice.objects.filter(pk=changed.pk).update(live_claim="other")
    with_credit = send(make_invoice(), ana)
    pay(with_credit.customer, ana)
    paid = make_booking()
    make_invoice(paid)
    pay(paid.customer, ana, {paid: 10_000})
    settled = make_booking()
    send(make_invoice(settled), ana)
    pay(settled.customer, ana, {settled: 10_000})
    over = make_booking(price="60.00")
    send(make_invoice(over), ana)
    pay(over.customer, ana, {over: 6_000})
    again = send(make_invoice(), ana)
    for _ in range(2):
        draft = PaymentDraft(again.customer_id, "cash", 10_000, "CAD", TODAY)
        transact(partial(record_payment_on_invoice, again.pk, draft, by=ana, now=NOW))
    given_up = make_booking()
    send(make_invoice(given_up), ana)
    transact(lambda: write_off(given_up.pk, amount_minor=4_000, reason="Moved away", by=ana, now=NOW))
    gone = send(make_invoice(), ana)
    Invoice.objects.filter(pk=gone.pk).update(viewed_at=NOW, live_claim="other")
    trouble(gone, "failed")
    transact(lambda: cancel_invoice(gone.pk, reason="Wrong", by=ana, now=NOW))
    pay(gone.customer, ana)


def test_a_filter_finds_exactly_the_invoices_that_carry_the_mark(
    invoices: None, subtests: pytest.Subtests
) -> None:
    nobody_now = (Mark.DISPUTED, Mark.OVERDUE)
    for mark in Mark:
        with subtests.test(mark=mark):
            assert bool(same_in_sql(mark, NOW)) == (mark not in nobody_now)
            assert bool(same_in_sql(mark, LATER)) == (mark != Mark.DISPUTED)


def test_needs_attention_is_whoever_carries_a_mark_that_asks(invoices: None, company: Company) -> None:
    wanted = InvoiceFilter(tab="needs_attention")
    asking = {pk for mark in ASKING for pk in same_in_sql(mark, NOW)}
    found = filtered(wanted, company=company, now=NOW).values_list("pk", flat=True)
    assert len(found) == len(asking) > len(ASKING)
    assert set(found) == asking


def test_the_count_on_a_tab_is_what_its_list_holds(invoices: None, company: Company) -> None:
    for now in (NOW, LATER):
        counts = count_tabs(company, now=now)
        assert counts["needs_attention"] > 0
        for tab, count in counts.items():
            assert filtered(InvoiceFilter(tab=tab), company=company, now=now).count() == count, tab


def same_in_sql(mark: Mark, now: dt.datetime) -> set[UUID]:
    """Who carries the mark, by the rule and by the filter alike."""
    marks = read_marks(list(Invoice.objects.all()), now=now)
    carried = {pk for pk, own in marks.items() if mark in own}
    found = set(Invoice.objects.filter(marked(mark, today=now.date())).values_list("pk", flat=True))
    assert found == carried
    return found


def test_an_overpaid_invoice_shows_that_credit_waits_until_it_is_used(
    ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    over = make_booking(price="60.00")
    invoice = send(make_invoice(over), ana)
    pay(over.customer, ana, {over: 6_000})
    invoice.refresh_from_db()
    assert (invoice.status, invoice.due_minor) == ("paid", 0)
    assert Mark.CREDIT_TO_PLACE in read_marks([invoice], now=NOW)[invoice.pk]

    next_job = make_booking(over.customer, price="40.00")
    transact(lambda: use_credit({next_job.pk: Booking.objects.get(pk=next_job.pk)}, by=ana, now=NOW))
    assert Mark.CREDIT_TO_PLACE not in read_marks([invoice], now=NOW)[invoice.pk]


def test_a_payment_on_a_settled_invoice_shows_there_that_its_credit_waits(
    ana: Actor, company: Company, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    invoice = send(make_invoice(make_booking()), ana)
    draft = PaymentDraft(invoice.customer_id, "cash", 10_000, "CAD", TODAY)

    def pay_it() -> Payment:
        return transact(lambda: record_payment_on_invoice(invoice.pk, draft, by=ana, now=NOW))

    pay_it()
    assert Mark.CREDIT_TO_PLACE not in marks_of_one(invoice)
    twice, thrice = pay_it(), pay_it()
    assert Mark.CREDIT_TO_PLACE in marks_of_one(invoice)
    attention = filtered(InvoiceFilter(tab="needs_attention"), company=company, now=NOW)
    assert list(attention) == [invoice]

    other = make_booking(invoice.customer)
    transact(lambda: place_payment(twice.pk, {other.pk: 10_000}, by=ana, now=NOW))
    assert Mark.CREDIT_TO_PLACE in marks_of_one(invoice)
    transact(lambda: reverse_payment(thrice.pk, reason="Typed twice", by=ana, now=NOW))
    assert not marks_of_one(invoice)
    assert not attention.all()
    assert not [finding for finding in verify() if finding.bad]


def marks_of_one(invoice: Invoice) -> list[Mark]:
    invoice.refresh_from_db()
    return read_marks([invoice], now=NOW)[invoice.pk]


def test_a_service_address_that_is_printed_as_the_billing_address_marks_the_change(
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Any,
) -> None:
    invoice = send(make_invoice(make_booking(make_customer())), ana)
    address = {"line1": "9 New Road", "city": "Montréal", "country": "CA"}
    transact(lambda: edit_customer(invoice.customer_id, {"service_address": address}, by=ana, now=NOW))
    invoice.refresh_from_db()
    assert Mark.CHANGED_SINCE_SENT in read_marks([invoice], now=NOW)[invoice.pk]
    assert not [finding for finding in verify() if finding.bad]
