"""What a mail service says became of messages after it took them. Each report acts once, in whatever order they come."""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Min

from bookbill.activity.actions import record_many
from bookbill.delivery.actions import entry
from bookbill.delivery.claims import Settlement, write
from bookbill.delivery.models import Attempt, Message, MessageEvent
from bookbill.delivery.rules import CAME_BACK, EventKind, Outcome, State, clean_answer
from bookbill.lib.actor import Actor
from bookbill.lib.events import publish
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.clock import process_clock

OWN_MESSAGE_ID = re.compile(r"<?(([0-9a-f]{32})@[A-Za-z0-9.-]{1,160})>?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Report:
    """One event. ``names`` are ids that the service has for the message: our Message-ID, its own, or both."""

    provider: str
    kind: EventKind
    event_id: str
    names: tuple[str, ...]
    recipient: str
    at: dt.datetime | None
    words: str

    def key(self, message_id: UUID) -> str:
        """The same for every copy of the event, and for every opening of a mail: its first is enough."""
        told_apart = "" if self.kind == EventKind.OPENED else self.event_id or f"{self.at}"
        about = "" if self.event_id and self.kind != EventKind.OPENED else str(message_id)
        return hashlib.sha256("\n".join([self.kind, told_apart, about]).encode()).hexdigest()


def matched(reports: Sequence[Report]) -> list[tuple[Message, Report]]:
    """The reports with their messages, of whatever company: an event names none. Those about no mail of ours are left out.

    Our Message-ID carries the row's key; the whole of it and the recipient must agree. One query.
    """
    own = {match[2]: match[1] for name in all_names(reports) if (match := OWN_MESSAGE_ID.fullmatch(name))}
    found = Message.objects.filter(pk__in=[UUID(key) for key in own]) | Message.objects.filter(
        provider_id__in=all_names(reports) - {""}
    )
    by_name: dict[str, Message] = {}
    for message in found.select_related("company"):
        by_name[message.message_id.strip("<>")] = message
        if message.provider_id:
            by_name[message.provider_id] = message
    pairs = []
    for report in reports:
        for name in report.names:
            about = by_name.get(name.strip("<>"))
            if about and report.recipient.lower() in ("", about.recipient.lower()):
                pairs.append((about, report))
                break
    return pairs


def all_names(reports: Iterable[Report]) -> set[str]:
    return {name for report in reports for name in report.names}


def note_reports(
    reported: Sequence[tuple[UUID, Report]],
    *,
    subject_labels: Mapping[UUID, str],
    by: Actor,
    now: dt.datetime,
) -> int:
    """Write down reports about messages of one company and what follows from them; how many were new.

    A message that the service reports on was taken: one in *sending* or *unknown* is accepted from now on. One that
    came back is *bounced*, one that was called spam asks for a person. What a round before the last retry came to is
    kept and changes nothing. ``subject_labels`` are the numbers that history prints, by subject.
    """
    assert_in_transaction()
    wanted = sorted({message_id for message_id, _report in reported})
    locked = Message.objects.filter(pk__in=wanted).select_related("company").order_by("pk")
    messages = {message.pk: message for message in locked.select_for_update(of=("self",), no_key=True)}
    fresh = not_yet_noted([(messages[pk], report) for pk, report in reported if pk in messages], now=now)
    MessageEvent.objects.bulk_create(fresh, ignore_conflicts=True)
    earlier = rounds_before(fresh)
    entries, changed = [], []
    for event in sorted(fresh, key=lambda event: event.at):
        message = event.message
        if event.pk in earlier:
            continue
        accept_what_was_taken(message, event)
        before = {"state": message.state, "server_answer": message.server_answer}
        if message.state != State.ACCEPTED:
            continue
        if event.kind in CAME_BACK:
            message.come_back(event.words, now)
            happened = "message_bounced"
        elif event.kind == EventKind.COMPLAINED:
            message.be_complained_about(now)
            happened = "message_complained"
        else:
            continue
        changed.append(message)
        label = subject_labels.get(message.subject_id, "") if message.subject_id else ""
        entries.append(entry(message, happened, label, before))
    Message.objects.bulk_update(
        set(changed), ["state", "server_answer", "trouble_at", "dealt_with_at", "lease_holder"]
    )
    record_many(entries, by=by, now=now)
    for message in {message.pk: message for message in changed}.values():
        publish(message.settled())
    return len(fresh)


def not_yet_noted(pairs: Sequence[tuple[Message, Report]], *, now: dt.datetime) -> list[MessageEvent]:
    """A row for each report that is not there yet, once. What a service dates in the future happened now."""
    keyed = {report.key(message.pk): (message, report) for message, report in pairs}
    known = set(MessageEvent.objects.filter(event_key__in=keyed).values_list("event_key", flat=True))
    return [
        MessageEvent(
            company_id=message.company_id,
            message=message,
            provider=report.provider,
            event_key=key,
            kind=report.kind,
            at=min(report.at or now, now),
            words=clean_answer(report.words),
        )
        for key, (message, report) in keyed.items()
        if key not in known
    ]


def rounds_before(events: Sequence[MessageEvent]) -> set[UUID]:
    """Those that happened before the round of tries their message is in now, where there was one before it."""
    doubtful = [
        event for event in events if event.message.first_try_at and event.at < event.message.first_try_at
    ]
    if not doubtful:
        return set()
    tries = Attempt.objects.filter(message__in=[event.message_id for event in doubtful])
    first = dict(tries.order_by("message_id").values_list("message_id").annotate(first=Min("at")))
    return {
        event.pk
        for event in doubtful
        if event.message_id in first
        and event.message.first_try_at
        and first[event.message_id] < event.message.first_try_at
    }


def accept_what_was_taken(message: Message, event: MessageEvent) -> None:
    """The answer we never got has come by another way."""
    if message.state in (State.SENDING, State.UNKNOWN) and message.lease_holder:
        words = event.words if event.kind not in CAME_BACK else ""
        write(
            [
                Settlement(
                    message,
                    Outcome(State.ACCEPTED, words or f"reported by {event.provider}"),
                    process_clock(),
                )
            ]
        )
        message.trouble_at = message.dealt_with_at = message.lease_holder = None
