"""The two lanes of a worker: jobs that touch only the database, and jobs that touch the world."""

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TypeVar

from django.db import close_old_connections, connections

from bookbill.work.claims import Turns, claim, hand_back
from bookbill.work.models import Job
from bookbill.work.pace import paced
from bookbill.work.registry import kinds
from bookbill.work.running import Companies, Outcome, companies_of, run_database_jobs, run_world_job, settle

T = TypeVar("T")

BATCH = 64  # database jobs claimed at once
AHEAD = 2  # world jobs claimed for each hand: one to work on, one to go on with


class DatabaseLane:
    """Claims a batch and runs it, in the thread that calls ``step``."""

    def __init__(self, holder: str, stop: threading.Event) -> None:
        self.holder, self.stop = holder, stop
        self.turns = Turns(kinds(database_only=True))

    def step(self) -> int:
        """Do one batch; the answer is how many jobs were dealt with."""
        if not self.turns.look():
            return 0
        jobs = paced(lambda: claim(self.turns, holder=self.holder, limit=BATCH, suspects_alone=True))
        done = 0
        while done < len(jobs) and not self.stop.is_set():
            done += run_database_jobs(jobs[done:])
        if rest := jobs[done:]:
            paced(lambda: hand_back(rest))
        return done


class WorldLane:
    """Claims jobs for its hands; ``step`` writes down what they finished and deals out new ones.

    One transaction does both for several jobs, so that many small ones do not each pay for two.
    """

    def __init__(self, holder: str, *, hands: int, woken: Callable[[], None]) -> None:
        self.holder, self.woken = holder, woken
        self.turns = Turns(kinds(database_only=False))
        self.dealt: SimpleQueue[tuple[Job, Companies] | None] = SimpleQueue()
        self.finished: SimpleQueue[Outcome] = SimpleQueue()
        self.outcomes: list[Outcome] = []  # finished, not yet written down
        self.in_hand = 0
        self.hands = [
            threading.Thread(target=self._work, name=f"hand {n + 1}", daemon=True) for n in range(hands)
        ]
        for hand in self.hands:
            hand.start()

    def step(self) -> int:
        """Settle and claim; the answer is how many jobs were settled or begun."""
        self.outcomes += _all_of(self.finished)
        free = len(self.hands) * AHEAD - self.in_hand + len(self.outcomes)
        if not (free and self.turns.look()) and not self.outcomes:
            return 0
        jobs = paced(lambda: self._settle_and_claim(free))
        settled, self.outcomes = len(self.outcomes), []
        self.in_hand += len(jobs) - settled
        companies = companies_of(jobs)
        for job in jobs:
            self.dealt.put((job, companies))
        return settled + len(jobs)

    def is_busy(self) -> bool:
        return self.in_hand > 0

    def close(self) -> None:
        """Hand back what no hand has begun, wait for what runs and write it down."""
        rest = [task[0] for task in _all_of(self.dealt) if task]
        for _hand in self.hands:
            self.dealt.put(None)
        if rest:
            paced(lambda: hand_back(rest))
        for hand in self.hands:
            hand.join()
        self.outcomes += _all_of(self.finished)
        if self.outcomes:
            paced(lambda: settle(self.outcomes))

    def _settle_and_claim(self, free: int) -> list[Job]:
        settle(self.outcomes)
        return claim(self.turns, holder=self.holder, limit=free)

    def _work(self) -> None:
        try:
            while (task := self.dealt.get()) is not None:
                self.finished.put(run_world_job(*task))
                close_old_connections()
                if self.dealt.empty():
                    self.woken()
        finally:
            connections.close_all()


def _all_of(queue: "SimpleQueue[T]") -> list[T]:
    found: list[T] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
