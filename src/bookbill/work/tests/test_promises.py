"""Promising, taking back, asking, and looking after what was set aside."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from bookbill.companies.models import Company
from bookbill.lib.errors import NotFound, RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.transactions import transact
from bookbill.work.actions import (
    Promise,
    bring_forward,
    discard_job,
    is_promised,
    promise,
    promise_many,
    promised_at,
    retry_job,
    withdraw,
)
from bookbill.work.claims import Turns, claim
from bookbill.work.clock import process_clock
from bookbill.work.draining import drain
from bookbill.work.models import Job, State
from bookbill.work.registry import JobView

pytestmark = pytest.mark.both_databases

Promised = Callable[..., Job]


def take() -> list[Job]:
    return transact(lambda: claim(Turns(["note", "call"]), holder="somebody", limit=10))


def set_aside(job: Job) -> Job:
    Job.objects.filter(pk=job.pk).update(state=State.SET_ASIDE, finished_at=process_clock(), attempts=5)
    return job


def test_a_promise_commits_with_its_cause_or_not_at_all(company: Company) -> None:
    def act() -> None:
        promise("note", company_id=company.pk, args={})
        raise RuleBroken("no", "No.")

    with pytest.raises(RuleBroken):
        transact(act)
    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_promise_outside_a_transaction_is_refused() -> None:
    with pytest.raises(RuntimeError, match="transact"):
        promise("note", company_id=None, args={})


def test_a_promise_without_a_company_that_exists_is_not_swallowed(db: None) -> None:
    with transaction.atomic():
        promise("note", company_id=new_id(), args={}, unique_key="once")
        with pytest.raises(IntegrityError):
            connection.check_constraints()
        transaction.set_rollback(True)


def test_arguments_arrive_as_json(promised: Promised, handled: list[JobView]) -> None:
    promised(args={"id": UUID(int=7), "on": dt.date(2026, 11, 30)})
    drain()
    assert handled[0].args == {"id": str(UUID(int=7)), "on": "2026-11-30"}


def test_the_same_key_is_promised_once_while_the_job_is_open(
    promised: Promised, company: Company, handled: list[JobView]
) -> None:
    def again() -> Job | None:
        return transact(lambda: promise("note", company_id=company.pk, args={}, unique_key="invoice 7"))

    promised(unique_key="invoice 7")
    assert again() is None
    take()
    assert again() is None
    Job.objects.update(state=State.DONE, finished_at=process_clock(), lease_holder="", lease_until=None)
    assert again() is not None


def test_equal_keys_of_other_kinds_and_companies_do_not_meet(promised: Promised) -> None:
    twin = Company.objects.create(name="Twin", currency="CAD")
    promised(unique_key="7")
    promised("call", unique_key="7")
    promised(unique_key="7", company_id=twin.pk)
    promised(unique_key="7", company_id=None)
    assert transact(lambda: promise("note", company_id=None, args={}, unique_key="7")) is None
    assert Job.objects.count() == 4


def test_many_promises_leave_out_taken_keys_and_take_constant_queries(
    promised: Promised, company: Company
) -> None:
    promised(unique_key="0")
    rows = [Promise("note", company.pk, unique_key=str(n)) for n in (0, 1, 1, 2)] + [
        Promise("note", company.pk)
    ]
    with CaptureQueriesContext(connection) as queries:
        made = promise_many(rows)
    assert sorted(job.unique_key or "" for job in made) == ["", "1", "2"]
    assert len(queries) == 3


def test_promised_at_the_same_moment_one_wins(together: Callable[..., list[Any]]) -> None:
    company = Company.objects.create(name="Maple Cleaning", currency="CAD")

    def act() -> Job | None:
        return transact(lambda: promise("note", company_id=company.pk, args={}, unique_key="7"))

    results = together(*[act] * 6)
    assert [type(result) for result in results if result is not None] == [Job]
    assert Job.objects.count() == 1


def test_a_promise_can_be_taken_back_until_it_is_claimed(
    promised: Promised, company: Company, handled: list[JobView]
) -> None:
    promised(unique_key="7")
    assert transact(lambda: withdraw("note", company.pk, ["7"]))
    assert not transact(lambda: withdraw("note", company.pk, ["7"]))
    promised(unique_key="7")
    take()
    assert not transact(lambda: withdraw("note", company.pk, ["7"]))
    assert Job.objects.get().state == State.RUNNING


def test_taking_back_and_claiming_at_once_never_both_succeed(together: Callable[..., list[Any]]) -> None:
    company = Company.objects.create(name="Maple Cleaning", currency="CAD")
    for turn in range(20):
        transact(lambda key=str(turn): promise("note", company_id=company.pk, args={}, unique_key=key))  # type: ignore[misc]
        withdrawn, claimed = together(
            lambda key=str(turn): bool(transact(lambda: withdraw("note", company.pk, [key]))), take
        )
        assert withdrawn is not bool(claimed), (withdrawn, claimed)


def test_what_is_promised_can_be_asked(promised: Promised, company: Company) -> None:
    job = promised(unique_key="7")
    assert is_promised("note", company.pk, ["7", "8"]) == {"7"}
    assert promised_at("note", company.pk, ["7", "8"]) == {"7": job.run_at}
    set_aside(job)
    assert is_promised("note", company.pk, ["7", "8"]) == set()


def test_a_moved_clock_brings_a_company_s_jobs_forward(
    promised: Promised, company: Company, handled: list[JobView]
) -> None:
    promised(run_at=process_clock() + dt.timedelta(days=3))
    assert drain() == 0
    transact(lambda: bring_forward(company.pk, dt.timedelta(days=3)))
    assert drain() == 1


def test_a_job_set_aside_can_be_retried_with_all_its_tries(
    promised: Promised, company: Company, handled: list[JobView]
) -> None:
    job = set_aside(promised())
    transact(lambda: retry_job(job.pk, company_id=company.pk))
    assert drain() == 1
    assert handled[0].attempt == 6
    assert Job.objects.get().tries == 1


def test_a_retry_is_refused_while_the_same_work_is_promised_again(
    promised: Promised, company: Company
) -> None:
    job = set_aside(promised(unique_key="7"))
    promised(unique_key="7")
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: retry_job(job.pk, company_id=company.pk))
    assert refused.value.code == "already_promised"


def test_a_job_set_aside_can_be_discarded(
    promised: Promised, company: Company, handled: list[JobView]
) -> None:
    job = set_aside(promised())
    transact(lambda: discard_job(job.pk, company_id=company.pk))
    assert drain() == 0
    assert Job.objects.health(process_clock()).set_aside == 0


def test_only_its_own_company_may_retry_or_discard(promised: Promised) -> None:
    job = set_aside(promised())
    twin = Company.objects.create(name="Twin", currency="CAD")
    for act in (retry_job, discard_job):
        with pytest.raises(NotFound):
            transact(lambda act=act: act(job.pk, company_id=twin.pk))  # type: ignore[misc]


def test_health_counts_what_is_due_running_and_set_aside(promised: Promised, handled: list[JobView]) -> None:
    clock = process_clock()
    promised(run_at=clock - dt.timedelta(seconds=90))
    promised(run_at=clock + dt.timedelta(hours=1))
    set_aside(promised())
    health = Job.objects.health(clock)
    assert (health.depth, health.oldest_age_seconds, health.set_aside) == (1, 90.0, 1)
    take()
    assert Job.objects.health(clock).depth == 1
