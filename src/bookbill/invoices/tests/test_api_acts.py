"""What pages can do to an invoice, programs can: move, duplicate, renew, take back, retry, and mend a reference."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from bookbill.bookings.models import Booking
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.models import Message
from bookbill.invoices.models import Invoice
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from tests.support.cast import NOW, add_member

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]


def test_bookings_are_moved_off_their_drafts_when_that_is_asked_for(
    api: ApiClient, make_booking: Callable[..., Booking], make_invoice: Make
) -> None:
    booking = make_booking()
    old = make_invoice(booking)
    body = {"booking_ids": [str(booking.pk)], "terms_days": 45}

    assert api.post("/invoices", body).json()["code"] == "booking_already_invoiced"
    made = api.post("/invoices", body | {"move_from_drafts": True}).json()

    assert (made["terms_days"], made["total_minor"]) == (45, 10_000)
    assert not Invoice.objects.filter(pk=old.pk).exists()


def test_the_terms_of_a_draft_may_change_and_decide_its_due_date(api: ApiClient, make_invoice: Make) -> None:
    draft = make_invoice()
    assert api.patch(f"/invoices/{draft.pk}", {"terms_days": 3}).json()["terms_days"] == 3
    api.post(f"/invoices/{draft.pk}/sendings")
    sent = Invoice.objects.get()
    assert sent.issue_date
    assert sent.due_date
    assert (sent.due_date - sent.issue_date).days == 3
    assert api.patch(f"/invoices/{draft.pk}", {"terms_days": 4}).json()["code"] == "already_sent"


def test_a_copy_is_a_draft_over_new_bookings_of_the_day_asked_for(api: ApiClient, make_sent: Make) -> None:
    sent = make_sent()
    made = api.post(f"/invoices/{sent.pk}/copies", {"service_date": "2026-07-02"}, key="once")
    again = api.post(f"/invoices/{sent.pk}/copies", {"service_date": "2026-07-02"}, key="once")

    assert made.status_code == 201
    assert made.content == again.content
    answer = made.json()
    assert (answer["status"], answer["bookings"][0]["service_date"]) == ("draft", "2026-07-02")
    assert Invoice.objects.count() == 2


def test_a_new_link_ends_the_old_one(api: ApiClient, make_sent: Make, make_invoice: Make) -> None:
    sent = make_sent()
    url = api.post(f"/invoices/{sent.pk}/link").json()["customer_url"]
    assert sent.link_token not in url
    assert api.client.get(f"/i/{sent.link_token}").status_code == 404
    assert api.client.get(f"/i/{url.rpartition('/')[2]}").status_code == 200
    assert api.post(f"/invoices/{make_invoice().pk}/link").json()["code"] == "not_sent"


def test_a_promised_sending_is_taken_back_once(api: ApiClient, make_invoice: Make) -> None:
    draft = make_invoice()
    assert api.post(f"/invoices/{draft.pk}/sendings", {"send_at": "2099-01-01T09:00:00Z"}).status_code == 422
    later = api.post(f"/invoices/{draft.pk}/sendings", {"send_at": soon()})
    assert later.status_code == 202, later.content

    assert api.delete(f"/invoices/{draft.pk}/sendings/promised").status_code == 204
    assert Invoice.objects.get().sending_at is None
    assert api.delete(f"/invoices/{draft.pk}/sendings/promised").status_code == 409


def soon() -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat(timespec="seconds")


def test_a_failed_mail_is_sent_again_and_an_unknown_one_only_on_demand(
    api: ApiClient, make_sent: Make
) -> None:
    sent = make_sent()
    mail = api.get(f"/invoices/{sent.pk}").json()["messages"][0]
    retries = f"/invoices/{sent.pk}/messages/{mail['id']}/retries"
    assert api.post(retries).json()["code"] == "message_not_failed"

    trouble = {"trouble_at": NOW, "ready_at": NOW, "next_at": None}
    Message.objects.update(state="failed", **trouble)
    again = api.post(retries)
    assert (again.status_code, again.json()["state"]) == (201, "queued")

    Message.objects.update(state="unknown", **trouble)
    assert api.post(retries).json()["code"] == "message_may_have_arrived"
    assert api.post(retries, {"may_arrive_twice": True}).status_code == 201
    assert api.post(f"/invoices/{sent.pk}/messages/{new_id()}/retries").status_code == 404


def test_a_reminder_that_failed_is_not_repeated_once_it_asks_for_too_much(
    api: ApiClient, make_sent: Make
) -> None:
    sent = make_sent()
    reminded = api.post(f"/invoices/{sent.pk}/reminders", key="once")
    assert reminded.status_code == 201
    failed = Message.objects.filter(kind="reminder")
    failed.update(state="failed", trouble_at=NOW, ready_at=NOW, next_at=None)
    retries = f"/invoices/{sent.pk}/messages/{failed.get().pk}/retries"
    for received, words in (("40", "Another amount is due on"), ("60", "Nothing is due on")):
        money = {"invoice_id": str(sent.pk), "method": "cash", "amount_minor": int(received) * 100}
        assert api.post("/payments", money, key=received).status_code == 201
        refused = api.post(retries)
        assert (refused.status_code, refused.json()["code"]) == (409, "reminder_outdated")
        assert words in refused.json()["message"]


def test_the_reference_of_a_payment_may_be_mended_and_nothing_else(api: ApiClient, make_sent: Make) -> None:
    body = {"invoice_id": str(make_sent().pk), "method": "cheque", "amount_minor": 5_000, "reference": "848"}
    payment = api.post("/payments", body).json()
    path = f"/payments/{payment['id']}"

    assert api.patch(path, {"reference": "884"}).json() == payment | {"reference": "884"}
    assert api.patch(path, {}).json()["reference"] == "884"
    assert api.patch(path, {"amount_minor": 1}).status_code == 422
    assert api.patch(f"/payments/{new_id()}", {"reference": "x"}).status_code == 404
    assert Payment.objects.get().amount_minor == 5_000


def test_a_provider_may_do_none_of_it(
    company: Any, make_sent: Make, api_of: Callable[[Actor], ApiClient]
) -> None:
    provider, sent = api_of(add_member(company, "pat", Role.PROVIDER)), make_sent()
    for answer in (
        provider.post(f"/invoices/{sent.pk}/copies"),
        provider.post(f"/invoices/{sent.pk}/link"),
        provider.post(f"/invoices/{sent.pk}/sendings"),
        provider.post(f"/invoices/{new_id()}/sendings"),
        provider.delete(f"/invoices/{sent.pk}/sendings/promised"),
        provider.post(f"/invoices/{sent.pk}/messages/{new_id()}/retries"),
        provider.patch(f"/payments/{new_id()}", {"reference": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
