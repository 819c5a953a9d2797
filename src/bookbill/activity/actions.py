"""Writing history. Every action that changes state or money calls this once, inside its own transaction."""

import datetime as dt
import hashlib
import json
import secrets
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder

from bookbill.activity.models import Entry, EntryPersonal
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.transactions import assert_in_transaction

# The request being answered, for the entries it causes; set by the middleware, empty in a worker.
request_id: ContextVar[str] = ContextVar("request_id", default="")


@dataclass(frozen=True, slots=True)
class EntryDraft:
    """What to write down. Keys of ``before`` and ``after`` are field names; only what changed belongs there.

    Names, emails, phones and addresses go into ``personal_before`` and ``personal_after``, which can be erased.
    ``subject_label`` cannot: use a number ("INV-2026-00012"), not a person's name.
    """

    type: str
    subject_type: str
    subject_id: UUID
    subject_label: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    personal_before: dict[str, Any] = field(default_factory=dict)
    personal_after: dict[str, Any] = field(default_factory=dict)


def record(draft: EntryDraft, *, by: Actor, now: dt.datetime) -> Entry:
    """Write one entry in the actor's company."""
    return record_many([draft], by=by, now=now)[0]


def record_many(drafts: Sequence[EntryDraft], *, by: Actor, now: dt.datetime) -> list[Entry]:
    """Write entries in the order given: two bulk inserts, however many there are."""
    assert_in_transaction()
    entries, personals = [], []
    for draft in drafts:
        key = new_id()
        entry = Entry(
            id=key,
            company_id=by.company_id,
            at=now,
            type=draft.type,
            actor_kind=by.kind,
            actor_label=by.label[:200],
            actor_reference=by.reference[:100],
            member_id=by.member_id,
            subject_type=draft.subject_type,
            subject_id=draft.subject_id,
            subject_label=draft.subject_label[:200],
            before=draft.before,
            after=draft.after,
            request_id=request_id.get()[:64],
        )
        if draft.personal_before or draft.personal_after:
            personal = EntryPersonal(
                entry_id=key,
                company_id=by.company_id,
                salt=secrets.token_hex(32),
                before=draft.personal_before,
                after=draft.personal_after,
            )
            entry.personal_hash = personal_hash(personal.salt, personal.before, personal.after)
            personals.append(personal)
        entries.append(entry)
    Entry.objects.bulk_create(entries)
    EntryPersonal.objects.bulk_create(personals)
    return entries


def personal_hash(salt: str, before: dict[str, Any], after: dict[str, Any]) -> str:
    """SHA-256 over the salt and both values as canonical JSON; the salt is erased with the values."""
    text = json.dumps(
        [salt, before, after], sort_keys=True, separators=(",", ":"), ensure_ascii=True, cls=DjangoJSONEncoder
    )
    return hashlib.sha256(text.encode("ascii")).hexdigest()
