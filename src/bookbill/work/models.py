"""Promised rows: what the house owes to do, who is at it, how it went. Of all companies: the worker serves everybody."""

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Count, Min, Q
from django.utils.translation import gettext_lazy as _

from bookbill.lib.ids import new_id


class State(models.TextChoices):
    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    SET_ASIDE = "set_aside", _("Set aside")
    DISCARDED = "discarded", _("Discarded")


OPEN = (State.QUEUED, State.RUNNING)


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """How the queue stands: what is due or running, since when the oldest waits, what a person has to look at."""

    depth: int
    oldest_age_seconds: float
    set_aside: int


class JobQuerySet(models.QuerySet["Job"]):
    def of_company(self, company_id: UUID | None) -> "JobQuerySet":
        """None: those of the house itself."""
        return self.filter(company_id=company_id) if company_id else self.filter(company=None)

    def open(self) -> "JobQuerySet":
        return self.filter(state__in=OPEN)

    def due(self, clock: dt.datetime) -> "JobQuerySet":
        """Waiting, and its time has come by the bare ``clock``."""
        return self.filter(state=State.QUEUED, run_at__lte=clock)

    def lapsed(self, clock: dt.datetime) -> "JobQuerySet":
        """Claimed by somebody who has not renewed the lease: died, or asleep."""
        return self.filter(state=State.RUNNING, lease_until__lt=clock)

    def held_by(self, holder: str) -> "JobQuerySet":
        return self.filter(state=State.RUNNING, lease_holder=holder)

    def set_aside(self) -> "JobQuerySet":
        return self.filter(state=State.SET_ASIDE)

    def settled_before(self, clock: dt.datetime) -> "JobQuerySet":
        return self.filter(state__in=(State.DONE, State.DISCARDED), finished_at__lt=clock)

    def in_turn(self) -> "JobQuerySet":
        """Most urgent first, then the longest waiting."""
        return self.order_by("-priority", "run_at", "id")

    def health(self, clock: dt.datetime) -> QueueHealth:
        owed = self.filter(Q(state=State.RUNNING) | Q(state=State.QUEUED, run_at__lte=clock))
        figures = owed.aggregate(depth=Count("id"), oldest=Min("run_at"))
        age = (clock - figures["oldest"]).total_seconds() if figures["oldest"] else 0.0
        return QueueHealth(figures["depth"], max(age, 0.0), self.set_aside().count())


class Schedule(models.Model):
    """When something recurring comes next. Any worker may tick: it moves ``next_at`` on only from where it saw it."""

    name = models.CharField(primary_key=True, max_length=80)
    next_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Job(models.Model):
    """One promise. Written in the transaction of its cause; kept by a worker, who holds it by a lease.

    Whoever finishes must still be the one who claimed: (holder, running, attempts) is the fence.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # None: the house itself.
    company = models.ForeignKey("companies.Company", models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=80)
    args = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    priority = models.SmallIntegerField(default=0)  # higher goes first
    # At most one open job per company, kind and key; null is no key at all.
    unique_key = models.CharField(max_length=200, null=True)  # noqa: DJ001
    schedule = models.ForeignKey(Schedule, models.PROTECT, null=True, db_index=False, related_name="+")
    tick_at = models.DateTimeField(null=True)

    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    run_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)  # claims, counted when claimed; never set back
    attempts_before = models.PositiveSmallIntegerField(
        default=0
    )  # those before a person said Retry, or the job `come_again`
    lease_holder = models.CharField(max_length=120, blank=True, default="")
    lease_until = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)  # done, discarded or set aside

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "kind", "unique_key"],
                condition=Q(state__in=OPEN, unique_key__isnull=False),
                name="work_promised_once",
            ),
            # Without a company: a null is never equal to another, so this needs a key of its own.
            models.UniqueConstraint(
                fields=["kind", "unique_key"],
                condition=Q(state__in=OPEN, unique_key__isnull=False, company__isnull=True),
                name="work_housekeeping_promised_once",
            ),
            models.UniqueConstraint(fields=["schedule", "tick_at"], name="work_tick_once"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="work_state_is_known"),
            models.CheckConstraint(
                condition=Q(state=State.RUNNING, lease_until__isnull=False) & ~Q(lease_holder="")
                | ~Q(state=State.RUNNING) & Q(lease_until__isnull=True, lease_holder=""),
                name="work_lease_while_running",
            ),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, finished_at__isnull=True)
                | ~Q(state__in=OPEN) & Q(finished_at__isnull=False),
                name="work_finished_once_settled",
            ),
        ]
        # The worker looks across companies, so some of these do not start with one.
        indexes = [
            models.Index(fields=["run_at"], condition=Q(state=State.QUEUED), name="work_due"),
            models.Index(
                fields=["company", "-priority", "run_at", "id"],
                condition=Q(state=State.QUEUED),
                name="work_in_turn",
            ),
            models.Index(fields=["lease_until"], condition=Q(state=State.RUNNING), name="work_leased"),
            models.Index(
                fields=["finished_at"],
                condition=Q(state__in=(State.DONE, State.DISCARDED)),
                name="work_settled",
            ),
            models.Index(
                fields=["company", "finished_at"], condition=Q(state=State.SET_ASIDE), name="work_set_aside"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"

    @property
    def tries(self) -> int:
        """Which try this is, counted anew after a person's Retry."""
        return self.attempts - self.attempts_before


class JobFailure(models.Model):
    """One try that failed, with what it said."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    job = models.ForeignKey(Job, models.CASCADE, related_name="failures")
    attempt = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    error = models.CharField(max_length=500)
    trace = models.TextField(blank=True, default="")

    objects: "models.Manager[JobFailure]" = models.Manager()

    def __str__(self) -> str:
        return f"try {self.attempt} of {self.job_id}: {self.error}"


def failure_of(job: Job, at: dt.datetime, error: str, trace: str = "") -> JobFailure:
    return JobFailure(
        job_id=job.pk, attempt=job.attempts, at=at, error=storable(error)[:500], trace=storable(trace)[-4000:]
    )


def storable(text: Any) -> str:
    """Text of an exception as every database takes it: no NUL, no lone surrogates."""
    return str(text).replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
