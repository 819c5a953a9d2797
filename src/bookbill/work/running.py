"""Running claimed jobs: those that touch only the database in the transaction of their *done*, the others outside any."""

import contextvars
import logging
import time
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import translation

from bookbill.lib.tenancy import no_scope, scope
from bookbill.work import claims
from bookbill.work.models import Job
from bookbill.work.pace import HOLD_SECONDS, paced
from bookbill.work.registry import KINDS, Handler, JobView

log = logging.getLogger(__name__)

Companies = Mapping[UUID, models.Model]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job that touches the world; ``error`` is empty if it went well."""

    job: Job
    error: str = ""
    trace: str = ""


def run_database_jobs(jobs: Sequence[Job]) -> int:
    """Run the first of ``jobs`` and mark them done in the same transaction; the answer is how many are dealt with.

    On SQLite as many as the lock may be held for; on PostgreSQL one, since two in one transaction could lock
    customers in the wrong order. If one fails, all are undone and run one by one, and the failure is its own.
    """
    batch = jobs if connection.vendor == "sqlite" else jobs[:1]
    try:
        return paced(lambda: _run_and_finish(batch))
    except Exception as problem:  # noqa: BLE001 - whatever a handler raises is a failed try
        if len(batch) > 1:
            return sum(run_database_jobs([job]) for job in batch)
        _record(failed(batch[0], problem))
        return 1


def _run_and_finish(batch: Sequence[Job]) -> int:
    began = time.monotonic()
    mine = claims.lock_held(batch)
    companies = companies_of(mine)
    finished: list[Job] = []
    for job in mine:
        call(job, companies)
        finished.append(job)
        if time.monotonic() - began > HOLD_SECONDS:
            break
    claims.finish(finished)
    # Those that are not ours any more are dealt with too: somebody else has them.
    return batch.index(finished[-1]) + 1 if len(finished) < len(mine) else len(batch)


def run_world_job(job: Job, companies: Companies) -> Outcome:
    """Call the handler outside any transaction. Marking it done is the caller's, with ``settle``."""
    try:
        call(job, companies)
    except Exception as problem:  # noqa: BLE001 - whatever a handler raises is a failed try
        return failed(job, problem)
    return Outcome(job)


def settle(outcomes: Sequence[Outcome]) -> None:
    """Write down what became of jobs, as far as they are still ours."""
    done = [outcome.job for outcome in outcomes if not outcome.error]
    ours = claims.finish(done)
    failures = [
        outcome.job
        for outcome in outcomes
        if outcome.error and claims.fail(outcome.job, outcome.error, outcome.trace)
    ]
    ours += len(failures)
    give_up([job for job in failures if claims.is_last_try(job)])
    if ours < len(outcomes):
        log.warning(
            "%d of %d jobs were finished by a worker that no longer held them",
            len(outcomes) - ours,
            len(outcomes),
        )


def return_lapsed() -> int:
    """Take jobs from holders who stopped renewing, and tell whose promise will not be kept; how many there were."""
    lapsed = claims.return_lapsed()
    give_up([job for job in lapsed if claims.is_last_try(job)])
    return len(lapsed)


def give_up(jobs: Sequence[Job]) -> None:
    """Tell those who asked to know that nobody keeps these promises. What fails at that is logged; the jobs stay aside."""
    companies = companies_of(jobs)
    for job in jobs:
        kind = KINDS.get(job.kind)
        if kind and kind.given_up:
            try:
                with transaction.atomic():
                    call(job, companies, kind.given_up)
            except Exception:
                log.exception("nobody could be told that %s %s was given up", job.kind, job.pk)


def _record(outcome: Outcome) -> None:
    paced(lambda: settle([outcome]))


def failed(job: Job, problem: Exception) -> Outcome:
    log.warning("%s failed on try %d: %r", job, job.tries, problem, exc_info=problem)
    error = f"{type(problem).__name__}: {problem}"
    return Outcome(job, error, "".join(traceback.format_exception(problem)))


def companies_of(jobs: Sequence[Job]) -> Companies:
    company: Any = apps.get_model("companies", "Company")
    found: Companies = company.objects.in_bulk({job.company_id for job in jobs if job.company_id})
    return found


def call(job: Job, companies: Companies, handler: Handler | None = None) -> None:
    """Call ``handler`` (by default that of its kind) in the scope of the job's company and with nothing else left over: no language, no other scope.

    In a copy of the context and not in an empty one: where an event loop runs in the thread, as in tests after a browser,
    Django keeps its connections by context, and the handler would not see what the caller's transaction has written.
    """
    view = JobView(job.pk, job.kind, job.company_id, job.args, job.attempts)
    handler = handler or KINDS[job.kind].handler
    company = companies[job.company_id] if job.company_id else None

    def run() -> None:
        translation.deactivate()
        with scope(company=company) if company else no_scope():
            handler(view)

    contextvars.copy_context().run(run)
