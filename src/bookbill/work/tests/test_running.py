"""What handlers may rely on, and what happens when they fail."""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import translation
from django_scopes import get_scope

from bookbill.companies.models import Company
from bookbill.lib.errors import RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work import registry
from bookbill.work.actions import come_again, promise
from bookbill.work.clock import process_clock
from bookbill.work.draining import drain
from bookbill.work.housekeeping import register_housekeeping
from bookbill.work.models import Job, JobFailure, State
from bookbill.work.registry import JobView
from bookbill.work.running import call

pytestmark = pytest.mark.both_databases

Promised = Callable[..., Job]


def make_due() -> None:
    Job.objects.filter(state=State.QUEUED).update(run_at=process_clock())


def test_a_handler_sees_its_company_and_nothing_left_over(promised: Promised, company: Company) -> None:
    seen: list[Any] = []
    registry.register(
        "note",
        lambda job: seen.append((get_scope().get("company"), translation.get_language())),
        database_only=True,
    )
    promised()
    promised(company_id=None)
    with scope(company=Company.objects.create(name="Twin", currency="CAD")), translation.override("fr"):
        drain()
    assert seen == [(company, "en"), (None, "en")]


@pytest.mark.django_db(transaction=True)
def test_database_jobs_run_inside_the_transaction_of_their_done_and_others_outside_any(
    promised: Promised,
) -> None:
    seen: dict[str, bool] = {}

    def look(job: JobView) -> None:
        seen[job.kind] = connection.in_atomic_block

    registry.register("note", look, database_only=True)
    registry.register("call", look, database_only=False)
    promised("note")
    promised("call")
    assert drain() == 2
    assert seen == {"note": True, "call": False}
    assert set(Job.objects.values_list("state", flat=True)) == {State.DONE}


def test_a_database_job_that_is_not_through_comes_again_behind_the_others_with_all_its_tries(
    promised: Promised,
) -> None:
    seen: list[str] = []

    def take_turns(job: JobView) -> None:
        seen.append(job.args["name"])
        if job.args["name"] == "long" and job.attempt <= registry.max_attempts_of("note") + 1:
            come_again(job)

    registry.register("note", take_turns, database_only=True)
    long = promised(args={"name": "long"}, unique_key="long")
    promised(args={"name": "short"})
    drain()
    assert seen == ["long", "short", *["long"] * 6]
    long.refresh_from_db()
    assert (long.state, long.tries, JobFailure.objects.count()) == (State.DONE, 1, 0)


def test_what_a_failed_database_job_wrote_is_undone(promised: Promised, company: Company) -> None:
    def write_and_fail(job: JobView) -> None:
        assert_in_transaction()
        Company.objects.filter(pk=company.pk).update(name="Changed")
        raise ValueError("after writing")

    registry.register("note", write_and_fail, database_only=True)
    promised()
    drain()
    company.refresh_from_db()
    assert company.name == "Maple Cleaning"
    assert JobFailure.objects.get().error == "ValueError: after writing"


def test_a_handler_that_breaks_the_database_s_rules_fails_alone(
    promised: Promised, handled: list[JobView]
) -> None:
    def break_a_rule(job: JobView) -> None:
        Company.objects.update(name="")

    registry.register("break", break_a_rule, database_only=True)
    promised("note")
    promised("break")
    promised("note")
    drain()
    assert {job.kind for job in Job.objects.filter(state=State.DONE)} == {"note"}
    assert "company_has_a_name" in Job.objects.get(kind="break").last_error


@pytest.mark.parametrize("database_only", [True, False])
def test_a_poisoned_job_is_set_aside_after_five_tries_and_blocks_nobody(
    promised: Promised, handled: list[JobView], database_only: bool
) -> None:
    def poison(job: JobView) -> None:
        raise RuleBroken("no", "This cannot work: \x00.")

    registry.register("poison", poison, database_only=database_only)
    poisoned = promised("poison", run_at=process_clock() - dt.timedelta(hours=1))
    for _ in range(7):
        promised("note")
        drain()
        make_due()

    poisoned.refresh_from_db()
    assert (poisoned.state, poisoned.attempts) == (State.SET_ASIDE, 5)
    assert poisoned.last_error == "RuleBroken: This cannot work: ."
    assert [failure.attempt for failure in poisoned.failures.order_by("attempt")] == [1, 2, 3, 4, 5]
    assert len(handled) == 7


def test_the_pauses_between_tries_grow(promised: Promised) -> None:
    def fail(job: JobView) -> None:
        raise ValueError

    registry.register("note", fail, database_only=True, backoff_seconds=10, backoff_cap_seconds=60)
    job = promised()
    pauses = []
    for _ in range(4):
        drain()
        job.refresh_from_db()
        pauses.append((job.run_at - process_clock()).total_seconds())
        make_due()
    assert all(
        0.7 * expected < pause < 1.3 * expected
        for pause, expected in zip(pauses, [10, 20, 40, 60], strict=True)
    ), pauses


def test_what_a_job_promises_is_done_too(promised: Promised, handled: list[JobView]) -> None:
    def promise_more(job: JobView) -> None:
        promised("note")

    registry.register("chain", promise_more, database_only=False)
    promised("chain")
    assert drain() == 2
    assert [job.kind for job in handled] == ["note"]


def test_an_endless_chain_is_noticed(promised: Promised, company: Company) -> None:
    def promise_itself(job: JobView) -> None:
        promise("again", company_id=company.pk, args={})

    registry.register("again", promise_itself, database_only=True)
    promised("again")
    with pytest.raises(RuntimeError, match="promises itself"):
        drain(limit=10)


def test_an_unknown_kind_waits_for_a_worker_that_knows_it(promised: Promised) -> None:
    promised("from a newer version")
    assert drain() == 0
    assert Job.objects.get().state == State.QUEUED


def test_loops_are_drained_too(db: None) -> None:
    left = [1, 1, 1]
    registry.register_loop("letters", lambda: left.pop() if left else 0)
    assert drain() == 3


def test_jobs_done_long_ago_are_forgotten_in_chunks(promised: Promised, handled: list[JobView]) -> None:
    register_housekeeping()
    old = process_clock() - dt.timedelta(days=8)
    done = {"state": State.DONE, "run_at": old, "created_at": old}
    Job.objects.bulk_create(Job(kind="note", finished_at=old, **done) for _ in range(1001))
    kept = Job.objects.create(kind="note", finished_at=process_clock(), **done)
    promised("work.forget_done")
    drain()
    assert list(Job.objects.filter(kind="note")) == [kept]


@pytest.mark.django_db(transaction=True)
def test_a_handler_sees_what_the_caller_has_written_where_an_event_loop_runs_too(
    promised: Promised, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a process that has driven a browser; there Django keeps its connections by context."""
    seen: list[int] = []
    registry.register("note", lambda job: seen.append(Company.objects.count()), database_only=True)
    job = promised()
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    loop = asyncio.new_event_loop()
    asyncio._set_running_loop(loop)
    try:
        with transaction.atomic():
            Company.objects.create(name="Twin", currency="CAD")
            call(job, {company.pk: company})
    finally:
        connection.close()
        asyncio._set_running_loop(None)
        loop.close()
    assert seen == [2]
