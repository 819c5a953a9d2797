"""How often something may happen: counted in memory where one process serves, in the database where several may."""

import datetime as dt
import threading
import time

from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from bookbill.companies.models import RateCount
from bookbill.lib.errors import RuleBroken

REMEMBERED_MAX = 50_000


class TooMany(RuleBroken):
    """More often than allowed; ``details["retry_after"]`` are the seconds to wait."""

    status = 429


def limit(what: str, *, most: int, seconds: int) -> None:
    """Count one more of ``what`` in the current window of ``seconds``; raise TooMany beyond ``most``.

    Called at a door, outside its transaction, so that refused tries count too. ``what`` names the act and its
    subject: ``link:<token>``, ``send:<invoice id>``; at most 100 characters.
    """
    clock = time.time()
    window = int(clock // seconds)
    ends = (window + 1) * seconds
    bucket = f"{what[:100]}:{window}"
    count = (
        _count_in_memory(bucket, ends, clock)
        if connection.vendor == "sqlite"
        else _count_in_database(bucket, ends)
    )
    if count > most:
        raise TooMany(
            "too_many_requests",
            _("Too many attempts. Please wait a moment and try again."),
            details={"retry_after": max(1, int(ends - clock))},
        )


def forget_past_windows(now: dt.datetime) -> int:
    """Delete counts of windows that are over; the worker does so now and then."""
    deleted, _per_model = RateCount.objects.filter(ends_at__lt=now).delete()
    return deleted


_counts: dict[str, tuple[int, float]] = {}
_lock = threading.Lock()


def _count_in_memory(bucket: str, ends: float, clock: float) -> int:
    with _lock:
        if len(_counts) > REMEMBERED_MAX:
            for old in [name for name, (_count, end) in _counts.items() if end < clock]:
                del _counts[old]
        count = _counts.get(bucket, (0, ends))[0] + 1
        _counts[bucket] = (count, ends)
        return count


def _count_in_database(bucket: str, ends: float) -> int:
    mine = RateCount.objects.filter(bucket=bucket)
    with (
        transaction.atomic()
    ):  # the row stays locked until it is read: else two tries at once read the later count
        if not mine.update(count=F("count") + 1):
            row = RateCount(bucket=bucket, count=0, ends_at=dt.datetime.fromtimestamp(ends, tz=dt.UTC))
            RateCount.objects.bulk_create([row], ignore_conflicts=True)
            mine.update(count=F("count") + 1)
        return mine.values_list("count", flat=True).get()
