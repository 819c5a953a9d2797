"""Cancelling many invoices from the list: said in figures, then done to those that were sent."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.customers.actions import edit_customer
from bookbill.delivery.models import Message
from bookbill.invoices.actions.bulk import cancel_each
from bookbill.invoices.models import Charge, Invoice, Version
from bookbill.invoices.rules import Status
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]
MANY = "/payments/invoices/cancellations"
SAID = {"confirmed": "yes", "reason": "Billed twice", "bookings": "again"}


def text(answer: Any) -> str:
    return str(answer.content.decode())


def ids(*invoices: Invoice) -> dict[str, list[str]]:
    return {"ids": [str(invoice.pk) for invoice in invoices]}


def pay(invoice: Invoice, amount_minor: int, by: Actor) -> None:
    booking = Booking.objects.filter(invoice=invoice).oldest_first()[0]
    draft = PaymentDraft(invoice.customer_id, "cash", amount_minor, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=by, now=NOW))


def test_it_says_in_figures_what_it_will_do_and_does_nothing_yet(
    desk: Client,
    ana: Actor,
    make_sent: Make,
    make_invoice: Make,
    make_booking: Callable[..., Booking],
    make_customer: Any,
) -> None:
    customer = make_customer()
    large = make_sent(make_booking(customer), make_booking(customer, price="1030.00"))
    small = make_sent()
    pay(large, 2_000, ana)

    page = text(desk.post(MANY, ids(large, small, make_invoice())))

    assert "Cancel 2 invoices?" in page
    assert "$1,230.00 over 3 bookings" in page
    assert "$20.00 already paid stays on the bookings, or becomes credit" in page
    assert "1 more is a draft or cancelled already" in page
    assert not Invoice.objects.filter(status=Status.CANCELLED).exists()


def test_the_sent_ones_are_cancelled_and_the_bookings_are_free_with_their_money(
    desk: Client, ana: Actor, make_sent: Make
) -> None:
    paid, other = make_sent(), make_sent()
    pay(paid, 2_000, ana)

    answer = desk.post(MANY, SAID | ids(paid, other), follow=True)

    assert "2 invoices cancelled." in text(answer)
    assert set(Invoice.objects.values_list("status", "cancel_reason", "due_minor")) == {
        (Status.CANCELLED, "Billed twice", 0)
    }
    assert Booking.objects.to_invoice().count() == 2
    assert sorted(Booking.objects.values_list("paid_minor", flat=True)) == [0, 2_000]
    assert not any(
        sum(own.values_list("amount_minor", flat=True))
        for own in (Charge.objects.filter(invoice=invoice) for invoice in (paid, other))
    )
    assert Version.objects.filter(kind="cancelled").count() == 2
    assert Entry.objects.filter(type="invoice.cancelled").count() == 2
    assert not Message.objects.filter(kind="cancelled").exists()


def test_held_back_bookings_stay_out_and_every_recipient_gets_the_copy(desk: Client, make_sent: Make) -> None:
    desk.post(MANY, {**SAID, "bookings": "hold_back", "notify": "on"} | ids(make_sent(), make_sent()))
    assert not Booking.objects.to_invoice().exists()
    assert Message.objects.filter(kind="cancelled").count() == 2


def test_copies_go_to_whom_they_were_shown_to_go(desk: Client, ana: Actor, make_sent: Make) -> None:
    moved, stays = make_sent(), make_sent()
    asked = text(desk.post(MANY, ids(moved, stays)))
    assert asked.count("maple@customer.example") == 2
    form = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', asked) for name in ("ids", "seen", "seen_list")
    }
    copy = {"always_copy": ["stranger@other.example"]}
    transact(lambda: edit_customer(moved.customer_id, copy, by=ana, now=NOW))

    answer = text(desk.post(MANY, {**SAID, "notify": "on", **form}))

    assert "goes to other recipients by now" in answer
    assert [mail.subject_id for mail in Message.objects.filter(kind="cancelled")] == [stays.pk]


def test_it_says_what_ends_with_an_instant_invoice(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    said = "What was made for an instant invoice is cancelled with it."
    assert said in text(desk.post(MANY, ids(make_sent(make_booking(is_instant=True)))))
    assert said not in text(desk.post(MANY, ids(make_sent())))


def test_without_a_reason_nothing_happens(desk: Client, make_sent: Make) -> None:
    answer = desk.post(MANY, {**SAID, "reason": " "} | ids(make_sent()))
    assert answer.status_code == 422
    assert Invoice.objects.get().status == Status.SENT


def test_each_that_is_left_out_is_named_beside_each_that_was_done(
    desk: Client, make_sent: Make, make_invoice: Make
) -> None:
    sent = make_sent()
    answer = text(desk.post(MANY, SAID | ids(sent, make_invoice())))
    assert "A draft is not cancelled but deleted." in answer
    assert "1 done" in answer
    assert f"/payments/invoices/{sent.pk}" in answer.split('id="done"')[1]


@pytest.mark.parametrize("is_instant", [False, True])
def test_thirty_take_as_many_queries_as_one(
    ana: Actor,
    make_sent: Make,
    make_booking: Callable[..., Booking],
    django_assert_max_num_queries: Any,
    is_instant: bool,
) -> None:
    def sent() -> Invoice:
        return make_sent(make_booking(is_instant=is_instant))

    one, many = sent(), [sent().pk for _ in range(30)]
    pay(one, 2_000, ana)
    for pk in many[:2]:
        pay(Invoice.objects.get(pk=pk), 2_000, ana)

    def cancel(*chosen: Any) -> int:
        outcome = transact(lambda: cancel_each(chosen, reason="Wrong", notify=True, by=ana, now=NOW))
        return len(outcome.done)

    with django_assert_max_num_queries(80) as for_one:
        assert cancel(one.pk) == 1
    with django_assert_max_num_queries(len(for_one)):
        assert cancel(*many) == 30
    ended = {"cancelled": 31} if is_instant else {"completed": 31}
    assert Counter(Booking.objects.values_list("state", flat=True)) == ended
    assert Entry.objects.filter(type="booking.cancelled").count() == (31 if is_instant else 0)
    assert not [finding for finding in verify() if finding.bad]
