"""What a mail service says is believed when it is the service, acts once, and never breaks what was there."""

import datetime as dt
import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from bookbill.activity.models import Entry
from bookbill.companies.models import Company
from bookbill.delivery.actions import MessageDraft, end_trouble, owe_messages, retry_message
from bookbill.delivery.claims import Settlement, write
from bookbill.delivery.models import Attempt, Message, MessageEvent
from bookbill.delivery.rules import Outcome, State
from bookbill.invoices.marks import needs_attention_q
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import read_marks
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from tests.support.cast import NOW, TODAY, make_company

pytestmark = pytest.mark.both_databases

LOGIN = "events:a long enough secret"
KEY = "a signing key of thirty-two bytes"
DOOR = "/providers/mail/{}/events"
JOE = "joe@maple.example"


@pytest.fixture(autouse=True)
def postmark(settings: Any) -> None:
    settings.MAIL_PROVIDER, settings.MAIL_PROVIDER_SECRET = "postmark", LOGIN


@pytest.fixture
def invoice(make_sent: Callable[..., Invoice]) -> Invoice:
    sent = make_sent()
    Message.objects.all().delete()
    return sent


@pytest.fixture
def make_mail(company: Company, invoice: Invoice) -> Callable[..., Message]:
    """A mail about the invoice that a lane holds, settled as ``state`` says."""

    def make(state: State = State.ACCEPTED, answer: str = "250 OK", recipient: str = JOE) -> Message:
        draft = MessageDraft(
            company.pk, "version", new_id(), recipient, "invoice", subject_id=invoice.pk, version_n=1
        )
        (message,) = transact(lambda: owe_messages([draft], now=NOW))
        begin(message)
        if state != State.SENDING:
            transact(lambda: write([Settlement(message, Outcome(state, answer), timezone.now())]))
        message.refresh_from_db()
        return message

    return make


def begin(message: Message) -> None:
    message.lease_holder, message.state, message.first_try_at = new_id(), State.SENDING, timezone.now()
    message.save()


def post(body: Any, *, name: str = "postmark", login: str | None = LOGIN, **headers: str) -> int:
    if login:
        headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Client().post(DOOR.format(name), content, content_type="application/json", headers=headers)
    return answer.status_code


def delivered(mail: Message, **fields: Any) -> dict[str, Any]:
    return {"RecordType": "Delivery", "Recipient": mail.recipient, "MessageID": "0b1d-postmark", "DeliveredAt": "2026-06-30T15:00:10Z",
            "Details": "250 2.0.0 taken", "Metadata": {"message-id": mail.message_id}, **fields}  # fmt: skip


def opened(mail: Message, at: str = "2026-06-30T16:00:00Z", **fields: Any) -> dict[str, Any]:
    return {"RecordType": "Open", "Recipient": mail.recipient, "ReceivedAt": at, "Metadata": {"message-id": mail.message_id}, **fields}  # fmt: skip


def bounced(
    mail: Message, event_id: int = 7, at: str = "2099-06-30T15:00:20Z", **fields: Any
) -> dict[str, Any]:
    return {"RecordType": "Bounce", "Type": "HardBounce", "ID": event_id, "Email": mail.recipient, "BouncedAt": at,
            "Details": "550 5.1.1 no such\r\nuser", "Metadata": {"message-id": mail.message_id}, **fields}  # fmt: skip


def complained(mail: Message) -> dict[str, Any]:
    return {**bounced(mail, 9), "RecordType": "SpamComplaint", "Type": "SpamComplaint", "Details": ""}


def kinds() -> list[str]:
    return sorted(MessageEvent.objects.values_list("kind", flat=True))


def test_delivered_and_opened_are_facts_beside_an_accepted_mail(make_mail: Callable[..., Message]) -> None:
    mail = make_mail()
    assert post(delivered(mail)) == post(opened(mail)) == 200

    mail.refresh_from_db()
    assert (mail.state, mail.trouble_at, kinds()) == ("accepted", None, ["delivered", "opened"])
    assert not Entry.objects.filter(type__startswith="invoice.message_").exists()


