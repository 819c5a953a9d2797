"""The worker: lanes for jobs, loops of other capabilities, and a keeper of leases and schedules, each in its thread.

Any number of workers may run on PostgreSQL, one on SQLite; each may die at any moment.
"""

import logging
import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from types import FrameType

from django.db import close_old_connections, connection, connections

from bookbill.work import claims
from bookbill.work.clock import process_clock
from bookbill.work.housekeeping import register_housekeeping
from bookbill.work.lanes import DatabaseLane, WorldLane
from bookbill.work.models import Job
from bookbill.work.pace import paced
from bookbill.work.registry import KINDS, LEASE_SECONDS, LOOPS
from bookbill.work.running import return_lapsed
from bookbill.work.schedules import tick_due

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.5
NAP_SECONDS = 0.05  # a resting thread looks at most so often, however fast the others work
BUSY = -1
KEEPER_SECONDS = 1.0
TROUBLE_SECONDS = 15.0  # the longest pause after an error of the worker itself
WORLD_HANDS = 4
DATABASE_LANES = 2  # on PostgreSQL; SQLite has one writer at a time anyway


def run_worker(stop: threading.Event, *, once: bool = False) -> None:
    """Keep promises until ``stop`` is set: then claim nothing more, finish what is running, hand back the rest.

    ``once``: return when nothing is due any more, neither jobs nor loops, also of what these promise.
    Raises the first problem of the machinery itself then; failed jobs are retried later or set aside.
    """
    register_housekeeping()
    Worker(stop, once=once).run()


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set. Call it in the main thread."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        # In a thread: the main one may be just inside the event's own lock, and would wait for itself.
        threading.Thread(target=stop.set).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask_to_stop)
    return stop


def threads_needed() -> int:
    """How many threads of a worker may want a database connection at once."""
    return DATABASE_LANES + 1 + WORLD_HANDS + 1 + sum(loop.threads for loop in LOOPS.values())


def new_holder() -> str:
    """The name in the leases of this process."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(4)}"


class Pulse:
    """Wakes resting threads when something was done, and knows when all of them found nothing to do since then."""

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self.count = 0
        self.resting: dict[str, int] = {}

    def beat(self) -> None:
        with self.condition:
            self.count += 1
            self.condition.notify_all()

    def rest(self, name: str, looked_at: int, *, is_busy: bool = False) -> None:
        """Sleep until the next beat. ``name`` looked after beat ``looked_at`` and found nothing, unless it is still busy."""
        with self.condition:
            self.resting[name] = BUSY if is_busy else looked_at
            self.condition.notify_all()
            self.condition.wait_for(lambda: self.count != looked_at, timeout=IDLE_SECONDS)
        if not is_busy:
            time.sleep(NAP_SECONDS)

    def wait_until_all_rest(self, names: list[str], stop: threading.Event) -> None:
        with self.condition:
            while not stop.is_set() and not all(self.resting.get(name) == self.count for name in names):
                self.condition.wait(timeout=IDLE_SECONDS)


class Worker:
    """One process's worth of threads."""

    def __init__(self, stop: threading.Event, *, once: bool) -> None:
        self.asked_to_stop, self.once = stop, once
        self.stop = threading.Event()  # of the lanes and loops
        self.finished = threading.Event()  # of the keeper: leases are renewed until the last job is done
        self.pulse = Pulse()
        self.holder = new_holder()
        self.problems: list[Exception] = []
        self.threads: list[threading.Thread] = []
        self.renewed_at = time.monotonic()

    def run(self) -> None:
        if self.once:
            self.keep_house()
        keeper = threading.Thread(target=self.keep, name="keeper", daemon=True)
        keeper.start()
        self.start_lanes_and_loops()
        for thread in self.threads:
            thread.start()
        if self.once:
            self.pulse.wait_until_all_rest([thread.name for thread in self.threads], self.asked_to_stop)
        else:
            # Not one long wait: a signal that the system hands to another thread does not end it.
            while not self.asked_to_stop.wait(IDLE_SECONDS):
                pass
        self.stop.set()
        self.pulse.beat()
        for thread in self.threads:
            thread.join()
        self.finished.set()
        keeper.join()
        if self.once and self.problems:
            raise self.problems[0]

    def start_lanes_and_loops(self) -> None:
        for number in range(1 if connection.vendor == "sqlite" else DATABASE_LANES):
            lane = DatabaseLane(self.holder, self.stop)
            self.add(f"database lane {number + 1}", lane.step)
        world = WorldLane(self.holder, hands=WORLD_HANDS, woken=self.pulse.beat)
        self.add("world lane", world.step, is_busy=world.is_busy, close=world.close)
        for loop in LOOPS.values():
            for number in range(loop.threads):
                self.add(f"{loop.name} {number + 1}", loop.run_once)

    def add(
        self,
        name: str,
        step: Callable[[], int],
        *,
        is_busy: Callable[[], bool] = lambda: False,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        def loop() -> None:
            try:
                self.repeat(name, step, is_busy)
                close()
            except Exception as problem:
                # What could not be written down comes back when its lease lapses.
                log.exception("%s ended badly", name)
                self.problems.append(problem)
            finally:
                connections.close_all()

        self.threads.append(threading.Thread(target=loop, name=name, daemon=True))

    def repeat(self, name: str, step: Callable[[], int], is_busy: Callable[[], bool]) -> None:
        troubles = 0
        while not self.stop.is_set():
            looked_at = self.pulse.count
            try:
                did = step()
                troubles = 0
            except Exception as problem:
                log.exception("%s is in trouble", name)
                self.problems.append(problem)
                did, troubles = 0, troubles + 1
                if not self.once:
                    self.stop.wait(min(TROUBLE_SECONDS, 0.5 * 2**troubles))
            close_old_connections()
            if did:
                self.pulse.beat()
            else:
                self.pulse.rest(name, looked_at, is_busy=is_busy())

    def keep(self) -> None:
        leases = [kind.lease_seconds for kind in KINDS.values()]
        pause = min(KEEPER_SECONDS, min(leases, default=LEASE_SECONDS) / 3)
        while not self.finished.wait(pause):
            try:
                if self.keep_house():
                    self.pulse.beat()
            except Exception:
                log.exception("keeper is in trouble")
            close_old_connections()
        connections.close_all()

    def keep_house(self) -> int:
        """Renew leases a third into their length, return lapsed ones, tick schedules; how much there was to do."""
        shortest = min((kind.lease_seconds for kind in KINDS.values()), default=LEASE_SECONDS)
        if (
            time.monotonic() - self.renewed_at >= shortest / 3 * 0.9
            and Job.objects.held_by(self.holder).exists()
        ):
            self.renewed_at = time.monotonic()
            paced(lambda: claims.renew(self.holder))
        did = 0
        if Job.objects.lapsed(process_clock()).exists():
            did += paced(return_lapsed)
        if not self.stop.is_set():
            did += tick_due()
        return did
