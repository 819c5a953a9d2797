"""The two lanes of a worker: jobs that touch only the database, and jobs that touch the world."""

import threading
from collections.abc import Callable
from queue import SimpleQueue

from django.db import close_old_connections, connections

from bookbill.work import claims
from bookbill.work.clock import process_clock
from bookbill.work.models import Job
from bookbill.work.pace import paced
from bookbill.work.registry import kinds
from bookbill.work.running import Outcome, run_database_jobs, run_world_job, settle

BATCH = 32  # database jobs claimed at once


def anything_due(names: list[str]) -> bool:
    """A plain read, so that an idle worker takes no lock."""
    return Job.objects.due(process_clock()).filter(kind__in=names).exists()


class DatabaseLane:
    """Claims a batch and runs it, in the thread that calls ``step``."""

    def __init__(self, holder: str, stop: threading.Event, *, batch: int = BATCH) -> None:
        self.holder, self.stop, self.batch = holder, stop, batch
        self.turns = claims.Turns()

    def step(self) -> int:
        """Do one batch; the answer is how many jobs were dealt with."""
        names = kinds(database_only=True)
        if not anything_due(names):
            return 0
        jobs = paced(
            lambda: claims.claim(
                names, holder=self.holder, limit=self.batch, turns=self.turns, suspects_alone=True
            )
        )
        done = 0
        while done < len(jobs) and not self.stop.is_set():
            done += run_database_jobs(jobs[done:])
        if rest := jobs[done:]:
            paced(lambda: claims.hand_back(rest))
        return done


class WorldLane:
    """Claims as many jobs as it has free hands; ``step`` writes down what they finished and deals out new ones.

    One transaction does both, so that many small jobs do not each pay for two on SQLite.
    """

    def __init__(self, holder: str, *, hands: int, woken: Callable[[], None]) -> None:
        self.holder, self.woken = holder, woken
        self.turns = claims.Turns()
        self.dealt: SimpleQueue[Job | None] = SimpleQueue()
        self.finished: SimpleQueue[Outcome] = SimpleQueue()
        self.outcomes: list[Outcome] = []
        self.in_hand = 0
        self.hands = [
            threading.Thread(target=self._work, name=f"hand {n + 1}", daemon=True) for n in range(hands)
        ]
        for hand in self.hands:
            hand.start()

    def step(self) -> int:
        """Settle and claim; the answer is how many jobs were settled or begun."""
        self._collect()
        names = kinds(database_only=False)
        free = len(self.hands) - self.in_hand + len(self.outcomes)
        if not self.outcomes and not (free and anything_due(names)):
            return 0
        jobs = paced(lambda: self._settle_and_claim(names, free))
        settled, self.outcomes = len(self.outcomes), []
        self.in_hand += len(jobs) - settled
        for job in jobs:
            self.dealt.put(job)
        return settled + len(jobs)

    def is_busy(self) -> bool:
        return self.in_hand > 0

    def close(self) -> None:
        """Wait for what is running and write it down; claims nothing more."""
        for _hand in self.hands:
            self.dealt.put(None)
        for hand in self.hands:
            hand.join()
        self._collect()
        if self.outcomes:
            paced(lambda: settle(self.outcomes))
            self.in_hand, self.outcomes = 0, []

    def _settle_and_claim(self, names: list[str], free: int) -> list[Job]:
        settle(self.outcomes)
        return claims.claim(names, holder=self.holder, limit=free, turns=self.turns) if free else []

    def _collect(self) -> None:
        while not self.finished.empty():
            self.outcomes.append(self.finished.get())

    def _work(self) -> None:
        try:
            while (job := self.dealt.get()) is not None:
                self.finished.put(run_world_job(job))
                close_old_connections()
                self.woken()
        finally:
            connections.close_all()
