"""Who holds which job. Every function here is one short transaction's worth; the worker opens and paces it."""

import datetime as dt
import random
import time
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

from django.db.models import F, Max, Min

from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.clock import process_clock
from bookbill.work.models import Job, JobFailure, JobQuerySet, State, failure_of, storable
from bookbill.work.registry import KINDS, lease_of, max_attempts_of
from bookbill.work.rules import retry_delay

PER_COMPANY = 32  # jobs of one company in one claim
COMPANIES = 8  # in one claim
LOOK_SECONDS = 1.0  # how old the list of companies with work may be
SWEEP_MAX = 500
SUSPECT_AFTER = 2  # tries


class Turns:
    """Whose turn it is: companies with work stand in line, and who was served and has more goes to its end.

    So a claim costs the same however long the queue is, and nobody waits behind another's backlog.
    """

    def __init__(self, kinds: Sequence[str]) -> None:
        self.kinds = kinds
        self.line: deque[UUID | None] = deque()  # None: the house itself
        self.look_again_at = 0.0

    def look(self) -> bool:
        """Whether anybody has something due. A plain read, so that an idle worker takes no lock."""
        began = time.monotonic()
        if not self.line or began >= self.look_again_at:
            due = Job.objects.due(process_clock()).filter(kind__in=self.kinds)
            waiting = due.values("company_id").annotate(first=Max("priority"), since=Min("run_at"))
            newcomers = [
                row["company_id"]
                for row in waiting.order_by("-first", "since")
                if row["company_id"] not in self.line
            ]
            self.line.extend(newcomers)
            # With a long queue this read takes long: then it comes more rarely.
            self.look_again_at = began + max(LOOK_SECONDS, 20 * (time.monotonic() - began))
        return bool(self.line)


def claim(
    turns: Turns, *, holder: str, limit: int, per_company: int = PER_COMPANY, suspects_alone: bool = False
) -> list[Job]:
    """Take at most ``limit`` due jobs of those whose turn it is, at most ``per_company`` of one company.

    ``suspects_alone``: a job that two tries have not finished comes by itself, so that one that kills its worker
    does not take others along until they are set aside too.
    """
    assert_in_transaction()
    picked = _pick(turns, limit, per_company)
    if not picked:
        turns.line.clear()
        if turns.look():
            picked = _pick(turns, limit, per_company)
    if suspects_alone and picked:
        suspects = [job for job in picked if job.attempts >= SUSPECT_AFTER]
        picked = suspects[:1] if picked[0] in suspects else [job for job in picked if job not in suspects]
    clock = process_clock()
    for lease, jobs in _by_lease(picked).items():
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(
            state=State.RUNNING, attempts=F("attempts") + 1, lease_holder=holder, lease_until=clock + lease
        )
    for job in picked:
        job.state, job.attempts, job.lease_holder = State.RUNNING, job.attempts + 1, holder
    return picked


def _pick(turns: Turns, limit: int, per_company: int) -> list[Job]:
    due = (
        Job.objects.due(process_clock())
        .filter(kind__in=turns.kinds)
        .in_turn()
        .select_for_update(skip_locked=True)
    )
    picked: list[Job] = []
    for _ in range(min(len(turns.line), COMPANIES)):
        share = min(per_company, limit - len(picked))
        if not share:
            break
        company_id = turns.line.popleft()
        page = list(due.of_company(company_id)[:share])
        picked += page
        if len(page) == share:
            turns.line.append(company_id)
    return picked


def lock_held(jobs: Sequence[Job]) -> list[Job]:
    """Those of ``jobs`` that are still ours, locked so that nobody can take them before this transaction ends."""
    held: set[UUID] = set()
    for mine in _fenced(jobs):
        held |= set(mine.select_for_update().values_list("pk", flat=True))
    return [job for job in jobs if job.pk in held]


def finish(jobs: Sequence[Job]) -> int:
    """Mark done what is still ours; the answer is how many that were."""
    clock = process_clock()
    return sum(
        mine.update(state=State.DONE, finished_at=clock, lease_holder="", lease_until=None)
        for mine in _fenced(jobs)
    )


def fail(job: Job, error: str, trace: str) -> bool:
    """Write down a failed try and queue the next, or set the job aside after its last. False: it was not ours any more."""
    clock = process_clock()
    (mine,) = _fenced([job])
    if is_last_try(job):
        ours = mine.update(
            state=State.SET_ASIDE,
            finished_at=clock,
            lease_holder="",
            lease_until=None,
            last_error=storable(error)[:500],
        )
    else:
        kind = KINDS[job.kind]
        pause = retry_delay(
            job.tries,
            base_seconds=kind.backoff_seconds,
            cap_seconds=kind.backoff_cap_seconds,
            chance=random.random(),
        )
        ours = mine.update(
            state=State.QUEUED,
            run_at=clock + pause,
            lease_holder="",
            lease_until=None,
            last_error=storable(error)[:500],
        )
    if ours:
        failure_of(job, clock, error, trace).save(force_insert=True)
    return bool(ours)


def is_last_try(job: Job) -> bool:
    return job.tries >= max_attempts_of(job.kind)


def hand_back(jobs: Sequence[Job]) -> None:
    """Return what was claimed and not begun; the claim does not count as a try."""
    for mine in _fenced(jobs):
        mine.update(state=State.QUEUED, attempts=F("attempts") - 1, lease_holder="", lease_until=None)


def renew(holder: str) -> int:
    """Push the leases of ``holder`` out to their full length. Locked rows are just being finished or taken over."""
    assert_in_transaction()
    clock = process_clock()
    mine = list(Job.objects.held_by(holder).select_for_update(skip_locked=True))
    for lease, jobs in _by_lease(mine).items():
        Job.objects.filter(pk__in=[job.pk for job in jobs]).update(lease_until=clock + lease)
    return len(mine)


def return_lapsed() -> list[Job]:
    """Take jobs from holders who stopped renewing: back into the queue, or aside after the last try. As they were."""
    assert_in_transaction()
    clock = process_clock()
    lapsed = list(Job.objects.lapsed(clock).select_for_update(skip_locked=True)[:SWEEP_MAX])
    last = [job.pk for job in lapsed if is_last_try(job)]
    again = [job.pk for job in lapsed if not is_last_try(job)]
    error = "The worker stopped before it was finished."
    Job.objects.filter(pk__in=again).update(
        state=State.QUEUED, run_at=clock, lease_holder="", lease_until=None, last_error=error
    )
    Job.objects.filter(pk__in=last).update(
        state=State.SET_ASIDE, finished_at=clock, lease_holder="", lease_until=None, last_error=error
    )
    JobFailure.objects.bulk_create(
        [failure_of(job, clock, error, f"held by {job.lease_holder}") for job in lapsed]
    )
    return lapsed


def _fenced(jobs: Sequence[Job]) -> Iterator[JobQuerySet]:
    """The rows of ``jobs`` as long as they are ours: same holder, running, same attempt."""
    groups: defaultdict[tuple[str, int], list[UUID]] = defaultdict(list)
    for job in jobs:
        groups[job.lease_holder, job.attempts].append(job.pk)
    for (holder, attempts), keys in groups.items():
        yield Job.objects.held_by(holder).filter(attempts=attempts, pk__in=keys)


def _by_lease(jobs: Iterable[Job]) -> dict[dt.timedelta, list[Job]]:
    groups: defaultdict[dt.timedelta, list[Job]] = defaultdict(list)
    for job in jobs:
        groups[lease_of(job.kind)].append(job)
    return groups
