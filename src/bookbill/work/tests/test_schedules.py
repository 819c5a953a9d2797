"""Schedules tick once each, whoever ticks."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bookbill.lib.transactions import transact
from bookbill.work import registry
from bookbill.work.clock import process_clock
from bookbill.work.draining import drain
from bookbill.work.models import Job, Schedule
from bookbill.work.registry import JobView
from bookbill.work.rules import is_due, next_tick, retry_delay
from bookbill.work.schedules import tick, tick_due

pytestmark = pytest.mark.both_databases

HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


@pytest.fixture
def hourly(handled: list[JobView]) -> None:
    registry.register_schedule("hourly", "note", every=HOUR, args={"n": 7})


def test_a_schedule_promises_its_job_when_it_comes_due(
    db: None, hourly: None, handled: list[JobView]
) -> None:
    assert tick_due() == 1
    assert tick_due() == 0
    drain()
    assert [(job.company_id, job.args) for job in handled] == [(None, {"n": 7})]
    assert Schedule.objects.get().next_at > process_clock() + HOUR * 0.9


def test_two_tickers_that_saw_the_same_moment_tick_once(
    hourly: None, together: Callable[..., list[Any]]
) -> None:
    clock = process_clock()
    for _ in range(10):
        Schedule.objects.update_or_create(name="hourly", defaults={"next_at": clock})
        Job.objects.all().delete()
        seen = [Schedule.objects.get() for _ in range(4)]
        ticked = together(
            *[lambda schedule=schedule: transact(lambda: tick(schedule, clock)) for schedule in seen]
        )
        assert sorted(ticked) == [False, False, False, True]
        assert Job.objects.count() == 1


def test_the_database_refuses_a_second_job_for_a_tick(db: None) -> None:
    schedule = Schedule.objects.create(name="hourly", next_at=NOON)
    tick_of_noon = {"kind": "note", "schedule": schedule, "tick_at": NOON, "run_at": NOON, "created_at": NOON}
    Job.objects.create(**tick_of_noon)
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(**tick_of_noon)


def test_a_job_still_open_is_not_promised_again(db: None, hourly: None) -> None:
    for _ in range(2):
        tick_due()
        Schedule.objects.update(next_at=process_clock())
    assert Job.objects.count() == 1


def test_ticks_missed_while_nobody_worked_are_made_up_for_once() -> None:
    assert next_tick(NOON, HOUR, NOON) == NOON + HOUR
    assert next_tick(NOON, HOUR, NOON + 5 * HOUR + dt.timedelta(minutes=3)) == NOON + 6 * HOUR


def test_a_clock_set_back_does_not_silence_a_schedule(db: None, hourly: None) -> None:
    Schedule.objects.create(name="hourly", next_at=process_clock() + dt.timedelta(days=400))
    assert tick_due() == 1
    assert Schedule.objects.get().next_at < process_clock() + 2 * HOUR
    assert not is_due(NOON + HOUR, HOUR, NOON)


def test_pauses_double_up_to_the_cap_and_are_spread() -> None:
    def pause(attempt: int, chance: float = 0.5) -> float:
        return retry_delay(attempt, base_seconds=2, cap_seconds=60, chance=chance).total_seconds()

    assert [pause(attempt) for attempt in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]
    assert pause(1, 0.0) == 1.5
    assert 2.49 < pause(1, 0.999) < 2.5
    assert pause(32_000) == 60