def test_a_bounce_marks_the_invoice_with_the_servers_words_and_retrying_ends_it(
    make_mail: Callable[..., Message], invoice: Invoice, ana: Actor
) -> None:
    mail = make_mail()
    assert post(bounced(mail)) == 200

    mail.refresh_from_db()
    assert (mail.state, mail.server_answer) == ("bounced", "550 5.1.1 no such user")
    assert "bounced" in read_marks([invoice], now=NOW)[invoice.pk]
    assert Invoice.objects.filter(needs_attention_q(today=TODAY)).get() == invoice
    entry = Entry.objects.get(type="invoice.message_bounced")
    assert (entry.actor_kind, entry.actor_label, entry.subject_label) == (
        "provider_event",
        "Postmark",
        invoice.number,
    )
    transact(lambda: retry_message(mail.pk, subject_label="", by=ana, now=NOW))
    assert "bounced" not in read_marks([invoice], now=NOW)[invoice.pk]


def test_every_event_acts_once_whatever_the_order_and_however_often(
    make_mail: Callable[..., Message], invoice: Invoice
) -> None:
    ends = set()
    for order in permutations([delivered, opened, bounced]):
        mail = make_mail()
        for event in (*order, *order):
            assert post(event(mail, ID=f"{mail.pk}{event.__name__}")) == 200
        mail.refresh_from_db()
        ends.add((mail.state, *sorted(mail.events.values_list("kind", flat=True))))
    assert ends == {("bounced", "bounced", "delivered", "opened")}
    assert Entry.objects.filter(type="invoice.message_bounced").count() == 6
    assert not [finding for finding in verify() if finding.bad]


def test_opening_it_again_and_again_is_kept_once(make_mail: Callable[..., Message]) -> None:
    mail = make_mail()
    for minute in range(5):
        assert post(opened(mail, at=f"2026-06-30T16:0{minute}:00Z")) == 200
    assert kinds() == ["opened"]


@pytest.mark.parametrize(
    "login", [None, "events:wrong", "", ":", "events:a long enough secret ", "EVENTS:a long enough secret"]
)
def test_a_forged_event_is_refused_and_changes_nothing(
    make_mail: Callable[..., Message], login: str | None
) -> None:
    mail = make_mail()
    assert post(bounced(mail), login=login) == 401
    mail.refresh_from_db()
    assert (mail.state, kinds()) == ("accepted", [])


@pytest.mark.parametrize("name", ["sendgrid", "mailgun", "nobody", "POSTMARK"])
def test_there_is_no_door_for_another_service(make_mail: Callable[..., Message], name: str) -> None:
    assert post(bounced(make_mail()), name=name) == 404
    assert not MessageEvent.objects.exists()


def test_there_is_no_door_without_a_service(make_mail: Callable[..., Message], settings: Any) -> None:
    settings.MAIL_PROVIDER = settings.MAIL_PROVIDER_SECRET = ""
    assert post(bounced(make_mail())) == 404


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"7", b"\xff", b'{"RecordType": 7, "Metadata": []}', b"[" * 100_000,
     b'{"RecordType": "Delivery", "DeliveredAt": 7}', b'{"FromFull": {}}'],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_a_sentence(company: Company, body: bytes) -> None:
    assert post(body) == 400


def test_the_door_takes_nothing_else(company: Company) -> None:
    assert Client().get(DOOR.format("postmark")).status_code == 405
    assert Client().head(DOOR.format("postmark")).status_code == 200


def test_events_about_no_mail_of_ours_have_no_effect(make_mail: Callable[..., Message]) -> None:
    mail = make_mail()
    foreign: list[dict[str, Any]] = [
        {"Metadata": {}},
        {"Metadata": {"message-id": f"<{new_id().hex}@localhost>"}},
        {"Metadata": {"message-id": mail.message_id.replace("@", "@elsewhere.")}},
        {"Email": "somebody@else.example"},
    ]
    assert [post(bounced(mail, **fields)) for fields in foreign] == [200] * 4
    mail.refresh_from_db()
    assert (mail.state, kinds()) == ("accepted", [])


