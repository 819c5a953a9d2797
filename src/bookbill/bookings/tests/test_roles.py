"""What providers and accountants find of bookings, and what they are refused."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.bookings.tests.reading import numbers, text_of
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from tests.support.cast import add_member

PRICES = {
    "unit_price", "amount_minor", "net_minor", "discount", "discount_minor", "subtotal_minor", "taxes", "tax_minor",
    "total_minor", "paid_minor", "reduced_minor", "written_off_minor", "due_minor", "currency", "invoice_id",
}  # fmt: skip


@pytest.mark.both_databases
def test_a_provider_sees_and_completes_the_own_bookings_and_no_price_anywhere(
    company: Company, api_of: Callable[[Actor], ApiClient], make_booking: Callable[..., Booking]
) -> None:
    pat = add_member(company, "pat", Role.PROVIDER)
    mine = make_booking(provider_id=pat.member_id, completed=False, price="76543.21")
    others = make_booking(completed=False)
    api = api_of(pat)

    listed = api.get("/bookings")
    assert [row["id"] for row in listed.json()["items"]] == [str(mine.pk)]
    read = api.get(f"/bookings/{mine.pk}")
    done = api.post(f"/bookings/{mine.pk}/completion")
    assert (read.status_code, done.status_code, done.json()["state"]) == (200, 201, "completed")
    for answer in (listed, read, done):
        assert not names_in(answer.json()) & PRICES
        assert "76543" not in answer.content.decode()
    assert api.get(f"/bookings/{others.pk}").status_code == 404
    assert api.post(f"/bookings/{others.pk}/completion").status_code == 404
    assert api.get(f"/bookings?provider_id={others.pk}").json()["items"] == []


@pytest.mark.both_databases
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/bookings", {"customer_id": str(new_id()), "service_date": "2026-06-30", "items": [{"description": "x", "unit_price": "1"}]}),
        ("patch", "/bookings/{booking}", {"note": "x"}),
        ("delete", "/bookings/{booking}", None),
        ("post", "/bookings/{booking}/cancellation", {}),
        ("post", "/bookings/{booking}/write-off", {"amount_minor": 1, "reason": "x"}),
        ("post", "/bookings/{booking}/reduction", {"amount_minor": 1, "reason": "x"}),
        ("get", "/services", None),
        ("get", "/tax-codes", None),
        ("post", "/services", {"name": "x", "unit_price": "1"}),
        ("post", "/tax-codes", {"name": "x", "components": [{"name": "x", "rate": "1"}]}),
        ("get", "/customers", None),
        ("get", "/invoices", None),
        ("get", "/payments", None),
        ("get", "/events", None),
        ("post", "/invoices", {"booking_ids": ["{booking}"]}),
        ("post", "/payments", {"customer_id": str(new_id()), "method": "cash", "amount_minor": 1}),
    ],
)  # fmt: skip
def test_a_provider_is_refused_everything_else(
    method: str, path: str, body: Any,
    company: Company, api_of: Callable[[Actor], ApiClient], make_booking: Callable[..., Booking],
) -> None:  # fmt: skip
    pat = add_member(company, "pat", Role.PROVIDER)
    booking = make_booking(provider_id=pat.member_id)
    if body and "booking_ids" in body:
        body = {"booking_ids": [str(booking.pk)]}
    refused = api_of(pat).request(method, path.format(booking=booking.pk), body)

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_a_provider_sees_own_bookings_without_anything_of_money(
    company: Company,
    page_of: Callable[[Actor], Client],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    pat = add_member(company, "pat", Role.PROVIDER)
    mine = make_booking(provider_id=pat.member_id, completed=False, price="123.45")
    billed = make_booking(provider_id=pat.member_id, price="678.90")
    make_invoice(billed)
    other = make_booking()
    client = page_of(pat)
    listed = client.get("/bookings")
    assert mine.number in numbers(client.get("/bookings?q=maple+off"))
    for address in ("/bookings?q=", "/bookings/calendar?q=", "/search?q="):
        assert mine.number not in text_of(client.get(f"{address}maple@customer")), (
            "finds by an email not shown"
        )
    assert sorted(numbers(listed)) == [mine.number, billed.number]
    pages = [
        listed,
        *(
            client.get(f"/bookings/{booking.pk}{part}")
            for booking in (mine, billed)
            for part in ("", "/menu")
        ),
    ]
    for page in pages:
        assert page.status_code == 200
        for secret in ("123.45", "678.90", "$", "@customer.example", "Draft", "To invoice", "Paid"):
            assert secret not in main_of(page), secret
    assert client.get(f"/bookings/{other.pk}").status_code == 404
    for refused in (
        "/bookings/new",
        "/settings/services",
        f"/bookings/{mine.pk}/edit",
        f"/bookings/{mine.pk}/payments",
        f"/bookings/{mine.pk}/cancellation",
        f"/customers/{mine.customer_id}/bookings",
        "/settings/taxes",
    ):
        assert client.get(refused).status_code == 403, refused
    assert client.post(f"/bookings/{mine.pk}/completion").status_code == 303
    assert client.post(f"/bookings/{other.pk}/completion").status_code == 404


def test_an_accountant_reads_bookings_and_changes_none(
    company: Company, page_of: Callable[[Actor], Client], make_booking: Callable[..., Booking]
) -> None:
    client = page_of(add_member(company, "ada", Role.ACCOUNTANT))
    booking = make_booking(completed=False)
    shown = text_of(client.get(f"/bookings/{booking.pk}"))
    assert "$100.00" in shown
    assert "Cancel booking" not in shown
    for act in ("completion", "hold", "reopening", "deletion", "cancellation"):
        assert client.post(f"/bookings/{booking.pk}/{act}").status_code == 403


def main_of(answer: Any) -> str:
    """What the page says, without the shell around it, which names the reader."""
    text = text_of(answer)
    return text.partition("<main")[2].partition("</main>")[0] or text
