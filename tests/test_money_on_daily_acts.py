"""Each row of the table of money rules, as a story: what an owner does, and where the money lies afterwards."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import edit_invoice
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import rows_of
from bookbill.invoices.rules import Mark, Status
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import place_payment, record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Allocation, Payment
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def every_invariant_holds(company: Company) -> Any:
    yield
    assert [finding for finding in verify() if finding.bad] == []


@pytest.fixture
def maple(make_customer: Make) -> Customer:
    return make_customer()  # type: ignore[no-any-return]


def pay(by: Actor, customer: Customer, amount: int, **fields: Any) -> Payment:
    draft = PaymentDraft(customer.pk, "cheque", amount, "CAD", TODAY, **fields)
    return transact(lambda: record_payments([draft], by=by, now=NOW))[0]


def pay_invoice(by: Actor, invoice: Invoice, amount: int) -> Payment:
    draft = PaymentDraft(invoice.customer_id, "cheque", amount, "CAD", TODAY)
    return transact(lambda: record_payment_on_invoice(invoice.pk, draft, by=by, now=NOW))


def send(by: Actor, invoice: Invoice) -> None:
    transact(lambda: send_invoices([invoice.pk], by=by, now=NOW))


def reprice(by: Actor, booking: Booking, price: str) -> None:
    items = (ItemDraft(description="Office clean", unit_price=Decimal(price)),)
    transact(lambda: edit_booking(booking.pk, BookingEdit({}, items), by=by, now=NOW))


def credit(customer: Customer) -> int:
    found: dict[UUID, int] = Payment.objects.credit_by_customer([customer.pk])
    return found.get(customer.pk, 0)


def paid(*bookings: Booking) -> list[int]:
    found: dict[UUID, int] = dict(Booking.objects.values_list("pk", "paid_minor"))
    return [found[booking.pk] for booking in bookings]


def facts(invoice: Invoice) -> tuple[str, int, int, int]:
    """Status, total, paid, due."""
    invoice = Invoice.objects.get(pk=invoice.pk)
    return invoice.status, invoice.total_minor, invoice.paid_minor, invoice.due_minor


def test_a_payment_fills_the_oldest_booking_first_and_the_rest_is_credit(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    newer, older = (
        make_booking(maple, service_date=TODAY),
        make_booking(maple, service_date=TODAY.replace(day=3)),
    )
    invoice = make_invoice(newer, older)
    send(ana, invoice)

    pay_invoice(ana, invoice, 15_000)
    assert paid(older, newer) == [10_000, 5_000]
    assert facts(invoice) == (Status.PARTIALLY_PAID, 20_000, 15_000, 5_000)

    pay_invoice(ana, invoice, 8_000)
    assert facts(invoice) == (Status.PAID, 20_000, 20_000, 0)
    assert credit(maple) == 3_000


def test_credit_beside_a_due_invoice_is_marked_to_be_placed(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    pay(ana, maple, 2_000)
    invoice = make_invoice(make_booking(maple))
    send(ana, invoice)
    row = rows_of([Invoice.objects.get(pk=invoice.pk)], now=NOW)[0]
    assert Mark.CREDIT_TO_PLACE in row.marks


def test_credit_is_used_at_sending_where_the_company_switched_that_on(
    ana: Actor, company: Company, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    Company.objects.update(use_credit_at_sending=True)
    first, second = pay(ana, maple, 2_000), pay(ana, maple, 9_000)
    invoice = make_invoice(make_booking(maple))
    send(ana, invoice)
    assert facts(invoice) == (Status.PAID, 10_000, 10_000, 0)
    assert Payment.objects.credit_by_payment([first.pk, second.pk]) == {first.pk: 0, second.pk: 1_000}
    assert Invoice.objects.get().versions.get().document.count('"paid_minor":10000') >= 1


def test_a_deposit_before_the_invoice_counts_on_it(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    booking = make_booking(maple)
    pay(ana, maple, 3_000, placing={booking.pk: 3_000})
    invoice = make_invoice(booking)
    assert facts(invoice) == (Status.DRAFT, 10_000, 3_000, 7_000)
    send(ana, invoice)
    assert facts(invoice) == (Status.PARTIALLY_PAID, 10_000, 3_000, 7_000)


def test_a_price_that_falls_shrinks_write_off_then_reduction_then_releases_the_newest_money(
    ana: Actor, maple: Customer, make_booking: Make
) -> None:
    booking = make_booking(maple)
    old, new = (
        pay(ana, maple, 3_000, placing={booking.pk: 3_000}),
        pay(ana, maple, 4_000, placing={booking.pk: 4_000}),
    )
    transact(lambda: reduce_claim(booking.pk, amount_minor=1_000, reason="goodwill", by=ana, now=NOW))
    transact(lambda: write_off(booking.pk, amount_minor=2_000, reason="lost", by=ana, now=NOW))

    def cover() -> tuple[int, int, int]:
        row = Booking.objects.get(pk=booking.pk)
        return row.paid_minor, row.reduced_minor, row.written_off_minor

    reprice(ana, booking, "90.00")
    assert cover() == (7_000, 1_000, 1_000)
    reprice(ana, booking, "75.00")
    assert cover() == (7_000, 500, 0)
    reprice(ana, booking, "50.00")
    assert cover() == (5_000, 0, 0)
    placed = {payment: amount for payment, _booking, amount in Allocation.objects.all().placed()}
    assert placed == {old.pk: 3_000, new.pk: 2_000}
    assert credit(maple) == 2_000


def test_a_price_that_rises_keeps_the_money_and_charges_nobody(
    ana: Actor, make_booking: Make, make_invoice: Make
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    send(ana, invoice)
    pay_invoice(ana, invoice, 10_000)
    reprice(ana, booking, "120.00")
    assert facts(invoice) == (Status.PARTIALLY_PAID, 12_000, 10_000, 2_000)
    assert Payment.objects.count() == 1


def test_a_cancelled_booking_gives_its_money_back_as_credit_except_the_fee(
    ana: Actor, maple: Customer, make_booking: Make
) -> None:
    booking = make_booking(maple)
    pay(ana, maple, 6_000, placing={booking.pk: 6_000})
    fee = ItemDraft(description="Late cancellation", unit_price=Decimal("40.00"))
    transact(lambda: cancel_booking(booking.pk, fee=fee, reason="rain", by=ana, now=NOW))
    row = Booking.objects.get(pk=booking.pk)
    assert (row.total_minor, row.paid_minor, row.due_minor) == (4_000, 4_000, 0)
    assert credit(maple) == 2_000


def test_cancelling_the_only_booking_cancels_its_invoice_and_in_a_batch_the_line_leaves(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    alone = make_invoice(make_booking(maple))
    one, other = make_booking(maple), make_booking(maple)
    batch = make_invoice(one, other)
    send(ana, alone)
    send(ana, batch)
    for booking in (Booking.objects.get(invoice=alone), one):
        transact(lambda booking=booking: cancel_booking(booking.pk, fee=None, reason="rain", by=ana, now=NOW))  # type: ignore[misc]
    assert facts(alone)[0] == Status.CANCELLED
    assert facts(batch) == (Status.SENT, 10_000, 0, 10_000)


def test_a_booking_that_leaves_an_invoice_keeps_its_money(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    one, other = make_booking(maple), make_booking(maple)
    invoice = make_invoice(one, other)
    pay(ana, maple, 5_000, placing={one.pk: 5_000})
    transact(lambda: edit_invoice(invoice.pk, {"booking_ids": [other.pk]}, by=ana, now=NOW))
    assert facts(invoice) == (Status.DRAFT, 10_000, 0, 10_000)
    assert paid(one) == [5_000]


def test_a_cancelled_invoice_keeps_its_last_figures_and_its_bookings_keep_their_money(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    booking = make_booking(maple)
    invoice = make_invoice(booking)
    pay(ana, maple, 4_000, placing={booking.pk: 4_000})
    send(ana, invoice)
    transact(lambda: write_off(booking.pk, amount_minor=6_000, reason="lost", by=ana, now=NOW))
    assert facts(invoice)[0] == Status.PAID
    transact(lambda: cancel_invoice(invoice.pk, reason="wrong", by=ana, now=NOW))
    assert facts(invoice) == (Status.CANCELLED, 10_000, 4_000, 0)
    row = Booking.objects.get(pk=booking.pk)
    assert (row.invoice_id, row.paid_minor, row.written_off_minor, row.due_minor) == (None, 4_000, 0, 6_000)
    assert list(Booking.objects.to_invoice()) == [row]


def test_a_booking_held_back_at_cancelling_is_not_to_be_invoiced(
    ana: Actor, make_booking: Make, make_invoice: Make
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    send(ana, invoice)
    transact(lambda: cancel_invoice(invoice.pk, reason="wrong", hold_back=True, by=ana, now=NOW))
    assert not Booking.objects.to_invoice().exists()


def test_money_undoes_a_write_off_by_that_much_first(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    booking = make_booking(maple)
    invoice = make_invoice(booking)
    send(ana, invoice)
    transact(lambda: write_off(booking.pk, amount_minor=10_000, reason="lost", by=ana, now=NOW))
    assert facts(invoice) == (Status.PAID, 10_000, 0, 0)
    pay_invoice(ana, invoice, 4_000)
    row = Booking.objects.get(pk=booking.pk)
    assert (row.paid_minor, row.written_off_minor, row.due_minor) == (4_000, 6_000, 0)


def test_a_zero_total_is_paid_in_full_from_the_moment_it_is_sent(
    ana: Actor, make_booking: Make, make_invoice: Make
) -> None:
    invoice = make_invoice(make_booking(price="0.00"))
    assert facts(invoice)[0] == Status.DRAFT
    send(ana, invoice)
    assert facts(invoice) == (Status.PAID, 0, 0, 0)


def test_a_wrong_entry_is_reversed_once_and_leaves_its_bookings(
    ana: Actor, maple: Customer, make_booking: Make, make_invoice: Make
) -> None:
    invoice = make_invoice(make_booking(maple))
    send(ana, invoice)
    payment = pay_invoice(ana, invoice, 12_000)
    transact(lambda: reverse_payment(payment.pk, reason="typed twice", by=ana, now=NOW))
    assert facts(invoice) == (Status.SENT, 10_000, 0, 10_000)
    assert credit(maple) == 0
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: reverse_payment(payment.pk, reason="again", by=ana, now=NOW))
    assert refused.value.code == "already_reversed"


def test_a_payment_can_be_moved_to_other_bookings(ana: Actor, maple: Customer, make_booking: Make) -> None:
    one, other = make_booking(maple), make_booking(maple)
    payment = pay(ana, maple, 9_000, placing={one.pk: 9_000})
    transact(lambda: place_payment(payment.pk, {other.pk: 5_000}, by=ana, now=NOW))
    assert paid(one, other) == [0, 5_000]
    assert credit(maple) == 4_000


def test_money_is_never_placed_beyond_what_is_due(ana: Actor, maple: Customer, make_booking: Make) -> None:
    booking = make_booking(maple)
    with pytest.raises(RuleBroken) as refused:
        pay(ana, maple, 20_000, placing={booking.pk: 10_001})
    assert refused.value.code == "more_than_due"
    assert not Payment.objects.exists()
