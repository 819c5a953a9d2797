"""Ticking: whoever moves a schedule on from where he saw it promises its job. There is no clock process."""

import datetime as dt

from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.clock import process_clock
from bookbill.work.models import Job, Schedule
from bookbill.work.pace import paced
from bookbill.work.registry import SCHEDULES
from bookbill.work.rules import is_due, next_tick


def tick_due() -> int:
    """Promise what has come due; the answer is how many schedules this call moved on."""
    clock = process_clock()
    known = {schedule.name: schedule for schedule in Schedule.objects.filter(name__in=list(SCHEDULES))}
    new = [Schedule(name=name, next_at=clock) for name in SCHEDULES if name not in known]
    if new:
        paced(lambda: Schedule.objects.bulk_create(new, ignore_conflicts=True))
        known |= {schedule.name: schedule for schedule in new}
    due = [
        schedule for name, schedule in known.items() if is_due(schedule.next_at, SCHEDULES[name].every, clock)
    ]
    return sum(_tick_one(schedule, clock) for schedule in due)


def _tick_one(schedule: Schedule, clock: dt.datetime) -> bool:
    return paced(lambda: tick(schedule, clock))


def tick(schedule: Schedule, clock: dt.datetime) -> bool:
    """Move ``schedule`` on and promise its job; False if somebody else has moved it since it was read."""
    assert_in_transaction()
    recurring = SCHEDULES[schedule.name]
    seen = schedule.next_at
    after = next_tick(seen, recurring.every, clock) if seen <= clock else clock + recurring.every
    if not Schedule.objects.filter(name=schedule.name, next_at=seen).update(next_at=after):
        return False
    job = Job(
        kind=recurring.kind,
        args=dict(recurring.args),
        unique_key=f"schedule {schedule.name}",
        schedule_id=schedule.name,
        tick_at=min(seen, clock),
        run_at=clock,
        created_at=clock,
    )
    Job.objects.bulk_create([job], ignore_conflicts=True)
    return True
