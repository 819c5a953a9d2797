"""The company's history as a feed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router

from bookbill.activity.models import Entry
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.web.api.cursors import LIMIT_DEFAULT, Limit
from bookbill.web.api.rendering import answered
from bookbill.web.api.schema import Answer, Body, Id, Page

router = Router(tags=["History"])


class EventQuery(Body):
    """`after` is the id of the last event that was read (`cursor` says the same)."""

    limit: Limit = LIMIT_DEFAULT
    after: Id | None = None
    cursor: Id | None = None


class EventActor(Answer):
    kind: str
    label: str
    member_id: UUID | None


class EventSubject(Answer):
    type: str
    id: UUID
    label: str


class EventOut(Answer):
    """One change. `before` and `after` hold what changed; names and addresses that were erased are left out."""

    id: UUID
    type: str
    at: datetime
    by: EventActor
    subject: EventSubject
    before: dict[str, Any]
    after: dict[str, Any]

    @classmethod
    def of(cls, entry: Entry) -> "EventOut":
        personal_before, personal_after = entry.personal_values() or ({}, {})
        return cls(
            id=entry.pk,
            type=entry.type,
            at=entry.at,
            by=EventActor(kind=entry.actor_kind, label=entry.actor_label, member_id=entry.member_id),
            subject=EventSubject(type=entry.subject_type, id=entry.subject_id, label=entry.subject_label),
            before={**entry.before, **personal_before},
            after={**entry.after, **personal_after},
        )


@router.get("/events", response=Page[EventOut])
def list_events(request: CompanyRequest, page: Query[EventQuery]) -> HttpResponse:
    """What happened, oldest first. Go on with `after` = the last id that was read: nothing is missed or doubled."""
    require(request.actor, Right.VIEW_HISTORY)
    found = list(Entry.objects.after(page.cursor or page.after).with_personal()[: page.limit + 1])
    entries = found[: page.limit]
    next_cursor = str(entries[-1].pk) if len(found) > page.limit else None
    return answered(Page[EventOut](items=[EventOut.of(entry) for entry in entries], next_cursor=next_cursor))
