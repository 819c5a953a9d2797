"""What the queue does for itself: it forgets what was done long ago."""

import datetime as dt

from bookbill.work.actions import promise
from bookbill.work.clock import process_clock
from bookbill.work.models import Job
from bookbill.work.registry import JobView, register, register_schedule

KEPT = dt.timedelta(days=7)
CHUNK = 500


def register_housekeeping() -> None:
    register("work.forget_done", forget_done, database_only=True)
    register_schedule("work.forget_done", "work.forget_done", every=dt.timedelta(hours=1))


def forget_done(job: JobView) -> None:
    """Delete a chunk of jobs settled more than a week ago, and promise the next chunk while there is one."""
    old = list(
        Job.objects.settled_before(process_clock() - KEPT)
        .order_by("finished_at")
        .values_list("pk", flat=True)[:CHUNK]
    )
    Job.objects.filter(pk__in=old).delete()
    if len(old) == CHUNK:
        promise("work.forget_done", company_id=None, args={})
