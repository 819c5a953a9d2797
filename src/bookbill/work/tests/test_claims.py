"""Who gets which job, and for how long."""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookbill.companies.models import Company
from bookbill.lib.transactions import transact
from bookbill.work import claims, registry
from bookbill.work.actions import Promise, promise_many
from bookbill.work.claims import Turns
from bookbill.work.clock import process_clock
from bookbill.work.lanes import DatabaseLane
from bookbill.work.models import Job, JobFailure, State
from bookbill.work.registry import JobView
from bookbill.work.running import Outcome, run_database_jobs, settle

pytestmark = [pytest.mark.both_databases, pytest.mark.usefixtures("handled")]

Promised = Callable[..., Job]


def take(holder: str = "first", *, limit: int = 10, turns: Turns | None = None, **options: Any) -> list[Job]:
    line = turns or Turns(["note", "call"])
    return transact(lambda: claims.claim(line, holder=holder, limit=limit, **options))


def let_lapse() -> int:
    """As if the holders had slept past their leases; another worker takes the jobs from them."""
    Job.objects.filter(state=State.RUNNING).update(lease_until=process_clock() - dt.timedelta(seconds=1))
    return len(transact(claims.return_lapsed))


def promise_for(companies: Sequence[Company], each: int) -> None:
    transact(
        lambda: promise_many([Promise("note", company.pk) for company in companies for _ in range(each)])
    )


def companies(count: int) -> list[Company]:
    return [Company.objects.create(name=f"Company {n}", currency="CAD") for n in range(count)]


def test_a_job_is_claimed_by_one_worker(promised: Promised) -> None:
    job = promised()
    assert take("first") == [job]
    assert take("second") == []


def test_workers_that_claim_at_once_share_the_jobs(together: Callable[..., list[Any]]) -> None:
    promise_for(companies(1), 40)
    claimed = together(*[lambda name=name: take(f"worker {name}", limit=10) for name in range(4)])
    keys = [job.pk for jobs in claimed for job in jobs]
    assert len(keys) == len(set(keys)) > 0


def test_urgent_jobs_go_first_then_the_oldest(promised: Promised) -> None:
    clock = process_clock()
    later = promised(run_at=clock - dt.timedelta(seconds=1))
    early = promised(run_at=clock - dt.timedelta(seconds=9))
    urgent = promised(priority=5)
    promised(run_at=clock + dt.timedelta(hours=1))
    assert take() == [urgent, early, later]


def test_one_company_gets_a_share_of_a_claim_not_all(db: None) -> None:
    busy, quiet = companies(2)
    promise_for([busy], 30)
    promise_for([quiet], 1)
    claimed = Counter(job.company_id for job in take(limit=10, per_company=4))
    assert claimed == {busy.pk: 4, quiet.pk: 1}


def test_a_company_with_one_job_does_not_wait_behind_the_backlogs_of_others(db: None) -> None:
    *busy, quiet = companies(6)
    promise_for(busy, 20)
    promise_for([quiet], 1)
    turns = Turns(["note"])
    order = [job.company_id for _ in range(5) for job in take(limit=4, per_company=2, turns=turns)]
    assert quiet.pk in order[:12]


def test_a_claim_finds_work_that_came_after_the_line_was_formed(promised: Promised) -> None:
    twin = Company.objects.create(name="Twin", currency="CAD")
    turns = Turns(["note"])
    gone = promised()
    assert turns.look()
    Job.objects.filter(pk=gone.pk).delete()
    job = promised(company_id=twin.pk)
    assert take(turns=turns) == [job]


def test_jobs_of_no_company_are_claimed_like_others(promised: Promised) -> None:
    house, other = promised(company_id=None), promised()
    assert take() == [house, other]


def test_a_worker_that_slept_past_its_lease_cannot_finish_nor_fail_nor_return_the_job(
    promised: Promised,
) -> None:
    promised()
    (asleep,) = take("first")
    assert let_lapse() == 1
    (awake,) = take("second")

    assert transact(lambda: claims.finish([asleep])) == 0
    assert not transact(lambda: claims.fail(asleep, "too late", ""))
    transact(lambda: claims.hand_back([asleep]))
    transact(lambda: settle([Outcome(asleep)]))

    job = Job.objects.get()
    assert (job.state, job.lease_holder, job.attempts) == (State.RUNNING, "second", 2)
    assert transact(lambda: claims.finish([awake])) == 1


def test_a_holder_that_lost_a_job_and_got_it_again_cannot_finish_its_first_try(promised: Promised) -> None:
    promised()
    (first_try,) = take("first")
    let_lapse()
    (second_try,) = take("first")
    assert transact(lambda: claims.finish([first_try])) == 0
    assert transact(lambda: claims.finish([second_try])) == 1


def test_a_worker_that_lost_its_lease_does_not_run_the_handler(
    promised: Promised, handled: list[JobView]
) -> None:
    promised()
    asleep = take("first")
    let_lapse()
    take("second")
    assert run_database_jobs(asleep) == 1
    assert handled == []


def test_a_lease_that_is_renewed_does_not_lapse(promised: Promised) -> None:
    registry.register("note", lambda job: None, database_only=True, lease_seconds=60)
    promised()
    take("first")
    Job.objects.update(lease_until=process_clock() + dt.timedelta(seconds=1))
    assert transact(lambda: claims.renew("first")) == 1
    assert not Job.objects.lapsed(process_clock() + dt.timedelta(seconds=59)).exists()
    assert Job.objects.lapsed(process_clock() + dt.timedelta(seconds=61)).exists()


def test_a_job_that_kills_every_worker_is_set_aside_after_its_last_try(promised: Promised) -> None:
    job = promised()
    for _ in range(5):
        take()
        let_lapse()
    job.refresh_from_db()
    assert job.state == State.SET_ASIDE
    assert JobFailure.objects.filter(job=job).count() == 5


def test_a_job_that_two_tries_did_not_finish_is_claimed_alone(promised: Promised) -> None:
    def age() -> None:
        Job.objects.filter(pk=suspect.pk).update(run_at=process_clock() - dt.timedelta(hours=1))

    suspect, other = promised(), promised()
    age()
    assert take(suspects_alone=True) == [suspect, other]
    Job.objects.filter(pk=other.pk).delete()
    let_lapse()
    age()
    other = promised()
    assert take(suspects_alone=True) == [suspect, other]
    let_lapse()
    Job.objects.filter(pk=other.pk).delete()
    age()
    fresh = [promised(), promised()]
    assert take(suspects_alone=True) == [suspect]
    assert take(suspects_alone=True) == fresh


def test_what_is_handed_back_has_not_used_up_a_try(promised: Promised) -> None:
    promised()
    jobs = take("first")
    transact(lambda: claims.hand_back(jobs))
    assert [job.attempts for job in take("second")] == [1]


def test_an_idle_poll_only_reads(company: Company) -> None:
    lane = DatabaseLane("first", threading.Event())
    with CaptureQueriesContext(connection) as queries:
        assert lane.step() == 0
    assert all(query["sql"].startswith("SELECT") and "FOR UPDATE" not in query["sql"] for query in queries)


def test_a_claim_takes_the_same_queries_for_one_and_for_many_jobs(
    company: Company, promised: Promised
) -> None:
    promised()
    with CaptureQueriesContext(connection) as few:
        take(limit=8)
    promise_for([company], 8)
    with CaptureQueriesContext(connection) as many:
        take(limit=8)
    assert len(many) <= len(few)
