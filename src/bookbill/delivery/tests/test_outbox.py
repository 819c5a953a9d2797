"""What is owed, and what a person may do about it."""

import datetime as dt
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from bookbill.activity.models import Entry
from bookbill.companies.models import Company
from bookbill.delivery.actions import (
    MessageDraft,
    hold_outbox,
    mark_ready,
    owe_messages,
    resume_outbox,
    retry_message,
)
from bookbill.delivery.models import Attempt, MailboxItem, Message
from bookbill.delivery.rules import State
from bookbill.delivery.tests.conftest import Drain, Owe
from bookbill.lib.actor import Actor, ActorKind
from bookbill.lib.errors import BadInput, NotFound, RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.work.clock import process_clock
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.both_databases

NOW = dt.datetime(2026, 7, 1, 9, tzinfo=dt.UTC)


@pytest.fixture
def ana(company: Company) -> Actor:
    return Actor(kind=ActorKind.MEMBER, company_id=company.id, label="Ana")


def test_a_message_owed_twice_is_one_message(owe: Owe) -> None:
    (first,) = owe("joe@maple.example")
    again = owe("ann@maple.example", "joe@maple.example", cause_id=first.cause_id)
    assert again[1].id == first.id
    assert Message.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [{"kind": "updated"}, {"step": 1}, {"cause_kind": "reminder"}, {"recipient": "ann@maple.example"}],
)
def test_another_kind_step_cause_or_recipient_is_another_message(
    owe: Owe, company: Company, change: dict[str, Any]
) -> None:
    (first,) = owe("joe@maple.example")
    facts = {
        "cause_kind": "version",
        "recipient": "joe@maple.example",
        "kind": "invoice",
        "step": 0,
        **change,
    }
    transact(
        lambda: owe_messages([MessageDraft(company_id=company.id, cause_id=first.cause_id, **facts)], now=NOW)
    )
    assert Message.objects.count() == 2


def test_owing_many_costs_a_handful_of_queries(owe: Owe, django_assert_max_num_queries: Any) -> None:
    drafts = owe("a@x.example")[0]
    many = [
        MessageDraft(drafts.company_id, "version", uuid4(), f"r{n}@x.example", "invoice") for n in range(200)
    ]
    with transaction.atomic(), django_assert_max_num_queries(6):
        owe_messages(many, now=NOW)


@pytest.mark.parametrize(
    "evil",
    [
        "a@b.example\r\nBcc: x@y.example",
        "Joe <joe@x.example>",
        "a@b.example, c@d.example",
        "a@[127.0.0.1]",
        "",
    ],
)
def test_what_is_no_address_is_never_owed(owe: Owe, evil: str) -> None:
    with pytest.raises(BadInput):
        owe("good@x.example", evil)
    assert not Message.objects.exists()


