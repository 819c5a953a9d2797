"""The money dialogs of an invoice: a payment, oldest first or by hand."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.customers.models import Customer
from bookbill.invoices.models import Invoice
from bookbill.ledger.models import Payment

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


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"way": "hand", "place": "100.01"}, "More than this booking can take."),
        ({"way": "oldest", "place": "90"}, "Amounts are entered below."),
        ({"way": "hand", "place": "90", "amount": "80"}, "More is placed than the payment brought in."),
        ({"way": "credit"}, "Select a valid choice"),
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
