"""The pages of payments, through the door that people use."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.customers.models import Customer
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment, Reversal
from bookbill.ledger.reading import payers
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY, add_member


@pytest.fixture
def pay(ana: Actor) -> Callable[..., Payment]:
    """A cheque on these bookings, the oldest first; what is left is credit."""

    def make(amount_minor: int, *bookings: Booking, reference: str = "884") -> Payment:
        draft = PaymentDraft(
            customer_id=bookings[0].customer_id,
            method="cheque",
            amount_minor=amount_minor,
            currency="CAD",
            received_on=TODAY,
            reference=reference,
            fill=tuple(booking.pk for booking in bookings),
        )
        return transact(lambda: record_payments([draft], by=ana, now=NOW))[0]

    return make


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def sent(**fields: str) -> dict[str, str]:
    return {"amount": "150.00", "received_on": "2026-06-30", "method": "cheque", "way": "oldest", **fields}


def test_recording_that_begins_nowhere_asks_whose_money_it_is(
    desk: Client,
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
    django_assert_num_queries: Any,
) -> None:
    little, much = make_booking(make_customer("Little"), price="10"), make_booking(make_customer("Much"))
    make_customer("Zoe, who owes nothing")

    shown = text_of(desk.get("/payments/transactions/new"))
    assert shown.index("Much") < shown.index("Little")
    assert "Zoe" not in shown
    assert f"/customers/{much.customer_id}/payments/new" in shown

    found = text_of(desk.get("/payments/transactions/new?q=zo"))
    assert "Zoe" in found
    assert f"/customers/{little.customer_id}/payments/new" not in found
    assert "/payments/transactions/new" in text_of(desk.get("/search?q=record+payment"))
    with django_assert_num_queries(2):
        payers("")


def test_what_is_owed_is_told_apart_from_what_is_not_invoiced_yet(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Any]
) -> None:
    billed = make_booking(completed=False)
    make_booking(billed.customer, price="45.99")
    address = f"/customers/{billed.customer_id}/payments/new"
    assert "owes $45.99, not yet invoiced." in text_of(desk.get(address))

    invoice = make_invoice(billed)
    desk.post(f"/payments/invoices/{invoice.pk}/sendings", {"recipients": "a@x.example", "act": "send"})
    asked = text_of(desk.get(address))
    assert "owes $100.00 invoiced + $45.99 not yet invoiced." in asked
    assert 'value="100.00"' in asked

    desk.post(address, sent(amount="100.00"))
    assert Booking.objects.get(pk=billed.pk).paid_minor > 0  # billed ahead, so it is owed like done work


def test_money_of_a_customer_fills_the_oldest_done_work_and_the_rest_is_credit(
    desk: Client, make_customer: Callable[..., Customer], make_booking: Callable[..., Booking]
) -> None:
    customer = make_customer()
    done, planned = make_booking(customer), make_booking(customer, completed=False)
    assert "Maple Offices owes $100.00" in text_of(desk.get(f"/customers/{customer.pk}/payments/new"))
    answer = desk.post(f"/customers/{customer.pk}/payments/new", sent())
    payment = Payment.objects.get()
    assert answer["Location"] == f"/payments/transactions/{payment.pk}"
    done.refresh_from_db()
    planned.refresh_from_db()
    assert (done.paid_minor, planned.paid_minor) == (10_000, 0)
    assert Payment.objects.credit_by_payment([payment.pk])[payment.pk] == 5_000


def test_money_can_be_placed_by_hand_also_as_a_deposit_or_kept_as_credit(
    desk: Client, make_customer: Callable[..., Customer], make_booking: Callable[..., Booking]
) -> None:
    customer = make_customer()
    done, planned = make_booking(customer), make_booking(customer, completed=False)
    here = f"/customers/{customer.pk}/payments/new"
    desk.post(here, sent(way="hand", **{f"place_{planned.pk.hex}": "60"}))
    desk.post(here, sent(way="credit"))
    done.refresh_from_db()
    planned.refresh_from_db()
    assert (done.paid_minor, planned.paid_minor) == (0, 6_000)
    assert Payment.objects.credit_by_customer([customer.pk])[customer.pk] == 24_000


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "0"}, "more than zero"),
        ({"amount": "12.345"}, "At most 2 decimals"),
        ({"received_on": "yesterday"}, "is not a date"),
        ({"way": "hand", "place": "100.01"}, "More than this booking can take."),
        ({"way": "oldest", "place": "90"}, "Amounts are entered below."),
        ({"way": "credit", "place": "90"}, "Amounts are entered below."),
        ({"way": "hand", "place": "90", "amount": "80"}, "More is placed than the payment brought in."),
    ],
)
def test_what_cannot_be_booked_is_refused_and_nothing_is_booked(
    desk: Client, make_booking: Callable[..., Booking], fields: dict[str, str], sentence: str
) -> None:
    booking = make_booking()
    if "place" in fields:
        fields = {**fields, f"place_{booking.pk.hex}": fields["place"]}
    answer = desk.post(f"/customers/{booking.customer_id}/payments/new", sent(**fields))
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Payment.objects.exists()


def test_a_payment_shows_where_it_lies_and_is_placed_anew(
    desk: Client,
    pay: Callable[..., Payment],
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
) -> None:
    customer = make_customer()
    first, second = make_booking(customer), make_booking(customer)
    payment = pay(12_000, first)
    shown = text_of(desk.get(f"/payments/transactions/{payment.pk}"))
    assert "Apply the credit" in shown
    assert "$20.00" in shown
    desk.post(
        f"/payments/transactions/{payment.pk}/placing",
        {f"place_{first.pk.hex}": "50", f"place_{second.pk.hex}": "70"},
    )
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.paid_minor, second.paid_minor) == (5_000, 7_000)
    refused = desk.post(
        f"/payments/transactions/{payment.pk}/placing",
        {f"place_{first.pk.hex}": "100", f"place_{second.pk.hex}": "100"},
    )
    assert refused.status_code == 422
    assert "More is placed than the payment brought in." in text_of(refused)


def test_a_wrong_payment_is_reversed_with_a_reason_once(
    desk: Client, pay: Callable[..., Payment], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    payment = pay(10_000, booking)
    here = f"/payments/transactions/{payment.pk}"
    assert desk.post(f"{here}/reversal", {"reason": ""}).status_code == 422
    assert desk.post(f"{here}/reversal", {"reason": "Typed twice"}).status_code == 303
    booking.refresh_from_db()
    assert booking.paid_minor == 0
    assert Reversal.objects.get().reason == "Typed twice"
    shown = text_of(desk.get(here))
    assert "Typed twice" in shown
    assert "Move to other bookings" not in shown
    again = desk.post(f"{here}/reversal", {"reason": "Again"})
    assert "already reversed" in text_of(again)


@pytest.mark.parametrize("act", ["write-off", "reduction"])
def test_what_is_paid_offers_no_form_to_lower_it(
    desk: Client, make_booking: Callable[..., Booking], pay: Callable[..., Payment], act: str
) -> None:
    booking = make_booking()
    assert "amount" in text_of(desk.get(f"/bookings/{booking.pk}/{act}"))
    pay(booking.total_minor, booking)
    page = text_of(desk.get(f"/bookings/{booking.pk}/{act}"))
    assert "Nothing is due on this booking." in page
    assert 'name="amount' not in page


def test_only_the_reference_is_mended_in_place(
    desk: Client, pay: Callable[..., Payment], make_booking: Callable[..., Booking]
) -> None:
    payment = pay(10_000, make_booking())
    desk.post(f"/payments/transactions/{payment.pk}/reference", {"reference": "885", "amount": "1"})
    payment.refresh_from_db()
    assert (payment.reference, payment.amount_minor) == ("885", 10_000)


def test_the_list_names_customers_bookings_and_what_became_of_the_money(
    desk: Client, pay: Callable[..., Payment], make_booking: Callable[..., Booking]
) -> None:
    assert "No payments yet" in text_of(desk.get("/payments/transactions"))
    booking = make_booking()
    pay(12_500, booking)
    shown = text_of(desk.get("/payments/transactions"))
    for words in ("Maple Offices", "Cheque", "884", booking.number, "$25.00", "$125.00", "Recorded"):
        assert words in shown
    for narrowing, count in (
        ("q=maple", 1),
        ("q=88", 1),
        ("q=oak", 0),
        ("method=cheque", 1),
        ("method=cash", 0),
        ("method=none", 1),
        ("date_from=2026-07-01", 0),
        ("date_to=2026-06-30", 1),
    ):
        answer = desk.get(f"/payments/transactions?{narrowing}")
        assert len(answer.context["payments"]) == count, narrowing
    assert "No payment matches" in text_of(desk.get("/payments/transactions?q=oak"))
    for page in (f"/customers/{booking.customer_id}/payments", f"/bookings/{booking.pk}/payments"):
        assert "Cheque" in text_of(desk.get(page))


def test_an_accountant_records_and_places_but_does_not_reverse_and_a_provider_sees_nothing(
    company: Company,
    page_of: Callable[[Actor], Client],
    pay: Callable[..., Payment],
    make_booking: Callable[..., Booking],
) -> None:
    booking = make_booking()
    payment = pay(1_000, booking)
    here = f"/payments/transactions/{payment.pk}"
    accountant = page_of(add_member(company, "ada", Role.ACCOUNTANT))
    assert accountant.get(f"{here}/placing").status_code == 200
    assert accountant.get(f"/customers/{booking.customer_id}/payments/new").status_code == 200
    assert accountant.get(f"{here}/reversal").status_code == 403
    assert "Reverse" not in text_of(accountant.get(here))
    provider = page_of(add_member(company, "pat", Role.PROVIDER))
    for path in (
        "/payments/transactions",
        here,
        f"{here}/placing",
        f"/customers/{booking.customer_id}/payments",
    ):
        assert provider.get(path).status_code == 403, path


def test_the_list_takes_as_many_queries_for_one_payment_as_for_thirty(
    desk: Client,
    pay: Callable[..., Payment],
    make_booking: Callable[..., Booking],
    django_assert_max_num_queries: Any,
) -> None:
    pay(500, make_booking())
    desk.get("/payments/transactions")
    with django_assert_max_num_queries(20) as one:
        desk.get("/payments/transactions")
    for _ in range(29):
        pay(500, make_booking())
    with django_assert_max_num_queries(len(one)):
        assert len(desk.get("/payments/transactions").context["payments"]) == 30
