"""What the doors kept for a while is forgotten afterwards."""

import datetime as dt
import uuid

from django.utils import timezone

from bookbill.companies.doors.once import KEPT_FOR
from bookbill.companies.limits import forget_past_windows
from bookbill.companies.models import IdempotentAnswer
from bookbill.lib.tenancy import scopes_disabled
from bookbill.work.actions import promise
from bookbill.work.registry import JobView, register, register_schedule

FORGET_JOB = "companies.forget_answers"
CHUNK = 500


def register_housekeeping() -> None:
    register(FORGET_JOB, forget_answers, database_only=True)
    register_schedule(FORGET_JOB, FORGET_JOB, every=dt.timedelta(hours=1))


def forget_answers(job: JobView) -> None:
    """Delete a chunk of answers older than 72 hours, of all companies, and promise the next chunk while there is one."""
    at = timezone.now()
    forget_past_windows(at)
    with scopes_disabled():
        rows = IdempotentAnswer.objects.filter(pk__lt=first_id_of(at - KEPT_FOR)).order_by("pk")
        old = list(rows.values_list("pk", flat=True)[:CHUNK])
        IdempotentAnswer.objects.filter(pk__in=old).delete()
    if len(old) == CHUNK:
        promise(FORGET_JOB, company_id=None, args={})


def first_id_of(instant: dt.datetime) -> uuid.UUID:
    """The smallest key that could have been made at this instant: keys begin with the millisecond."""
    return uuid.UUID(int=int(instant.timestamp() * 1000) << 80)
