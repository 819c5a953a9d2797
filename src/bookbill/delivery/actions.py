"""What other capabilities ask of delivery. Rights are asked above: delivery knows no roles."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.delivery.models import Message, Outbox
from bookbill.delivery.rules import IN_TROUBLE, WAITING, State
from bookbill.lib.actor import Actor
from bookbill.lib.errors import NotFound, RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.parsing import parse_email
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.clock import process_clock


@dataclass(frozen=True, slots=True)
class MessageDraft:
    """One message to one recipient. ``ready`` is False while a PDF still has to be made: then `mark_ready` frees it.

    ``text_id`` names the wording for the composer, which alone knows what it is.
    """

    company_id: UUID
    cause_kind: str
    cause_id: UUID
    recipient: str
    kind: str
    step: int = 0
    subject_id: UUID | None = None
    version_n: int | None = None
    text_id: UUID | None = None
    ready: bool = True


def owe_messages(drafts: Sequence[MessageDraft], *, now: dt.datetime) -> list[Message]:
    """Promise messages in the transaction of their cause; they leave after the commit. One bulk insert, one read.

    The answer has the row of every draft, in order: one owed before under the same key is left as it is.
    Raises BadInput for an address that is none.
    """
    assert_in_transaction()
    if not drafts:
        return []
    host, at_once = message_id_host(), process_clock()
    rows = []
    for draft in drafts:
        pk = new_id()
        rows.append(
            Message(
                id=pk,
                company_id=draft.company_id,
                cause_kind=draft.cause_kind,
                cause_id=draft.cause_id,
                recipient=parse_email(draft.recipient, field="recipients"),
                kind=draft.kind,
                step=draft.step,
                subject_id=draft.subject_id,
                version_n=draft.version_n,
                text_id=draft.text_id,
                message_id=f"<{pk.hex}@{host}>",
                created_at=now,
                ready_at=now if draft.ready else None,
                next_at=at_once if draft.ready else None,
            )
        )
    Message.objects.bulk_create(rows, ignore_conflicts=True)
    owed = Message.objects.filter(cause_id__in={row.cause_id for row in rows})
    by_key = {key_of(message): message for message in owed}
    return [by_key[key_of(row)] for row in rows]


def key_of(message: Message) -> tuple[UUID, str, UUID, str, str, int]:
    return (
        message.company_id,
        message.cause_kind,
        message.cause_id,
        message.recipient,
        message.kind,
        message.step,
    )


def message_id_host() -> str:
    """The host of the address we are reached at, else of the one we send from."""
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or ""
    return host if "." in host and ":" not in host else settings.MAIL_FROM.rpartition("@")[2]


def mark_ready(cause_kind: str, cause_ids: Sequence[UUID], *, now: dt.datetime) -> int:
    """Let the messages of these causes leave: their PDF exists now. Saying it twice changes nothing."""
    assert_in_transaction()
    waiting = Message.objects.waiting_for_pdf().filter(cause_kind=cause_kind, cause_id__in=cause_ids)
    count: int = waiting.update(ready_at=now, next_at=process_clock())
    return count


def retry_message(
    message_id: UUID, *, subject_label: str, may_arrive_twice: bool = False, by: Actor, now: dt.datetime
) -> Message:
    """Send a failed, bounced or unknown message again, the same version to the same recipient, because a person asks.

    ``subject_label`` is the number that history prints. An unknown message may have arrived, so it needs
    ``may_arrive_twice``. Raises NotFound, RuleBroken.
    """
    assert_in_transaction()
    message = lock_message(message_id)
    if message.state not in IN_TROUBLE:
        raise RuleBroken(
            "message_not_failed", _("This message did not fail, so there is nothing to send again.")
        )
    if message.state == State.UNKNOWN and not may_arrive_twice:
        raise RuleBroken(
            "message_may_have_arrived",
            _(
                "The connection broke before the server answered: this message may have arrived. Confirm to send it again."
            ),
        )
    before = {"state": message.state, "server_answer": message.server_answer}
    message.queue_again(process_clock())
    record(entry(message, "message_retried", subject_label, before), by=by, now=now)
    return message


def dismiss_message(message_id: UUID, *, subject_label: str, by: Actor, now: dt.datetime) -> Message:
    """Nobody has to look at it any more: a person dealt with it. Raises NotFound, RuleBroken."""
    assert_in_transaction()
    message = lock_message(message_id)
    if message.trouble_at is None:
        raise RuleBroken("message_not_failed", _("This message does not ask for anything."))
    message.be_dealt_with(now)
    message.save(update_fields=["trouble_at", "dealt_with_at"])
    record(entry(message, "message_dealt_with", subject_label, {}), by=by, now=now)
    return message


def end_trouble(
    subject_ids: Iterable[UUID],
    *,
    besides: Mapping[UUID, Collection[str]] | None = None,
    cause_ids: Collection[UUID] | None = None,
    now: dt.datetime,
) -> None:
    """Nobody has to look after what was not delivered about these any more.

    ``besides`` names those of a subject to whom it still has to go, ``cause_ids`` the causes, else all.
    """
    troubled = Message.objects.about(subject_ids).in_trouble()
    if cause_ids is not None:
        troubled = troubled.filter(cause_id__in=cause_ids)
    if besides:
        named = {(pk, each.lower()) for pk, left_out in besides.items() for each in left_out}
        rows = troubled.filter(subject_id__in=besides).values_list("pk", "subject_id", "recipient")
        troubled = troubled.exclude(pk__in=[pk for pk, about, to in rows if (about, to.lower()) in named])
    troubled.update(trouble_at=None, dealt_with_at=now)


def call_off_messages(
    subject_ids: Iterable[UUID],
    *,
    only_to: Mapping[UUID, Collection[str]] | None = None,
    cause_ids: Collection[UUID] | None = None,
    because: str,
    now: dt.datetime,
) -> Counter[UUID]:
    """What has not begun to leave about these does not leave any more: a sender who holds one has lost it.

    One whose data is leaving is only marked: if the server refuses it for now, it is not tried again. ``only_to`` names the recipients of a subject, else it is everybody; ``cause_ids`` the causes, else all. How many were called off, by subject.
    """
    assert_in_transaction()
    open_ones = Message.objects.about(subject_ids).filter(state__in=[*WAITING, State.SENDING])
    if cause_ids is not None:
        open_ones = open_ones.filter(cause_id__in=cause_ids)
    named = {pk: {each.lower() for each in to} for pk, to in (only_to or {}).items()}
    # Locked before they are told apart: a sender may begin or end one meanwhile.
    found = [
        message
        for message in open_ones.order_by("pk").select_for_update(no_key=True)
        if message.subject_id not in named or message.recipient.lower() in named[message.subject_id]
    ]
    leaving = [message.pk for message in found if message.state == State.SENDING]
    if leaving:
        Message.objects.filter(pk__in=leaving).update(called_off=because)
    waiting = {message.pk: message.subject_id for message in found if message.state != State.SENDING}
    if waiting:
        Message.objects.filter(pk__in=waiting).update(
            state=State.FAILED,
            ready_at=Coalesce("ready_at", Value(now)),
            next_at=None,
            lease_holder=None,
            server_answer=because,
            dealt_with_at=now,
        )
    return Counter(waiting.values())


def lock_message(message_id: UUID) -> Message:
    message = Message.objects.select_for_update(no_key=True).filter(id=message_id).first()
    if message is None:
        raise NotFound("not_found", _("There is no such message."))
    return message


def entry(message: Message, happened: str, subject_label: str, before: dict[str, str]) -> EntryDraft:
    """History on the invoice or payment the message is about, else on the message itself."""
    about = "payment" if message.cause_kind == "payment" else "invoice"
    subject_type = about if message.subject_id else "message"
    return EntryDraft(
        type=f"{subject_type}.{happened}",
        subject_type=subject_type,
        subject_id=message.subject_id or message.id,
        subject_label=subject_label,
        before=before,
        after={
            "message_id": str(message.id),
            "state": message.state,
            "kind": message.kind,
            "version": message.version_n,
        },
        personal_after={"recipient": message.recipient},
    )


def hold_outbox(reason: str, *, now: dt.datetime) -> None:
    """Let no mail leave, of any company, until `resume_outbox`: a restored copy would send what was sent already."""
    assert_in_transaction()
    Outbox.objects.update_or_create(id=1, defaults={"held_at": now, "held_because": reason[:200]})


def resume_outbox() -> None:
    assert_in_transaction()
    Outbox.objects.filter(id=1).update(held_at=None, held_because="")
