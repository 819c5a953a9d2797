"""Against a real mail server in another process."""

import datetime as dt
import threading
from email import message_from_bytes, policy
from typing import Any

import pytest

from bookbill.companies.models import Company
from bookbill.delivery import claims, sender
from bookbill.delivery.claims import FIRST, Settlement
from bookbill.delivery.composing import Bodies, MailCause, register_composer
from bookbill.delivery.events import MessageSettled
from bookbill.delivery.mime import MailContent, read_mail
from bookbill.delivery.models import Attempt, MailboxItem, Message, Outbox
from bookbill.delivery.rules import Outcome, State
from bookbill.delivery.sender import Lane, SandboxLeakError, transmit
from bookbill.delivery.tests.conftest import PDF, Drain, Owe
from bookbill.lib.events import react
from bookbill.work.clock import process_clock
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.both_databases

HOURS_AGO = dt.timedelta(hours=49)


def states() -> dict[str, str]:
    return dict(Message.objects.values_list("recipient", "state"))


def make_due() -> None:
    Message.objects.filter(next_at__isnull=False).update(next_at=process_clock())


def test_five_recipients_get_five_mails_from_one_composing(
    owe: Owe, composed: list[MailCause], smtp_server: SmtpServer, drain: Drain
) -> None:
    recipients = [f"r{n}@maple.example" for n in range(5)]
    owed = {message.recipient: message for message in owe(*recipients)}
    drain()
    assert sorted(smtp_server.recipients()) == recipients
    assert len(composed) == 1
    for received in smtp_server.messages():
        mail = read_mail(received.raw)
        assert mail.recipient == received.recipient
        assert mail.attachments[0].content == PDF
        assert message_from_bytes(received.raw)["Message-ID"] == owed[received.recipient].message_id
    assert len({received.connection for received in smtp_server.messages()}) == 1


def test_an_accepted_message_says_when_and_what_the_server_said(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    owe("joe@maple.example")
    drain()
    message = Message.objects.get()
    assert (message.state, message.server_answer, message.attempts) == ("accepted", "250 2.0.0 OK taken", 1)
    assert message.accepted_at
    assert (message.lease_holder, message.next_at) == (None, None)
    attempt = Attempt.objects.get()
    assert (attempt.outcome, attempt.code, attempt.company_id) == ("accepted", 250, message.company_id)


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "end"])
def test_a_refusal_for_now_is_retried_and_later_accepted(
    owe: Owe, smtp_server: SmtpServer, drain: Drain, step: str
) -> None:
    smtp_server.rule(step, answer="451 4.7.1 Greylisted", times=1)
    owe("joe@maple.example")
    drain()
    message = Message.objects.get()
    assert (message.state, message.server_answer) == ("deferred", "451 4.7.1 Greylisted")
    assert Message.objects.filter(next_at__gt=process_clock()).exists()
    drain()
    assert smtp_server.recipients() == []
    make_due()
    drain()
    assert states() == {"joe@maple.example": "accepted"}
    assert smtp_server.recipients() == ["joe@maple.example"]
    assert list(Attempt.objects.order_by("id").values_list("outcome", flat=True)) == ["deferred", "accepted"]


@pytest.mark.parametrize("step", ["mail", "rcpt", "data", "end"])
def test_a_refusal_for_good_fails_at_once_with_the_servers_words(
    owe: Owe, smtp_server: SmtpServer, drain: Drain, step: str
) -> None:
    smtp_server.rule(step, answer="550-5.1.1 No such user\r\n550 here", times=1)
    owe("joe@maple.example")
    drain()
    message = Message.objects.get()
    assert (message.state, message.server_answer) == ("failed", "550 5.1.1 No such user here")
    assert message.trouble_at
    assert smtp_server.recipients() == []


