"""The worker's threads, in this process."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise

import pytest
from django.db import connection, connections

from bookbill.companies.models import Company
from bookbill.lib.transactions import transact
from bookbill.work import registry
from bookbill.work.actions import promise
from bookbill.work.models import Job, State
from bookbill.work.pace import PAUSE_SECONDS, paced
from bookbill.work.registry import JobView
from bookbill.work.running import run_database_jobs
from bookbill.work.worker import run_worker

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

Promised = Callable[..., Job]


def states() -> set[str]:
    return set(Job.objects.exclude(kind__startswith="work.").values_list("state", flat=True))


@contextmanager
def running(count: int = 1) -> Iterator[None]:
    """Workers that stay, in threads of this process."""
    stop = threading.Event()

    def work() -> None:
        run_worker(stop)
        connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(count)]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        stop.set()
        for worker in workers:
            worker.join(20)
    assert not any(worker.is_alive() for worker in workers)


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "took too long"
        time.sleep(0.02)


def test_once_does_all_that_is_due_and_what_it_promises_and_returns(
    company: Company, promised: Promised, handled: list[JobView]
) -> None:
    letters: list[int] = []
    sent: list[int] = []

    def write_letter(job: JobView) -> None:
        letters.append(1)
        transact(lambda: promise("note", company_id=company.pk, args={}))

    registry.register("write", write_letter, database_only=False)

    def send_letter() -> int:
        if not letters:
            return 0
        sent.append(letters.pop())
        return 1

    registry.register_loop("letters", send_letter, threads=2)
    for _ in range(6):
        promised("write")
        promised("note")
    run_worker(threading.Event(), once=True)
    assert states() == {State.DONE}
    assert (len(handled), sent, letters) == (12, [1] * 6, [])


def test_once_ends_while_failed_jobs_wait_for_their_next_try(promised: Promised) -> None:
    def fail(job: JobView) -> None:
        raise ValueError

    registry.register("call", fail, database_only=False)
    promised("call")
    run_worker(threading.Event(), once=True)
    assert states() == {State.QUEUED}


def test_once_says_so_when_a_loop_is_broken_but_does_the_rest_first(
    promised: Promised, handled: list[JobView]
) -> None:
    def broken() -> int:
        raise ZeroDivisionError

    registry.register_loop("broken", broken)
    promised("note")
    promised("call")
    with pytest.raises(ZeroDivisionError):
        run_worker(threading.Event(), once=True)
    assert states() == {State.DONE}


def test_a_worker_that_stays_takes_up_what_is_promised_later(
    promised: Promised, handled: list[JobView]
) -> None:
    with running():
        time.sleep(0.2)
        promised("note")
        promised("call")
        wait_for(lambda: states() == {State.DONE}, seconds=5)
    assert {job.kind for job in handled} == {"note", "call"}


def test_a_job_longer_than_its_lease_is_not_taken_from_a_worker_that_lives(promised: Promised) -> None:
    registry.register("call", lambda job: time.sleep(1.6), database_only=False, lease_seconds=0.5)
    job = promised("call")
    with running(2):
        wait_for(lambda: states() == {State.DONE})
    job.refresh_from_db()
    assert job.attempts == 1


def test_one_worker_runs_several_jobs_that_wait_for_the_world_at_once(promised: Promised) -> None:
    barrier = threading.Barrier(4, timeout=10)

    def meet(job: JobView) -> None:
        barrier.wait()

    registry.register("call", meet, database_only=False, max_attempts=1)
    for _ in range(4):
        promised("call")
    run_worker(threading.Event(), once=True)
    assert states() == {State.DONE}


def test_on_sqlite_write_transactions_come_one_by_one_with_a_breath_between(company: Company) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    spans: list[tuple[float, float]] = []

    def write() -> None:
        began = time.monotonic()
        Company.objects.filter(pk=company.pk).update(name="Changed")
        spans.append((began, time.monotonic()))

    def write_some() -> None:
        for _ in range(3):
            paced(write)
        connections.close_all()

    threads = [threading.Thread(target=write_some) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans.sort()
    pauses = [later[0] - earlier[1] for earlier, later in pairwise(spans)]
    assert len(pauses) == 8
    assert min(pauses) >= PAUSE_SECONDS


def test_on_sqlite_a_batch_gives_up_the_lock_within_a_tenth_of_a_second(promised: Promised) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    from bookbill.work import claims

    registry.register("note", lambda job: time.sleep(0.03), database_only=True)
    for _ in range(8):
        promised()
    jobs = transact(lambda: claims.claim(claims.Turns(["note"]), holder="first", limit=8))
    assert run_database_jobs(jobs) == 3
    assert Job.objects.filter(state=State.DONE).count() == 3