def test_the_services_own_id_from_its_answer_names_the_mail_too(make_mail: Callable[..., Message]) -> None:
    mail = make_mail(answer="250 2.0.0 Ok: queued as 883953f4-6105-42a2-a16a-77a8eac79483")
    assert mail.provider_id == "883953f4-6105-42a2-a16a-77a8eac79483"
    assert post(bounced(mail, Metadata={}, MessageID=mail.provider_id)) == 200
    mail.refresh_from_db()
    assert mail.state == "bounced"


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_a_mail_the_service_reports_on_was_taken_though_its_answer_was_lost(
    make_mail: Callable[..., Message], state: State
) -> None:
    mail = make_mail(state, answer="connection lost")
    holder = mail.lease_holder
    assert post(delivered(mail)) == 200

    mail.refresh_from_db()
    assert (mail.state, mail.trouble_at, mail.lease_holder) == ("accepted", None, None)
    assert mail.accepted_at
    # The lane's own answer comes too late to change it.
    mail.lease_holder = holder
    transact(lambda: write([Settlement(mail, Outcome(State.UNKNOWN, "lost"), timezone.now())]))
    assert Message.objects.get(pk=mail.pk).state == "accepted"
    assert not [finding for finding in verify() if finding.bad]


def test_a_bounce_may_come_before_our_own_answer(make_mail: Callable[..., Message]) -> None:
    mail = make_mail(State.SENDING)
    assert post(bounced(mail)) == 200
    mail.refresh_from_db()
    assert mail.state == "bounced"
    assert not [finding for finding in verify() if finding.bad]


def test_a_late_event_of_the_round_before_a_retry_is_kept_and_changes_nothing(
    make_mail: Callable[..., Message], ana: Actor
) -> None:
    mail = make_mail()
    before = timezone.now().isoformat()
    assert post(bounced(mail, 1)) == 200
    transact(lambda: retry_message(mail.pk, subject_label="", by=ana, now=NOW))
    mail.refresh_from_db()
    begin(mail)
    transact(lambda: write([Settlement(mail, Outcome(State.ACCEPTED, "250 OK"), timezone.now())]))
    assert post(bounced(mail, 2, at=before)) == 200

    mail.refresh_from_db()
    assert (mail.state, kinds()) == ("accepted", ["bounced", "bounced"])
    assert not [finding for finding in verify() if finding.bad]
    assert post(bounced(mail, 3)) == 200
    mail.refresh_from_db()
    assert mail.state == "bounced"


@pytest.mark.parametrize("state", [State.QUEUED, State.DEFERRED, State.FAILED])
def test_an_event_never_takes_a_mail_out_of_a_queue_or_rescues_a_failed_one(
    make_mail: Callable[..., Message], state: State
) -> None:
    mail = make_mail(State.FAILED)
    if state != State.FAILED:
        Message.objects.filter(pk=mail.pk).update(state=state, trouble_at=None, next_at=NOW)
    assert post(bounced(mail)) == post(delivered(mail)) == 200
    assert Message.objects.get(pk=mail.pk).state == state


def test_a_complaint_asks_for_a_person_until_a_newer_mail_leaves(
    make_mail: Callable[..., Message], invoice: Invoice
) -> None:
    mail = make_mail()
    assert post(complained(mail)) == 200

    assert Message.objects.in_trouble().get() == mail
    assert "marked_as_spam" in read_marks([invoice], now=NOW)[invoice.pk]
    assert Invoice.objects.filter(needs_attention_q(today=TODAY)).get() == invoice
    assert Message.objects.get(pk=mail.pk).state == "accepted"
    assert Entry.objects.filter(type="invoice.message_complained").count() == 1
    transact(lambda: end_trouble([invoice.pk], now=NOW))
    assert not Message.objects.in_trouble().exists()
    assert post(complained(mail)) == 200
    assert not Message.objects.in_trouble().exists()


