import datetime as dt
import uuid

import pytest
import time_machine

from bookbill.companies import tasks
from bookbill.companies.models import Company, IdempotentAnswer
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope, scopes_disabled
from bookbill.lib.transactions import transact
from bookbill.work.models import Job
from bookbill.work.registry import JobView

pytestmark = pytest.mark.both_databases

START = dt.datetime(2026, 6, 1, 12, 0, tzinfo=dt.UTC)
JOB = JobView(uuid.UUID(int=1), tasks.FORGET_JOB, None, {}, 1)


def keep(company: Company, key: str) -> None:
    with scope(company=company):
        IdempotentAnswer.objects.create(
            company=company,
            holder="api_key:1",
            route="POST /x",
            key=key,
            body_hash="",
            created_at=dt.datetime.now(dt.UTC),
        )


def test_answers_are_forgotten_after_three_days_in_every_company(
    company: Company, twin: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "CHUNK", 2)
    with time_machine.travel(START, tick=False) as clock:
        for each in (company, twin):
            keep(each, "old")
        clock.shift(dt.timedelta(hours=71))
        keep(company, "young")
        clock.shift(dt.timedelta(hours=2))
        transact(lambda: tasks.forget_answers(JOB))
        with scopes_disabled():
            assert [answer.key for answer in IdempotentAnswer.objects.all()] == ["young"]
            assert (
                Job.objects.filter(kind=tasks.FORGET_JOB).count() == 1
            )  # the chunk was full: there may be more
            transact(lambda: tasks.forget_answers(JOB))
            assert Job.objects.filter(kind=tasks.FORGET_JOB).count() == 1


@time_machine.travel(START, tick=False)
def test_keys_sort_by_the_instant_they_were_made_in() -> None:
    assert tasks.first_id_of(START) <= new_id() < tasks.first_id_of(START + dt.timedelta(milliseconds=1))
