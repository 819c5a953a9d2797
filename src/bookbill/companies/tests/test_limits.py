import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from bookbill.companies.limits import TooMany, forget_past_windows, limit
from bookbill.companies.models import RateCount
from bookbill.lib.ids import new_link_token

pytestmark = pytest.mark.both_databases

START = dt.datetime(2026, 6, 1, 12, 0, tzinfo=dt.UTC)


def test_more_than_allowed_in_one_window_is_refused_until_the_next(db: None) -> None:
    what = f"link:{new_link_token()}"
    with time_machine.travel(START, tick=False) as clock:
        for _ in range(3):
            limit(what, most=3, seconds=60)
        clock.shift(dt.timedelta(seconds=20))
        with pytest.raises(TooMany) as refused:
            limit(what, most=3, seconds=60)
        assert (refused.value.status, refused.value.details) == (429, {"retry_after": 40})
        limit(f"{what} other", most=3, seconds=60)
        clock.shift(dt.timedelta(seconds=40))
        limit(what, most=3, seconds=60)


@pytest.mark.django_db(transaction=True)
def test_tries_at_one_moment_are_all_counted(together: Callable[..., list[Any]]) -> None:
    what = f"send:{new_link_token()}"
    with time_machine.travel(START, tick=True):
        results = together(*[lambda: limit(what, most=5, seconds=3600)] * 8)
    assert sum(isinstance(result, TooMany) for result in results) == 3


def test_counts_of_past_windows_are_forgotten(db: None) -> None:
    for name, minutes in (("past", -1), ("current", 1)):
        RateCount.objects.create(bucket=name, count=1, ends_at=START + dt.timedelta(minutes=minutes))
    assert forget_past_windows(START) == 1
    assert RateCount.objects.get().bucket == "current"
