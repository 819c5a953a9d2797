"""Settling an invoice: a payment oldest first or by hand, the customer's credit, a claim lowered or given up."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.invoices.actions.paying import write_off_invoice
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.claims import write_off
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Allocation, Payment
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

Make = Callable[..., Invoice]
MakeBooking = Callable[..., Booking]
PAID = {"amount": "150.00", "received_on": "2026-06-30", "method": "cheque", "way": "oldest"}


@pytest.fixture
def two(make_booking: MakeBooking, make_customer: Callable[..., Customer]) -> list[Booking]:
    customer = make_customer()
    return [make_booking(customer), make_booking(customer)]


def paid_of(*bookings: Booking) -> list[int]:
    found = dict(Booking.objects.values_list("pk", "paid_minor"))
    return [found[booking.pk] for booking in bookings]


def test_a_payment_fills_the_oldest_bookings_or_is_placed_by_hand(
    desk: Client, make_sent: Make, two: list[Booking]
) -> None:
    at = f"/payments/invoices/{make_sent(*two).pk}/payments"
    shown = desk.get(at).content.decode()
    assert "Maple Offices owes $200.00 on this invoice" in shown
    assert "keep all of it as credit" not in shown

    by_hand = PAID | {"amount": "70.00", "way": "hand", f"place_{two[1].pk.hex}": "60.00"}
    assert desk.post(at, by_hand).status_code == 303
    assert paid_of(*two) == [0, 6_000]
    assert desk.post(at, PAID | {"amount": "110.00"}).status_code == 303
    assert paid_of(*two) == [10_000, 7_000]
    assert Payment.objects.credit_by_customer([two[0].customer_id])[two[0].customer_id] == 1_000


@pytest.mark.parametrize("switched_on", [True, False])
@pytest.mark.parametrize("at", ["sendings", "edit", "new"])
def test_credit_that_sending_uses_is_told_before_it_is_sent(
    desk: Client, ana: Actor, make_booking: MakeBooking, make_invoice: Make, at: str, switched_on: bool
) -> None:
    Company.objects.update(use_credit_at_sending=switched_on)
    booking = make_booking()
    credit = PaymentDraft(booking.customer_id, "cash", 2_500, "CAD", TODAY)
    transact(lambda: record_payments([credit], by=ana, now=NOW))
    where = f"new?bookings={booking.pk}" if at == "new" else f"{make_invoice(booking).pk}/{at}"
    said = "$25.00 of the customer&#x27;s credit is used when it is sent."
    page = desk.get(f"/payments/invoices/{where}").content.decode().replace("customer's", "customer&#x27;s")
    assert (said in page) is switched_on


def keep_credit(booking: Booking, amount_minor: int, by: Actor) -> None:
    payment = PaymentDraft(booking.customer_id, "cash", amount_minor, "CAD", TODAY)
    transact(lambda: record_payments([payment], by=by, now=NOW))


def test_what_is_left_to_pay_after_credit_counts_the_write_off_that_it_undoes(
    desk: Client, ana: Actor, make_booking: MakeBooking, make_sent: Make
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    transact(lambda: write_off(booking.pk, amount_minor=5_000, reason="Small", by=ana, now=NOW))
    keep_credit(booking, 9_000, ana)
    at = f"/payments/invoices/{invoice.pk}/credit"
    assert "$50.00 of it goes on this invoice, then $50.00 is left to pay." in desk.get(at).content.decode()
    assert desk.post(at, {"placing": "5000"}).status_code == 303
    assert Invoice.objects.get().due() == 5_000


def test_another_amount_of_credit_than_was_shown_is_not_applied(
    desk: Client, ana: Actor, make_booking: MakeBooking, make_sent: Make
) -> None:
    booking = make_booking()
    at = f"/payments/invoices/{make_sent(booking).pk}/credit"
    keep_credit(booking, 3_000, ana)
    assert 'name="placing" value="3000"' in desk.get(at).content.decode()
    keep_credit(booking, 2_000, ana)

    refused = desk.post(at, {"placing": "3000"})

    assert (refused.status_code, paid_of(booking)) == (409, [0])
    assert "$50.00 of it goes on this invoice" in refused.content.decode()
    assert desk.post(at, {"placing": "5000"}).status_code == 303
    assert paid_of(booking) == [5_000]


@pytest.mark.parametrize("at", ["sendings", "edit", "new"])
def test_another_amount_of_credit_than_was_told_is_not_used_by_a_sending(
    desk: Client, ana: Actor, make_booking: MakeBooking, make_invoice: Make, at: str
) -> None:
    Company.objects.update(use_credit_at_sending=True)
    booking = make_booking()
    keep_credit(booking, 2_500, ana)
    where = f"new?bookings={booking.pk}" if at == "new" else f"{make_invoice(booking).pk}/{at}"
    where = f"/payments/invoices/{where}"

    def form(page: str) -> dict[str, str]:
        said = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
        return said | {"recipients": "maple@customer.example", "act": "send", "operation_id": ""}

    first = form(desk.get(where).content.decode())
    keep_credit(booking, 1_000, ana)
    refused = desk.post(where, first)
    assert (refused.status_code, paid_of(booking)) == (422, [0])
    assert "Another amount of the customer" in refused.content.decode()
    assert desk.post(where, form(refused.content.decode())).status_code == 303
    assert paid_of(booking) == [3_500]


@pytest.mark.both_databases
def test_a_payment_on_a_settled_invoice_is_found_there_as_credit(
    desk: Client, api: ApiClient, make_sent: Make, two: list[Booking]
) -> None:
    invoice = make_sent(*two)
    at = f"/payments/invoices/{invoice.pk}"
    for press in range(2):
        desk.post(f"{at}/payments", PAID | {"amount": "200.00", "reference": f"Cheque {press}"})

    shown = desk.get(at).content.decode()
    assert "Credit to place" in shown
    assert "Cheque 1" in shown
    assert "Cheque 1" in desk.get(f"{at}/history").content.decode()
    by_api = {"method": "cash", "amount_minor": 1_000, "invoice_id": str(invoice.pk)}
    made = api.post("/payments", by_api).json()
    assert (made["allocations"], made["credit_minor"]) == ([], 1_000)
    assert api.get(f"/invoices/{invoice.pk}").json()["marks"] == ["credit_to_place"]
    assert len(api.get(f"/payments?invoice_id={invoice.pk}").json()["items"]) == 3

    desk.post(f"{at}/cancellation", {"reason": "Wrong", "bookings": "again"})
    assert "Nothing to pay" in desk.get(at).content.decode()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"way": "hand", "place": "100.01"}, "More than this booking can take."),
        ({"way": "oldest", "place": "90"}, "Amounts are entered below."),
        ({"way": "hand", "place": "90", "amount": "80"}, "More is placed than the payment brought in."),
        ({"way": "credit"}, "This is not in the list any more."),
    ],
)
def test_a_placing_that_cannot_be_is_refused_and_nothing_is_booked(
    desk: Client, make_sent: Make, two: list[Booking], fields: dict[str, str], sentence: str
) -> None:
    form = PAID | fields
    if "place" in fields:
        form[f"place_{two[0].pk.hex}"] = fields["place"]
    answer = desk.post(f"/payments/invoices/{make_sent(*two).pk}/payments", form)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Payment.objects.exists()


def pay(by: Actor, customer_id: UUID, amount_minor: int, day: int) -> Payment:
    """Money that lies on nothing: credit."""
    draft = PaymentDraft(customer_id, "cash", amount_minor, "CAD", dt.date(2026, 6, day))
    return transact(lambda: record_payments([draft], by=by, now=NOW))[0]


def test_a_settled_invoice_says_where_the_credit_goes_next(
    desk: Client, ana: Actor, make_booking: MakeBooking, make_sent: Make
) -> None:
    invoice = make_sent()
    at = f"/payments/invoices/{invoice.pk}"
    assert desk.post(f"{at}/payments", PAID | {"amount": "130.00"}).status_code == 303
    shown = desk.get(at).content.decode()
    assert "Maple Offices has $30.00 of credit" in shown
    assert f'href="/customers/{invoice.customer_id}/payments"' in shown
    other = make_sent(make_booking(invoice.customer))
    shown = desk.get(at).content.decode()
    assert f"On {other.number}, $100.00 is due." in shown
    assert f'href="/payments/invoices/{other.pk}/credit"' in shown
    # Credit that has nothing to do with a settled invoice is not told there.
    assert desk.post(f"/payments/invoices/{other.pk}/credit", {}).status_code == 303
    pay(ana, invoice.customer_id, 1_000, day=20)
    assert "Maple Offices has" not in desk.get(at).content.decode()


@pytest.mark.both_databases
def test_the_oldest_credit_settles_the_oldest_booking_first(
    desk: Client, ana: Actor, make_sent: Make, two: list[Booking]
) -> None:
    invoice = make_sent(*two)
    late, early = pay(ana, invoice.customer_id, 5_000, day=20), pay(ana, invoice.customer_id, 8_000, day=10)
    at = f"/payments/invoices/{invoice.pk}"
    assert f'href="{at}/credit"' in desk.get(at).content.decode()
    asked = desk.get(f"{at}/credit").content.decode()
    assert (
        "Maple Offices has $130.00 of credit. $130.00 of it goes on this invoice, then $70.00 is left"
        in asked
    )

    form = {"operation_id": "one"}
    assert [desk.post(f"{at}/credit", form).status_code for _press in range(2)] == [303, 303]
    placed = [(row.payment_id, row.booking_id, row.amount_minor) for row in Allocation.objects.order_by("pk")]
    assert sorted(placed) == sorted(
        [(early.pk, two[0].pk, 8_000), (late.pk, two[0].pk, 2_000), (late.pk, two[1].pk, 3_000)]
    )
    shown = desk.get(at).content.decode()
    assert "Partially paid" in shown
    assert f'href="{at}/credit"' not in shown


def test_without_credit_or_balance_nothing_is_placed(
    desk: Client, ana: Actor, make_sent: Make, two: list[Booking]
) -> None:
    invoice = make_sent(*two)
    at = f"/payments/invoices/{invoice.pk}/credit"
    assert "has no credit to use" in desk.get(at).content.decode()
    assert desk.post(at).status_code == 409
    pay(ana, invoice.customer_id, 25_000, day=1)
    desk.post(at)
    assert "Nothing is due on this invoice" in desk.get(at).content.decode()
    assert desk.post(at).status_code == 409
    assert paid_of(*two) == [10_000, 10_000]


@pytest.mark.both_databases
def test_a_balance_is_written_off_over_its_bookings_as_it_was_seen(
    desk: Client, ana: Actor, make_sent: Make, two: list[Booking], django_assert_max_num_queries: Any
) -> None:
    invoice = make_sent(*two)
    at = f"/payments/invoices/{invoice.pk}/write-off"
    assert "$200.00 that Maple Offices owes for 2 bookings is given up" in desk.get(at).content.decode()
    assert desk.post(at, {"due_minor": "20000", "reason": ""}).status_code == 422

    record = PaymentDraft(invoice.customer_id, "cash", 4_000, "CAD", NOW.date(), fill=(two[0].pk,))
    transact(lambda: record_payments([record], by=ana, now=NOW))
    stale = desk.post(at, {"due_minor": "20000", "reason": "Bankrupt"})
    assert stale.status_code == 422
    assert "The balance has changed meanwhile" in stale.content.decode()
    assert 'name="due_minor" value="16000"' in stale.content.decode()

    assert desk.post(at, {"due_minor": "16000", "reason": "Bankrupt"}).status_code == 303
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid_minor, invoice.written_off_minor) == ("paid", 4_000, 16_000)
    entries = Entry.objects.filter(type="booking.written_off").values_list("after__reason", flat=True)
    assert list(entries) == ["Bankrupt", "Bankrupt"]


def test_a_draft_and_a_settled_invoice_have_no_balance_to_write_off(
    ana: Actor, make_invoice: Make, make_sent: Make, two: list[Booking]
) -> None:
    draft, sent = make_invoice(two[0]), make_sent(two[1])
    for invoice, code in ((draft, "not_sent"), (sent, "nothing_due")):
        if invoice is sent:
            transact(lambda: write_off_invoice(sent.pk, due_minor=10_000, reason="Lost", by=ana, now=NOW))
        with pytest.raises(RuleBroken) as refused:
            transact(
                lambda pk=invoice.pk: write_off_invoice(pk, due_minor=10_000, reason="x", by=ana, now=NOW)  # type: ignore[misc]
            )
        assert refused.value.code == code


def test_writing_off_two_hundred_bookings_takes_as_many_queries_as_one(
    ana: Actor,
    make_sent: Make,
    make_booking: MakeBooking,
    two: list[Booking],
    django_assert_max_num_queries: Any,
) -> None:
    one, many = make_sent(two[0]), make_sent(*[make_booking(two[0].customer) for _ in range(20)])
    with django_assert_max_num_queries(60) as for_one:
        transact(lambda: write_off_invoice(one.pk, due_minor=10_000, reason="Lost", by=ana, now=NOW))
    with django_assert_max_num_queries(len(for_one)):
        transact(lambda: write_off_invoice(many.pk, due_minor=200_000, reason="Lost", by=ana, now=NOW))


@pytest.mark.parametrize(
    ("path", "column", "sentence"),
    [
        ("write-off", "written_off_minor", "counts as settled, never as paid"),
        ("reduction", "reduced_minor", "no longer owed"),
    ],
)
def test_the_claim_of_one_booking_is_lowered_or_given_up(
    desk: Client, make_booking: MakeBooking, path: str, column: str, sentence: str
) -> None:
    booking = make_booking()
    at = f"/bookings/{booking.pk}/{path}"
    assert f'href="{at}"' in desk.get(f"/bookings/{booking.pk}").content.decode()
    asked = desk.get(at).content.decode()
    assert "Maple Offices owes $100.00 for B-1001" in asked
    assert sentence in asked
    for wrong in ({"amount_minor": "100.01", "reason": "x"}, {"amount_minor": "10", "reason": ""}):
        assert desk.post(at, wrong).status_code == 422
    assert desk.post(at, {"amount_minor": "30.00", "reason": "Broke a vase"}).status_code == 303
    assert Booking.objects.values_list(column, "due_minor").get() == (3_000, 7_000)


def test_programs_place_credit_and_write_a_balance_off(
    api: ApiClient, ana: Actor, make_sent: Make, two: list[Booking]
) -> None:
    invoice = make_sent(*two)
    pay(ana, invoice.customer_id, 5_000, day=1)
    placed = api.post(f"/invoices/{invoice.pk}/credit", {})
    assert (placed.status_code, placed.json()["due_minor"]) == (201, 15_000)
    assert api.post(f"/invoices/{invoice.pk}/credit", {}).json()["code"] == "no_credit"
    body = {"due_minor": 15_000, "reason": "Bankrupt"}
    assert api.post(f"/invoices/{invoice.pk}/write-off", body | {"due_minor": 1}).json()["code"] == "stale"
    assert api.post(f"/invoices/{invoice.pk}/write-off", body).json()["written_off_minor"] == 15_000


def test_by_hand_without_an_amount_is_asked_about_and_books_nothing(
    desk: Client, make_sent: Make, two: list[Booking]
) -> None:
    invoice = make_sent(*two)
    answer = desk.post(f"/payments/invoices/{invoice.pk}/payments", {**PAID, "way": "hand"})
    assert answer.status_code == 422
    assert "Enter an amount for at least one booking" in answer.content.decode()
    assert not Payment.objects.exists()
