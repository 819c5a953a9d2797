"""Workers killed, stopped and told to end at any moment: nothing lost, nothing done twice."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connection

from bookbill.companies.models import Company
from bookbill.lib.transactions import transact
from bookbill.work.actions import Promise, promise_many
from bookbill.work.models import Job, JobQuerySet, State

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


class Farm:
    """Starts real workers on the test's database."""

    def __init__(self) -> None:
        where = {key: str(connection.settings_dict[key]) for key in ("NAME", "HOST", "PORT", "USER")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bookbill.work.tests.worker_farm"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "WORKER_FARM_DATABASE": json.dumps(where)},
        )

    def ask(self, line: str) -> int:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def start(self) -> int:
        return self.ask("start")

    def end(self, pid: int, number: int) -> int:
        """Send the signal; the exit status."""
        os.kill(pid, number)
        return self.ask(f"wait {pid}")

    def close(self) -> None:
        self.process.communicate(timeout=20)


@pytest.fixture
def farm() -> Iterator[Farm]:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE marks (job varchar(36) NOT NULL)")
    farm = Farm()
    yield farm
    farm.close()


def marks() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT job FROM marks")
        return Counter(job for (job,) in cursor.fetchall())


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.05)


def ours() -> JobQuerySet:
    """Without what a worker promises itself, whose lease of 25 s would be waited for when its holder is killed."""
    return Job.objects.filter(kind="mark")


def promise_marks(count: int) -> list[Job]:
    companies = [Company.objects.create(name=f"Company {n}", currency="CAD") for n in range(4)]
    return transact(lambda: promise_many([Promise("mark", companies[n % 4].pk) for n in range(count)]))


def test_six_hundred_jobs_survive_twelve_killed_workers(farm: Farm) -> None:
    jobs = promise_marks(600)
    workers = [farm.start(), farm.start()]
    wait_for(lambda: bool(marks()))
    killed_at_work = 0
    for _ in range(12):
        time.sleep(random.uniform(0.02, 0.2))
        killed_at_work += ours().open().exists()
        victim = workers.pop(random.randrange(2))
        assert farm.end(victim, signal.SIGKILL) == -signal.SIGKILL
        workers.append(farm.start())
    wait_for(lambda: not ours().open().exists())
    for worker in workers:
        assert farm.end(worker, signal.SIGTERM) == 0

    assert killed_at_work >= 6, "the kills came too late to show anything"
    assert marks() == Counter(str(job.pk) for job in jobs)  # none lost, none repeated
    assert set(ours().values_list("state", flat=True)) == {State.DONE}


def test_a_worker_told_to_end_finishes_what_runs_and_hands_back_the_rest(farm: Farm) -> None:
    promise_marks(600)
    company = Company.objects.all()[0]
    (long_one,) = transact(lambda: promise_many([Promise("take long", company.pk)]))
    worker = farm.start()
    wait_for(lambda: str(long_one.pk) in marks() and len(marks()) > 20)
    assert farm.end(worker, signal.SIGTERM) == 0

    long_one.refresh_from_db()
    assert long_one.state == State.DONE
    assert not Job.objects.filter(state=State.RUNNING).exists()
    waiting = Job.objects.filter(kind="mark", state=State.QUEUED)
    assert waiting.exists()
    assert set(waiting.values_list("attempts", flat=True)) == {0}
    assert len(marks()) == Job.objects.filter(kind__in=["mark", "take long"], state=State.DONE).count()


def test_a_worker_that_sleeps_past_its_lease_loses_the_job_for_good(farm: Farm) -> None:
    company = Company.objects.create(name="Maple Cleaning", currency="CAD")
    (job,) = transact(lambda: promise_many([Promise("take long", company.pk)]))
    asleep = farm.start()
    wait_for(lambda: marks()[str(job.pk)] == 1)
    os.kill(asleep, signal.SIGSTOP)
    awake = farm.start()
    wait_for(lambda: Job.objects.filter(pk=job.pk, state=State.DONE).exists())
    before = Job.objects.values().get(pk=job.pk)

    os.kill(asleep, signal.SIGCONT)
    for worker in (asleep, awake):
        assert farm.end(worker, signal.SIGTERM) == 0
    assert Job.objects.values().get(pk=job.pk) == before
    assert before["attempts"] == 2
