"""An archived customer gets no new work; what exists is still billed and paid."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.models import Booking
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import archive_customer
from bookbill.customers.models import Customer
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

pytestmark = pytest.mark.both_databases

LINE = {"description": "Office clean", "unit_price": "100.00"}
SENTENCE = "Maple Offices is archived. Restore the customer first, then add new work."


@pytest.fixture
def gone(ana: Actor, make_customer: Callable[..., Customer]) -> Customer:
    """An archived customer."""
    customer = make_customer()
    return transact(lambda: archive_customer(customer.pk, archived=True, by=ana, now=NOW))


@pytest.mark.parametrize("path", ["/bookings", "/instant-invoices"])
def test_programs_are_refused_and_nothing_is_made(api: ApiClient, gone: Customer, path: str) -> None:
    body = {"customer_id": str(gone.pk), "service_date": "2026-06-30", "items": [LINE]}
    answer = api.post(path, body)
    assert (answer.status_code, answer.json()["code"]) == (409, "customer_archived")
    assert answer.json()["message"] == SENTENCE
    assert not Booking.objects.exists()


@pytest.mark.parametrize("path", ["/bookings/new", "/payments/invoices/instant"])
def test_pages_say_so_and_lead_to_the_customer(
    desk: Client, gone: Customer, make_customer: Callable[..., Customer], path: str
) -> None:
    make_customer("Oak Dental")
    form = {
        "customer": str(gone.pk),
        "service_date": "2026-06-30",
        "items-TOTAL_FORMS": "1",
        "items-INITIAL_FORMS": "0",
        "items-0-description": "Office clean",
        "items-0-quantity": "1",
        "items-0-unit_price": "100.00",
    }
    answer = desk.post(path, form)
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert SENTENCE in shown
    assert f'href="/customers/{gone.pk}">Open the customer</a>' in shown
    assert not Booking.objects.exists()


def test_a_booking_does_not_move_to_an_archived_customer(
    ana: Actor, gone: Customer, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    booking = make_booking(make_customer("Oak Dental"))
    edit = BookingEdit({"customer_id": gone.pk})
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: edit_booking(booking.pk, edit, by=ana, now=NOW))
    assert refused.value.code == "customer_archived"


def test_what_exists_is_still_edited_billed_and_duplicated_only_once_restored(
    desk: Client,
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    customer = make_customer()
    billed, waiting = make_booking(customer), make_booking(customer)
    sent = make_sent(billed)
    transact(lambda: archive_customer(customer.pk, archived=True, by=ana, now=NOW))

    transact(lambda: edit_booking(waiting.pk, BookingEdit({"note": "Key"}), by=ana, now=NOW))
    bill = {"bookings": str(waiting.pk), "terms_days": "14", "act": "draft"}
    assert desk.post("/payments/invoices/new", bill).status_code == 303
    assert Invoice.objects.count() == 2

    again = f"/payments/invoices/{sent.pk}/copies"
    for page in ("", "/menu"):
        assert again not in desk.get(f"/payments/invoices/{sent.pk}{page}").content.decode()
    refused = desk.post(again)
    assert refused.status_code == 409
    assert SENTENCE in refused.content.decode()
    transact(lambda: archive_customer(customer.pk, archived=False, by=ana, now=NOW))
    assert again in desk.get(f"/payments/invoices/{sent.pk}").content.decode()
    assert desk.post(again).status_code == 303
