"""The one door to background work: promise it, take it back, ask about it; look after what was set aside."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bookbill.lib.errors import NotFound, RuleBroken
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.clock import process_clock
from bookbill.work.models import Job, State
from bookbill.work.registry import JobView
from bookbill.work.running import give_up

INSERT_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Promise:
    """One job to be promised; see ``promise``."""

    kind: str
    company_id: UUID | None
    args: Mapping[str, Any] = field(default_factory=dict)
    unique_key: str | None = None
    run_at: dt.datetime | None = None
    priority: int = 0


def promise(
    kind: str,
    *,
    company_id: UUID | None,
    args: Mapping[str, Any],
    unique_key: str | None = None,
    run_at: dt.datetime | None = None,
    priority: int = 0,
) -> Job | None:
    """Promise one job in the transaction of its cause; None where an open one of this company, kind and key exists.

    ``args`` must be JSON (UUIDs, dates and decimals become text). ``run_at`` is an instant of the bare clock, by
    default now; higher ``priority`` goes first. A running job counts as open: one that sums up changes must not
    carry a ``unique_key``, or a change made while it runs is left out.
    """
    made = promise_many([Promise(kind, company_id, args, unique_key, run_at, priority)])
    return made[0] if made else None


def promise_many(rows: Sequence[Promise]) -> list[Job]:
    """Promise jobs in bulk; the answer leaves out those whose unique key is taken, also by an earlier row."""
    assert_in_transaction()
    clock = process_clock()
    jobs = [
        Job(
            kind=row.kind,
            company_id=row.company_id,
            args=dict(row.args),
            unique_key=row.unique_key,
            run_at=row.run_at or clock,
            priority=row.priority,
            created_at=clock,
        )
        for row in rows
    ]
    keyed = [job for job in jobs if job.unique_key is not None]
    # Apart, because "ignore conflicts" swallows more than conflicts of the key.
    Job.objects.bulk_create([job for job in jobs if job.unique_key is None], batch_size=INSERT_CHUNK)
    if not keyed:
        return jobs
    # The insert itself decides who was first; asking before would leave a gap for a second one.
    Job.objects.bulk_create(keyed, batch_size=INSERT_CHUNK, ignore_conflicts=True)
    made = set(Job.objects.filter(pk__in=[job.pk for job in keyed]).values_list("pk", flat=True))
    return [job for job in jobs if job.unique_key is None or job.pk in made]


def withdraw(kind: str, company_id: UUID | None, unique_keys: Iterable[str]) -> set[str]:
    """Take promises back for good, unless a worker has them already; the keys that are gone with nothing done. Two queries."""
    assert_in_transaction()
    # Lock first: a claim that is under way either commits before, and then this finds nothing, or skips the row.
    waiting = Job.objects.of_company(company_id).filter(
        kind=kind, unique_key__in=list(unique_keys), state=State.QUEUED
    )
    found = dict(waiting.order_by("pk").select_for_update().values_list("pk", "unique_key"))
    Job.objects.filter(pk__in=found).delete()
    return {key for key in found.values() if key is not None}


def is_promised(kind: str, company_id: UUID | None, unique_keys: Iterable[str]) -> set[str]:
    """Which of the keys belong to a job that is waiting or running."""
    return set(promised_at(kind, company_id, unique_keys))


def promised_at(kind: str, company_id: UUID | None, unique_keys: Iterable[str]) -> dict[str, dt.datetime]:
    """When the open jobs with these keys run, by the bare clock; keys without an open job are left out."""
    open_jobs = Job.objects.of_company(company_id).open().filter(kind=kind, unique_key__in=list(unique_keys))
    return {key: run_at for key, run_at in open_jobs.values_list("unique_key", "run_at") if key is not None}


def promised_args(
    kind: str, company_id: UUID | None, unique_keys: Iterable[str]
) -> dict[str, Mapping[str, Any]]:
    """What the open jobs with these keys are to do; keys without an open job are left out."""
    open_jobs = Job.objects.of_company(company_id).open().filter(kind=kind, unique_key__in=list(unique_keys))
    return {key: args for key, args in open_jobs.values_list("unique_key", "args") if key is not None}


def due_args(kind: str, company_id: UUID | None, unique_keys: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """What the open jobs with these keys are to do whose time has come, whoever has them in hand."""
    due = Job.objects.of_company(company_id).open().filter(kind=kind, run_at__lte=process_clock())
    found = due.filter(unique_key__in=list(unique_keys)).values_list("unique_key", "args")
    return {key: args for key, args in found if key is not None}


def come_again(job: JobView) -> None:
    """Said by a handler of a database-only kind that is not through: what it did is kept, and the job comes again.

    Behind those that wait by then, with all its tries.
    """
    assert_in_transaction()
    Job.objects.filter(pk=job.id).update(
        state=State.QUEUED,
        run_at=process_clock(),
        attempts_before=F("attempts"),
        lease_holder="",
        lease_until=None,
    )


def bring_forward(company_id: UUID, by: dt.timedelta) -> None:
    """Let a company's waiting jobs run earlier by that much: its clock was moved on, the workers' was not."""
    assert_in_transaction()
    Job.objects.filter(company_id=company_id, state=State.QUEUED).update(run_at=F("run_at") - by)


def retry_job(job_id: UUID, *, company_id: UUID | None) -> Job:
    """Put a job that was set aside back into the queue, with all its tries again."""
    job = _lock_set_aside(job_id, company_id)
    job.state, job.run_at, job.attempts_before, job.finished_at = (
        State.QUEUED,
        process_clock(),
        job.attempts,
        None,
    )
    try:
        with transaction.atomic():
            job.save(update_fields=["state", "run_at", "attempts_before", "finished_at"])
    except IntegrityError as problem:
        raise RuleBroken(
            "already_promised", _("The same work is already waiting or running; discard this one.")
        ) from problem
    return job


def discard_job(job_id: UUID, *, company_id: UUID | None) -> Job:
    """Give up a job that was set aside. It stays readable for the days that done jobs are kept."""
    job = _lock_set_aside(job_id, company_id)
    job.state, job.finished_at = State.DISCARDED, process_clock()
    job.save(update_fields=["state", "finished_at"])
    give_up([job])
    return job


def _lock_set_aside(job_id: UUID, company_id: UUID | None) -> Job:
    assert_in_transaction()
    job = Job.objects.of_company(company_id).set_aside().select_for_update().filter(pk=job_id).first()
    if job is None:
        raise NotFound("not_found", _("This task has not failed, or was retried already."))
    return job
