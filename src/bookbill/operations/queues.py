"""How the queues stand: of one company for its people, of all for the operator."""

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Min, Q

from bookbill.delivery.models import Message, Outbox
from bookbill.delivery.rules import WAITING
from bookbill.lib.tenancy import scopes_disabled
from bookbill.work.models import Job, QueueHealth

STUCK_AFTER = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class MailHealth:
    """``due`` could leave at once and has not; ``waiting`` counts those whose next try is later too."""

    waiting: int
    due: int
    oldest_age_seconds: float
    waiting_for_pdf: int
    in_trouble: int


@dataclass(frozen=True, slots=True)
class Queues:
    jobs: QueueHealth
    mails: MailHealth
    held_because: str
    """Why no mail may leave; empty while it may."""
    trouble: str
    """Why the mail server could not be reached the last time; empty when it could."""

    @property
    def mails_are_stuck(self) -> bool:
        return self.mails.oldest_age_seconds > STUCK_AFTER.total_seconds()

    @property
    def jobs_are_stuck(self) -> bool:
        return self.jobs.oldest_age_seconds > STUCK_AFTER.total_seconds()


def read_queues(company_id: UUID, *, clock: dt.datetime) -> Queues:
    """Of one company, whose scope is open. Four queries. ``clock`` is the bare clock."""
    return _queues(Job.objects.of_company(company_id).health(clock), clock)


def read_all_queues(*, clock: dt.datetime) -> Queues:
    """Of the whole house: what the operator watches. Four queries."""
    with scopes_disabled():
        return _queues(Job.objects.all().health(clock), clock)


def count_mails_by_state() -> dict[str, int]:
    """All mails of the house that are not accepted, by state; the accepted ones are left out because they only grow."""
    with scopes_disabled():
        open_or_in_trouble = Message.objects.filter(Q(next_at__isnull=False) | Q(trouble_at__isnull=False))
        return dict(open_or_in_trouble.order_by().values_list("state").annotate(count=Count("pk")))


def _queues(jobs: QueueHealth, clock: dt.datetime) -> Queues:
    due = Q(state__in=WAITING, next_at__lte=clock)
    figures = Message.objects.unsettled().aggregate(
        waiting=Count("pk"), due=Count("pk", filter=due), oldest=Min("next_at", filter=due)
    )
    others = Message.objects.filter(Q(ready_at__isnull=True) | Q(trouble_at__isnull=False)).aggregate(
        without_pdf=Count("pk", filter=Q(ready_at__isnull=True)),
        in_trouble=Count("pk", filter=Q(trouble_at__isnull=False)),
    )
    oldest: dt.datetime | None = figures["oldest"]
    outbox = Outbox.objects.filter(pk=1).first()
    return Queues(
        jobs=jobs,
        mails=MailHealth(
            waiting=figures["waiting"],
            due=figures["due"],
            oldest_age_seconds=max(0.0, (clock - oldest).total_seconds()) if oldest else 0.0,
            waiting_for_pdf=others["without_pdf"],
            in_trouble=others["in_trouble"],
        ),
        held_because=(outbox.held_because or "held") if outbox and outbox.held_at else "",
        trouble=outbox.trouble if outbox else "",
    )