def test_one_refused_recipient_of_several_fails_alone(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    smtp_server.rule("rcpt", recipient="bad@*", answer="550 No")
    smtp_server.rule("rcpt", recipient="later@*", answer="450 Later")
    owe("a@maple.example", "bad@maple.example", "later@maple.example", "z@maple.example")
    drain()
    assert states() == {
        "a@maple.example": "accepted",
        "bad@maple.example": "failed",
        "later@maple.example": "deferred",
        "z@maple.example": "accepted",
    }


def test_after_two_days_of_refusals_a_message_fails(owe: Owe, smtp_server: SmtpServer, drain: Drain) -> None:
    smtp_server.rule("rcpt", answer="450 Later")
    owe("joe@maple.example")
    Message.objects.update(first_try_at=process_clock() - HOURS_AGO)
    drain()
    assert states() == {"joe@maple.example": "failed"}


@pytest.mark.parametrize("taken", [True, False])
def test_a_connection_lost_after_the_data_is_unknown_and_never_sent_again_by_itself(
    owe: Owe, smtp_server: SmtpServer, drain: Drain, taken: bool
) -> None:
    smtp_server.rule("end", drop=True, take=taken, times=1)
    owe("joe@maple.example", "next@maple.example")
    drain()
    assert states() == {"joe@maple.example": "unknown", "next@maple.example": "accepted"}
    drain()
    assert smtp_server.recipients().count("joe@maple.example") == int(taken)


def test_a_server_too_slow_to_answer_the_data_leaves_the_message_unknown(
    owe: Owe, smtp_server: SmtpServer, settings: Any, drain: Drain
) -> None:
    settings.SMTP.timeout = 0.2
    smtp_server.rule("end", delay=0.6, times=1)
    owe("joe@maple.example")
    drain()
    assert states() == {"joe@maple.example": "unknown"}


@pytest.mark.parametrize("step", ["mail", "rcpt", "data"])
def test_a_connection_lost_before_the_data_costs_nothing(
    owe: Owe, smtp_server: SmtpServer, drain: Drain, step: str
) -> None:
    smtp_server.rule(step, drop=True, times=1)
    owe("joe@maple.example")
    drain()
    make_due()
    drain()
    assert states() == {"joe@maple.example": "accepted"}
    assert smtp_server.recipients() == ["joe@maple.example"]


def test_a_message_that_always_breaks_the_connection_does_not_hold_up_the_others(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    smtp_server.rule("rcpt", recipient="poison@*", drop=True)
    owe("a@maple.example", "poison@maple.example", "z@maple.example")
    drain()
    assert states() == {
        "a@maple.example": "accepted",
        "poison@maple.example": "deferred",
        "z@maple.example": "accepted",
    }


def test_a_dead_server_costs_no_message_an_attempt_and_is_shown(
    owe: Owe, smtp_server: SmtpServer, lane: Lane, drain: Drain
) -> None:
    smtp_server.kill()
    owe("joe@maple.example")
    assert lane.run_once() == 0
    message = Message.objects.get()
    assert (message.state, message.attempts, message.lease_holder) == ("queued", 0, None)
    assert Outbox.objects.get().trouble == "Connection refused"
    assert lane.resting_until
    assert lane.run_once() == 0
    smtp_server.start()
    drain()
    assert states() == {"joe@maple.example": "accepted"}
    assert Outbox.objects.get().trouble == ""


def test_a_server_that_closes_the_connection_now_and_then_is_simply_called_again(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    for n in range(3):
        smtp_server.rule("mail", answer="421 4.7.0 Too many mails on this connection", times=1)
        owe(f"r{n}@maple.example")
        drain()
    assert set(states().values()) == {"accepted"}
    assert not Attempt.objects.exclude(outcome="accepted").exists()


def test_a_greeting_that_refuses_lets_the_lane_rest(owe: Owe, smtp_server: SmtpServer, lane: Lane) -> None:
    smtp_server.rule("connect", answer="554 No service")
    owe("joe@maple.example")
    assert lane.run_once() == 0
    assert states() == {"joe@maple.example": "queued"}
    assert Outbox.objects.get().trouble == "554 No service"


def test_without_a_server_configured_messages_stay_queued(
    owe: Owe, smtp_server: SmtpServer, settings: Any, drain: Drain
) -> None:
    settings.SMTP.host = ""
    owe("joe@maple.example")
    drain()
    assert states() == {"joe@maple.example": "queued"}
    assert Message.objects.health()["depth"] == 1


def test_a_sandbox_reaches_its_mailbox_and_never_the_server(
    owe: Owe, sandbox: Company, smtp_server: SmtpServer, drain: Drain
) -> None:
    (message,) = owe("victim@maple.example", of=sandbox)
    drain()
    assert smtp_server.recipients() == []
    item = MailboxItem.objects.get()
    assert (item.company_id, item.recipient, item.subject) == (
        sandbox.id,
        "victim@maple.example",
        "Invoice invoice",
    )
    assert read_mail(bytes(item.raw)).attachments[0].content == PDF
    assert item.received_at > process_clock() + dt.timedelta(hours=23)  # as the sandbox's clock was moved
    message.refresh_from_db()
    assert (message.state, message.accepted_at) == ("accepted", item.received_at)


def test_a_sandbox_needs_no_server(
    owe: Owe, sandbox: Company, settings: Any, smtp_server: SmtpServer, drain: Drain
) -> None:
    settings.SMTP.host = ""
    owe("joe@maple.example", of=sandbox)
    owe("ann@maple.example")
    drain()
    assert states() == {"joe@maple.example": "accepted", "ann@maple.example": "queued"}


def test_at_the_socket_a_sandboxs_message_is_refused_whatever_was_decided_before(
    owe: Owe, sandbox: Company, smtp_server: SmtpServer, lane: Lane
) -> None:
    (message,) = owe("victim@maple.example", of=sandbox)
    owe("joe@maple.example")
    lane.run_once()
    connection = lane.connection
    assert connection is not None
    assert connection.address(sender="a@x.example", recipient=message.recipient, size=9) is None
    with pytest.raises(SandboxLeakError):
        transmit(connection, message, b"Subject: x\r\n\r\nx\r\n")
    assert "victim@maple.example" not in smtp_server.recipients()


def test_a_demo_keeps_every_mail(owe: Owe, settings: Any, smtp_server: SmtpServer, drain: Drain) -> None:
    settings.DEMO = True
    owe("joe@maple.example")
    drain()
    assert smtp_server.recipients() == []
    assert MailboxItem.objects.count() == 1


def test_every_company_gets_its_turn(
    owe: Owe, company: Company, sandbox: Company, smtp_server: SmtpServer, lane: Lane
) -> None:
    sandbox.is_sandbox, sandbox.clock_offset_seconds = False, 0
    sandbox.save()
    owe(*[f"busy{n}@maple.example" for n in range(50)])
    owe("patient@maple.example", of=sandbox)
    lane.run_once()
    lane.run_once()
    assert "patient@maple.example" in smtp_server.recipients()


def test_a_lease_that_lapsed_while_queued_is_claimed_again(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    owe("joe@maple.example")
    assert len(claims.claim(only_sandboxes=False, after=FIRST)) == 1
    assert claims.claim(only_sandboxes=False, after=FIRST) == []
    assert states() == {"joe@maple.example": "queued"}
    make_due()
    drain()
    assert states() == {"joe@maple.example": "accepted"}


def test_a_lease_that_lapsed_while_sending_is_unknown(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    owe("joe@maple.example")
    (message,) = claims.claim(only_sandboxes=False, after=FIRST)
    assert claims.begin(message, lease=dt.timedelta(seconds=30))
    drain()
    assert states() == {"joe@maple.example": "sending"}
    make_due()
    drain()
    assert states() == {"joe@maple.example": "unknown"}
    assert smtp_server.recipients() == []


def test_a_sender_that_slept_past_its_lease_can_neither_begin_nor_settle(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    owe("joe@maple.example")
    (asleep,) = claims.claim(only_sandboxes=False, after=FIRST)
    make_due()
    drain()
    assert not claims.begin(asleep, lease=dt.timedelta(seconds=30))
    claims.settle([Settlement(asleep, Outcome(State.FAILED, "too late"), process_clock())])
    claims.hand_back([asleep])
    assert states() == {"joe@maple.example": "accepted"}
    assert Attempt.objects.count() == 1


def test_an_answer_that_comes_after_the_lease_is_still_the_truth(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    owe("joe@maple.example")
    (slow,) = claims.claim(only_sandboxes=False, after=FIRST)
    claims.begin(slow, lease=dt.timedelta(seconds=30))
    make_due()
    drain()
    claims.settle([Settlement(slow, Outcome(State.ACCEPTED, "250 OK", 250), process_clock())])
    assert states() == {"joe@maple.example": "accepted"}


def test_a_mail_that_cannot_be_made_is_set_aside_and_stops_nobody(
    owe: Owe, smtp_server: SmtpServer, drain: Drain, composed: list[MailCause]
) -> None:
    def compose(cause: MailCause) -> MailContent:
        if cause.kind == "broken":
            raise ZeroDivisionError
        return MailContent(subject="s", text="t")

    register_composer("version", compose)
    (broken,) = owe("broken@maple.example")
    Message.objects.filter(id=broken.id).update(kind="broken")
    owe("joe@maple.example")
    for tries in range(1, 6):
        make_due()
        drain()
        broken.refresh_from_db()
        assert (broken.attempts, broken.state) == (tries, "failed" if tries == 5 else "deferred")
    assert broken.server_answer == "This mail could not be made: ZeroDivisionError"
    assert smtp_server.recipients() == ["joe@maple.example"]


def test_names_and_subjects_cannot_inject_headers_on_the_wire(
    owe: Owe, smtp_server: SmtpServer, drain: Drain, composed: list[MailCause]
) -> None:
    evil = "Invoice\r\nBcc: spy@evil.example\r\n\r\n.\r\nMAIL FROM:<x@evil.example>"
    register_composer(
        "version", lambda cause: MailContent(subject=evil, text=f"{evil}\n.\nQUIT", from_name=evil, html=evil)
    )
    owe("joe@maple.example")
    drain()
    (received,) = smtp_server.messages()
    mail = message_from_bytes(received.raw, policy=policy.default)
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Invoice Bcc: spy@evil.example . MAIL FROM:<x@evil.example>"
    assert "QUIT" in read_mail(received.raw).text


def test_what_became_of_a_message_is_told_to_those_above(
    owe: Owe, smtp_server: SmtpServer, drain: Drain
) -> None:
    heard: list[MessageSettled] = []
    react(MessageSettled, heard.append)
    try:
        smtp_server.rule("rcpt", recipient="bad@*", answer="550 No")
        owe("joe@maple.example", "bad@maple.example")
        drain()
    finally:
        react(MessageSettled)
    assert {(event.recipient, event.state) for event in heard} == {
        ("joe@maple.example", "accepted"),
        ("bad@maple.example", "failed"),
    }


def test_built_mails_are_kept_within_a_limit_of_bytes(owe: Owe, composed: list[MailCause]) -> None:
    bodies = Bodies(limit=30_000)
    causes = [MailCause.of(owe("joe@maple.example")[0]) for _ in range(4)]
    for cause in causes:
        bodies.of(cause)
        bodies.of(cause)
    assert len(composed) == 4
    assert bodies.size <= 30_000
    assert [cause for cause, _link in bodies.kept] == causes[-len(bodies.kept) :]


def test_the_worker_thread_has_a_lane_of_its_own(
    owe: Owe, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An earlier test's `drain` may have left this thread a lane that rests, for nobody listened to it.
    monkeypatch.setattr(sender, "_lanes", threading.local())
    owe("joe@maple.example")
    try:
        assert sender.run_once() == 1
    finally:
        sender._lanes.lane.connection.close()
    assert states() == {"joe@maple.example": "accepted"}