def test_the_message_id_is_made_once_and_names_our_host(owe: Owe, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://bills.example.com"
    (message,) = owe("joe@maple.example")
    assert message.message_id == f"<{message.id.hex}@bills.example.com>"


def test_a_message_waits_until_its_pdf_is_there(owe: Owe) -> None:
    waiting, other = owe("joe@maple.example", ready=False) + owe("ann@maple.example", ready=False)
    assert not Message.objects.due(process_clock()).exists()
    assert Message.objects.waiting_for_pdf().count() == 2
    assert transact(lambda: mark_ready("version", [waiting.cause_id], now=NOW)) == 1
    assert transact(lambda: mark_ready("version", [waiting.cause_id], now=NOW)) == 0
    assert [message.id for message in Message.objects.due(process_clock())] == [waiting.id]
    assert [message.id for message in Message.objects.waiting_for_pdf()] == [other.id]


def test_a_moved_sandbox_clock_does_not_delay_its_mails(owe: Owe, sandbox: Company) -> None:
    far_ahead = NOW + dt.timedelta(days=900)
    draft = MessageDraft(sandbox.id, "version", uuid4(), "joe@maple.example", "invoice")
    transact(lambda: owe_messages([draft], now=far_ahead))
    assert Message.objects.due(process_clock()).count() == 1


@pytest.mark.parametrize(
    "lie",
    [
        {"state": "sent"},
        {"state": State.ACCEPTED, "next_at": None},
        {"state": State.ACCEPTED, "accepted_at": NOW},
        {"state": State.QUEUED, "next_at": None},
        {"state": State.QUEUED, "ready_at": None},
        {"state": State.SENDING},
        {"state": State.FAILED, "next_at": None},
        {"state": State.QUEUED, "trouble_at": NOW},
        {"state": State.QUEUED, "accepted_at": NOW},
        {"recipient": ""},
        {"cause_kind": ""},
        {"cause_id": None},
    ],
)
def test_the_database_refuses_states_that_cannot_be(owe: Owe, lie: dict[str, Any]) -> None:
    (message,) = owe("joe@maple.example")
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(id=message.id).update(**lie)


def put_in(message: Message, state: State, **facts: Any) -> None:
    values = {"next_at": None, "server_answer": "550 no", "first_try_at": NOW, **facts}
    values |= {"accepted_at": NOW} if state == State.ACCEPTED else {}
    values |= {"trouble_at": NOW} if state in (State.FAILED, State.UNKNOWN) else {}
    Message.objects.filter(id=message.id).update(state=state, **values)


def test_a_person_sends_a_failed_message_again_and_history_says_so(owe: Owe, ana: Actor) -> None:
    (message,) = owe("joe@maple.example", subject_id=uuid4(), version_n=2)
    put_in(message, State.FAILED)
    again = transact(lambda: retry_message(message.id, subject_label="INV-7", by=ana, now=NOW))
    assert (again.state, again.message_id, again.first_try_at, again.trouble_at) == (
        "queued",
        message.message_id,
        None,
        None,
    )
    assert Message.objects.due(process_clock()).count() == 1
    entry = Entry.objects.get()
    assert (entry.type, entry.subject_id, entry.subject_label) == (
        "invoice.message_retried",
        message.subject_id,
        "INV-7",
    )
    assert entry.before == {"state": "failed", "server_answer": "550 no"}


def test_an_unknown_message_is_only_sent_again_when_a_person_accepts_that_it_may_arrive_twice(
    owe: Owe, ana: Actor
) -> None:
    (message,) = owe("joe@maple.example")
    put_in(message, State.UNKNOWN)
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: retry_message(message.id, subject_label="INV-7", by=ana, now=NOW))
    assert refused.value.code == "message_may_have_arrived"
    again = transact(
        lambda: retry_message(message.id, subject_label="INV-7", may_arrive_twice=True, by=ana, now=NOW)
    )
    assert again.state == State.QUEUED


def test_what_did_not_fail_is_not_sent_again(owe: Owe, ana: Actor) -> None:
    queued, accepted = owe("joe@maple.example", "ann@maple.example")
    put_in(accepted, State.ACCEPTED)
    for message in (queued, accepted):
        again = partial(retry_message, message.id, subject_label="", by=ana, now=NOW)
        with pytest.raises(RuleBroken, match="did not fail"):
            transact(again)
    assert not Entry.objects.exists()


def test_a_strangers_message_is_not_there(owe: Owe, sandbox: Company, ana: Actor) -> None:
    (message,) = owe("joe@maple.example")
    put_in(message, State.FAILED)
    with scope(company=sandbox), pytest.raises(NotFound):
        transact(lambda: retry_message(message.id, subject_label="", by=ana, now=NOW))


def test_health_tells_depth_and_age_of_what_should_have_left(owe: Owe) -> None:
    assert Message.objects.health() == {"depth": 0, "oldest_at": None}
    first, second, third = owe("a@x.example", "b@x.example", "c@x.example")
    Message.objects.filter(id=first.id).update(ready_at=NOW)
    put_in(third, State.FAILED)
    assert Message.objects.health() == {"depth": 2, "oldest_at": NOW}
    assert [message.id for message in Message.objects.in_trouble()] == [third.id]
    assert second.state == State.QUEUED


def test_attempts_are_never_rewritten(owe: Owe, company: Company) -> None:
    (message,) = owe("joe@maple.example")
    attempt = Attempt.objects.create(
        company=company, message=message, at=NOW, outcome=State.FAILED, answer="550"
    )
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Attempt.objects.filter(id=attempt.id).update(answer="250")


def test_a_held_outbox_sends_nothing_until_it_is_resumed(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    owe("joe@maple.example")
    transact(lambda: hold_outbox("restored from a backup", now=NOW))
    drain()
    assert smtp_server.recipients() == []
    transact(resume_outbox)
    drain()
    assert smtp_server.recipients() == ["joe@maple.example"]
    assert not MailboxItem.objects.exists()
