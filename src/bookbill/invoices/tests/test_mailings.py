"""The Emails tab: what happened to each mail when, and the ways out of trouble."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.claims import Settlement, write
from bookbill.delivery.mailbox import KEPT
from bookbill.delivery.models import Message, MessageEvent
from bookbill.delivery.rules import EventKind, Outcome, State
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import edit_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.mailings import read_mailings
from bookbill.invoices.marks import needs_attention_q
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sent(make_sent: Callable[..., Invoice]) -> Invoice:
    return make_sent(extra_recipients=("second@customer.example",))


def tried(mail: Message, *outcomes: tuple[State, str]) -> None:
    """What a lane notes, try after try."""
    for minute, outcome in enumerate(outcomes):
        mail.lease_holder, mail.state, mail.first_try_at = new_id(), State.SENDING, NOW
        mail.ready_at, mail.next_at = NOW, NOW
        mail.save()
        settlement = Settlement(mail, Outcome(*outcome), NOW + dt.timedelta(minutes=minute + 1))
        transact(partial(write, [settlement]))
    mail.refresh_from_db()


def reported(mail: Message, kind: EventKind, words: str = "") -> None:
    MessageEvent.objects.create(
        company_id=mail.company_id, message=mail, provider="postmark", event_key=f"{kind}{mail.pk.hex[:20]}",
        kind=kind, at=NOW + dt.timedelta(hours=1), words=words,
    )  # fmt: skip


def test_a_mail_that_was_called_off_says_why(desk: Client, sent: Invoice, ana: Actor) -> None:
    transact(lambda: send_invoices([sent.pk], by=ana, now=NOW))
    page = desk.get(f"/payments/invoices/{sent.pk}/emails").content.decode()
    assert page.count("Not sent, because a newer version of the invoice was sent.") == 2
    assert "Not delivered" not in page
    transact(lambda: cancel_invoice(sent.pk, reason="Wrong date", by=ana, now=NOW))
    page = desk.get(f"/payments/invoices/{sent.pk}/emails").content.decode()
    assert page.count("Not sent, because the invoice was cancelled first.") == 2


def test_each_recipient_sees_its_own_story_in_the_order_it_happened(
    desk: Client, sent: Invoice, company: Company
) -> None:
    first, second = Message.objects.order_by("recipient")
    tried(first, (State.DEFERRED, "451 try later"), (State.ACCEPTED, "250 taken"))
    reported(first, EventKind.DELIVERED, "250 stored")
    reported(first, EventKind.OPENED)
    tried(second, (State.FAILED, "550 no such user"))

    told = {who.address: who.mailings[0] for who in read_mailings(sent, company)}
    assert [(m.sentence, m.words) for m in told["maple@customer.example"].moments] == [
        ("Waiting to be sent", ""),
        ("Refused for now", "451 try later"),
        ("Accepted by the mail server", "250 taken"),
        ("Delivered", "250 stored"),
        ("Opened", ""),
    ]
    assert [told[address].word.text for address in sorted(told)] == ["Opened", "Not delivered"]
    page = desk.get(f"/payments/invoices/{sent.pk}/emails").content.decode()
    for words in (
        "451 try later",
        "250 stored",
        "550 no such user",
        "Refused for good",
        "Correct the address",
    ):
        assert words in page


def test_in_a_sandbox_the_story_says_in_the_readers_language_that_the_mailbox_kept_it(
    sent: Invoice, company: Company
) -> None:
    tried(Message.objects.get(recipient="maple@customer.example"), (State.ACCEPTED, KEPT))
    with translation.override("fr"):
        told = {who.address: who.mailings[0].moments[-1] for who in read_mailings(sent, company)}
    kept = told["maple@customer.example"]
    assert (kept.sentence, kept.words) == ("Gardé dans la boîte aux lettres", "")


def test_programs_read_what_the_mail_service_told_later(api: ApiClient, sent: Invoice) -> None:
    first, second = Message.objects.order_by("recipient")
    tried(first, (State.ACCEPTED, "250 taken"))
    reported(first, EventKind.DELIVERED, "250 stored")
    reported(first, EventKind.OPENED)
    tried(second, (State.FAILED, "550 no such user"))

    told = {mail["recipient"]: mail for mail in api.get(f"/invoices/{sent.pk}").json()["messages"]}
    at = "2026-06-30T16:00:00.000000Z"
    assert told["maple@customer.example"]["accepted_at"] == "2026-06-30T15:01:00.000000Z"
    assert told["maple@customer.example"]["events"] == [
        {"kind": "delivered", "at": at, "words": "250 stored"},
        {"kind": "opened", "at": at, "words": ""},
    ]
    assert (told["second@customer.example"]["accepted_at"], told["second@customer.example"]["events"]) == (
        None,
        [],
    )


def test_retrying_stands_in_the_story_and_ends_the_trouble(
    desk: Client, sent: Invoice, company: Company
) -> None:
    mail = Message.objects.get(recipient="maple@customer.example")
    tried(mail, (State.FAILED, "550 no such user"))
    assert desk.post(f"/payments/invoices/{sent.pk}/emails/{mail.pk}").status_code == 303

    moments = [moment.sentence for who in read_mailings(sent, company) for moment in who.mailings[0].moments]
    assert "Ana sent it again" in moments
    assert not Message.objects.in_trouble().exists()


def test_a_person_says_it_is_dealt_with_and_nobody_is_asked_again(
    desk: Client, sent: Invoice, company: Company
) -> None:
    mail = Message.objects.get(recipient="maple@customer.example")
    tried(mail, (State.FAILED, "550 no such user"))
    assert Invoice.objects.filter(needs_attention_q(today=TODAY)).exists()
    at = f"/payments/invoices/{sent.pk}/emails/{mail.pk}/dismissal"
    assert desk.post(at).status_code == 303
    assert desk.post(at).status_code == 409

    mail.refresh_from_db()
    assert (mail.state, mail.server_answer, mail.trouble_at) == ("failed", "550 no such user", None)
    assert not Invoice.objects.filter(needs_attention_q(today=TODAY)).exists()
    history = desk.get(f"/payments/invoices/{sent.pk}/history").content.decode()
    assert "Ana marked an undelivered email as resolved" in history


def test_sent_again_to_others_only_it_is_still_not_delivered_to_whom_it_was_not(
    ana: Actor, sent: Invoice, company: Company
) -> None:
    served, failed = Message.objects.order_by("recipient")
    tried(failed, (State.FAILED, "550 no such user"))
    again = partial(
        send_invoices, [sent.pk], recipients={sent.pk: [served.recipient.upper()]}, by=ana, now=NOW
    )
    transact(again)
    assert Message.objects.in_trouble().get() == failed
    transact(lambda: edit_invoice(sent.pk, {"extra_recipients": []}, by=ana, now=NOW))
    transact(again)
    assert not Message.objects.in_trouble().exists()


@pytest.mark.parametrize("by_hand", [False, True])
def test_sending_a_new_version_ends_the_trouble_of_the_old_one_by_hand_too(
    ana: Actor, sent: Invoice, company: Company, by_hand: bool
) -> None:
    tried(Message.objects.earliest("recipient"), (State.FAILED, "550 no such user"))
    assert Message.objects.in_trouble().count() == 1
    transact(lambda: send_invoices([sent.pk], mark_only=by_hand, by=ana, now=NOW))
    assert not Message.objects.in_trouble().exists()


def test_cancelling_ends_the_trouble_that_nothing_can_be_done_about_any_more(
    ana: Actor, desk: Client, sent: Invoice
) -> None:
    tried(Message.objects.earliest("recipient"), (State.FAILED, "550 no such user"))
    transact(lambda: cancel_invoice(sent.pk, reason="Wrong", by=ana, now=NOW))
    assert not Message.objects.in_trouble().exists()
    attention = desk.get("/payments/invoices?tab=needs_attention").content.decode()
    assert str(sent.pk) not in attention


def test_a_refused_sending_leaves_the_trouble_where_it_was(ana: Actor, sent: Invoice, settings: Any) -> None:
    tried(Message.objects.earliest("recipient"), (State.FAILED, "550 no such user"))
    settings.MAILS_PER_DAY = 1
    with pytest.raises(RuleBroken):
        transact(lambda: send_invoices([sent.pk], by=ana, now=NOW))
    assert Message.objects.in_trouble().count() == 1


def test_a_story_of_many_takes_as_many_queries_as_of_one(
    ana: Actor, sent: Invoice, company: Company, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):
        read_mailings(sent, company)
    for _ in range(4):
        for mail in Message.objects.filter(state=State.QUEUED):
            tried(mail, (State.ACCEPTED, "250 taken"))
        transact(lambda: send_invoices([sent.pk], by=ana, now=timezone.now()))
    for mail in Message.objects.filter(state=State.QUEUED):
        tried(mail, (State.ACCEPTED, "250 taken"))
    with django_assert_num_queries(4):
        assert sum(len(who.mailings) for who in read_mailings(sent, company)) == 10
