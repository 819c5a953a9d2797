"""The worker's work without its threads: for tests, and for a tour whose clock was moved."""

import threading

from bookbill.work import claims
from bookbill.work.lanes import DatabaseLane
from bookbill.work.pace import paced
from bookbill.work.registry import LOOPS, kinds
from bookbill.work.running import companies_of, run_world_job, settle
from bookbill.work.worker import new_holder


def drain(*, limit: int = 10_000) -> int:
    """Do all jobs and loops that are due, in the calling thread and on its connection; failed jobs wait for their retry.

    The answer is how many things were done. More than ``limit`` is taken for an endless chain and raises.
    """
    holder = new_holder()
    database = DatabaseLane(holder, threading.Event())
    world = claims.Turns(kinds(database_only=False))
    done = 0
    while (
        did := database.step() + _world_step(holder, world) + sum(loop.run_once() for loop in LOOPS.values())
    ):
        done += did
        if done > limit:
            raise RuntimeError(
                f"more than {limit} things were due: something promises itself again and again"
            )
    return done


def _world_step(holder: str, turns: claims.Turns) -> int:
    if not turns.look():
        return 0
    jobs = paced(lambda: claims.claim(turns, holder=holder, limit=1))
    companies = companies_of(jobs)
    outcomes = [run_world_job(job, companies) for job in jobs]
    paced(lambda: settle(outcomes))
    return len(jobs)
