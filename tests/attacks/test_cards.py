"""Card numbers typed into notes and references are not stored. The numbers are the networks' public test numbers."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.companies.tests.clients import ApiClient
from bookbill.ledger.models import Payment
from bookbill.lib.parsing import has_card_number
from tests.support.cast import TODAY

CARDS = [
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "card 4012888888881881, 12/27, 123",
    "Visa:4222222222222",
    "5555555555554444",
    "2223 0031 2200 3222",
    "378282246310005",
    "3782 822463 10005",
    "6011111111111117",
    "3530111333300000",
    "30569309025904",
    "please charge\n5105 1051 0510 5100\nthank you",
    "6304000000000000",
]
NO_CARDS = [
    "4111111111111112",
    "411111111111111",
    "1234567890123",
    "41111111111111111111",
    "4111 1111 1111 1111 1111 1111",
    "+1 416 555 0134, +1 416 555 0135",
    "+44 20 7946 0958",
    "81234 5678 RT0001",
    "BE68 5390 0754 7034",
    "DE89 3704 0044 0532 0130 00",
    "RF18 5390 0754 7034",
    "2026-06-30 2026-07-01",
    "30-06-2026 01-07-2026",
    "INV-2026-00001 INV-2026-00002",
    "0000000000000000",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "9" * 5_000,
    "4111 " * 1_000,
    "4-" * 2_500,
]


@pytest.mark.parametrize("text", CARDS)
def test_a_card_number_is_known_however_it_is_written(text: str) -> None:
    assert has_card_number(text)


@pytest.mark.parametrize("text", NO_CARDS)
def test_other_numbers_are_none(text: str) -> None:
    assert not has_card_number(text)


def test_no_note_takes_a_card_number(
    api: ApiClient, desk: Client, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    money = {"customer_id": str(booking.customer_id), "method": "card", "amount_minor": 500}
    answers = {
        "reference": api.post("/payments", {**money, "reference": CARDS[1]}),
        "reason": api.post(f"/bookings/{booking.pk}/write-off", {"amount_minor": 5, "reason": CARDS[0]}),
        "note": api.patch(f"/bookings/{booking.pk}", {"note": CARDS[-2]}),
    }
    for field, answer in answers.items():
        said = answer.json()
        assert (answer.status_code, said["code"], said["field"]) == (422, "card_number", field)

    form = {"amount": "5.00", "received_on": TODAY.isoformat(), "method": "card", "way": "credit"}
    page = desk.post(f"/customers/{booking.customer_id}/payments/new", {**form, "reference": CARDS[2]})
    assert page.status_code == 422
    assert "This looks like a card number" in page.content.decode()
    assert not Payment.objects.exists()
    booking.refresh_from_db()
    assert not booking.note
