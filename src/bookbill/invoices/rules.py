"""What an invoice is, from the facts about it. Pure functions."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum


class Status(StrEnum):
    DRAFT = "draft"
    SENT = "sent"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    CANCELLED = "cancelled"


class Mark(StrEnum):
    """What stands beside the status."""

    OVERDUE = "overdue"
    VIEWED = "viewed"
    SENDING = "sending"
    SENDING_REFUSED = "sending_refused"
    NOT_DELIVERED = "not_delivered"
    BOUNCED = "bounced"
    MARKED_AS_SPAM = "marked_as_spam"
    CHANGED_SINCE_SENT = "changed_since_sent"
    CREDIT_TO_PLACE = "credit_to_place"
    DISPUTED = "disputed"
    WRITTEN_OFF = "written_off"
    ALREADY_PAID = "already_paid"


# What makes an invoice need attention: somebody has to look, or the customer waits for something.
ASKING = (
    Mark.SENDING_REFUSED,
    Mark.BOUNCED,
    Mark.MARKED_AS_SPAM,
    Mark.NOT_DELIVERED,
    Mark.CHANGED_SINCE_SENT,
    Mark.CREDIT_TO_PLACE,
)


def status_of(
    *, cancelled: bool, sent: bool, total_minor: int, covered_minor: int, paid_minor: int
) -> Status:
    """The one definition of an invoice's status. Amounts in minor units. `models.STATUS_SQL` says the same in SQL."""
    if cancelled:
        return Status.CANCELLED
    if not sent:
        return Status.DRAFT
    if covered_minor == total_minor:
        return Status.PAID
    return Status.PARTIALLY_PAID if paid_minor else Status.SENT


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkFacts:
    """What the marks of one invoice are worked out from, today."""

    status: Status
    today: date
    due_date: date | None
    due_minor: int
    payable_minor: int
    paid_minor: int
    written_off_minor: int
    viewed: bool
    sending: bool
    refused: bool
    undelivered: bool
    bounced: bool
    complained: bool
    changed: bool
    customer_credit_minor: int
    overpaid: bool
    """A payment that lies on it, or came in for it, has more than it took."""


def marks_of(facts: MarkFacts) -> list[Mark]:
    """The marks, the one that asks for action first."""
    live = facts.status not in (Status.DRAFT, Status.CANCELLED)
    holds = {
        Mark.SENDING: facts.sending,
        Mark.SENDING_REFUSED: facts.refused,
        Mark.OVERDUE: live
        and days_overdue(today=facts.today, due_date=facts.due_date, payable_minor=facts.payable_minor) > 0,
        Mark.BOUNCED: facts.bounced,
        Mark.MARKED_AS_SPAM: facts.complained,
        Mark.NOT_DELIVERED: facts.undelivered,
        Mark.CHANGED_SINCE_SENT: live and facts.changed,
        Mark.CREDIT_TO_PLACE: live
        and (facts.overpaid or (facts.due_minor > 0 and facts.customer_credit_minor > 0)),
        Mark.WRITTEN_OFF: facts.status != Status.CANCELLED and facts.written_off_minor > 0,
        Mark.ALREADY_PAID: facts.status == Status.DRAFT and facts.paid_minor > 0 and facts.due_minor == 0,
        Mark.VIEWED: live and facts.viewed,
    }
    return [mark for mark, held in holds.items() if held]


def days_overdue(*, today: date, due_date: date | None, payable_minor: int) -> int:
    """Whole days past the due date while something is payable; 0 when not overdue."""
    if due_date is None or payable_minor <= 0:
        return 0
    return max(0, (today - due_date).days)


def instant_of(wall: datetime, zone: tzinfo) -> datetime:
    """The instant of a wall-clock time in a zone. One that a clock change skips runs at the next valid minute, a doubled one at its first."""
    while True:
        instant = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == wall:
            return instant
        wall += timedelta(minutes=1)