def test_one_request_reports_for_several_companies_each_in_its_own_name(
    make_mail: Callable[..., Message], settings: Any
) -> None:
    settings.MAIL_PROVIDER = "sendgrid"
    ours = [make_mail(), make_mail()]
    other, _bo = make_company("Harbour")
    with scope(company=other):
        draft = MessageDraft(other.pk, "version", new_id(), JOE, "invoice")
        (theirs,) = transact(lambda: owe_messages([draft], now=NOW))
        begin(theirs)
    events = [
        {"email": mail.recipient, "event": "bounce", "sg_event_id": mail.pk.hex, "smtp-id": mail.message_id, "timestamp": 1_900_000_000, "reason": "550 gone"}
        for mail in (*ours, theirs)
    ]  # fmt: skip
    assert post(events, name="sendgrid") == 200

    assert {Message.objects.get(pk=mail.pk).state for mail in ours} == {"bounced"}
    with scope(company=other):
        assert Message.objects.get(pk=theirs.pk).state == "bounced"
        assert Entry.objects.get().company_id == other.pk


def test_fifty_events_take_as_many_queries_as_two(
    make_mail: Callable[..., Message], settings: Any, django_assert_max_num_queries: Any
) -> None:
    settings.MAIL_PROVIDER = "sendgrid"

    def events(count: int) -> list[dict[str, Any]]:
        return [
            {"email": JOE, "event": "bounce", "sg_event_id": mail.pk.hex, "smtp-id": mail.message_id, "timestamp": 1_900_000_000}
            for mail in (make_mail() for _ in range(count))
        ]  # fmt: skip

    two, fifty = events(2), events(50)
    with django_assert_max_num_queries(20) as for_two:
        assert post(two, name="sendgrid") == 200
    with django_assert_max_num_queries(len(for_two)):
        assert post(fifty, name="sendgrid") == 200
    assert Message.objects.filter(state="bounced").count() == 52


def signed(body: dict[str, Any], key: str = KEY, token: str = "t" * 50) -> dict[str, Any]:
    stamp = "1900000000"
    digest = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"signature": {"timestamp": stamp, "token": token, "signature": digest}, "event-data": body}


def test_a_service_that_signs_is_believed_by_its_signature_alone(
    make_mail: Callable[..., Message], settings: Any
) -> None:
    settings.MAIL_PROVIDER, settings.MAIL_PROVIDER_SECRET = "mailgun", KEY
    mail = make_mail()
    body = {"event": "failed", "severity": "permanent", "recipient": mail.recipient, "timestamp": 1_900_000_000.5,
            "message": {"headers": {"message-id": mail.message_id.strip("<>")}}, "delivery-status": {"message": "no such user"}}  # fmt: skip
    assert post(signed(body, "another key"), name="mailgun", login=None) == 401
    assert post({"event-data": body}, name="mailgun", login=None) == 401
    assert Message.objects.get(pk=mail.pk).state == "accepted"
    assert post(signed(body), name="mailgun", login=None) == 200
    assert Message.objects.get(pk=mail.pk).state == "bounced"


def test_what_was_reported_is_never_rewritten(make_mail: Callable[..., Message]) -> None:
    post(delivered(make_mail()))
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        MessageEvent.objects.update(kind="bounced")


def test_the_database_keeps_an_event_once(make_mail: Callable[..., Message]) -> None:
    post(delivered(make_mail()))
    event = MessageEvent.objects.get()
    event.pk = UUID(int=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        event.save(force_insert=True)


def test_an_attempt_tells_how_the_answer_came(make_mail: Callable[..., Message]) -> None:
    mail = make_mail(State.UNKNOWN)
    post(delivered(mail, DeliveredAt=(timezone.now() + dt.timedelta(seconds=1)).isoformat()))
    answers = list(Attempt.objects.order_by("at").values_list("outcome", "answer"))
    assert answers == [("unknown", "250 OK"), ("accepted", "250 2.0.0 taken")]
