"""What keys promise."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import RFC_4122

from bookbill.lib.ids import new_id

NOW = dt.datetime(2026, 11, 28, 9, 30, tzinfo=dt.UTC)


def test_keys_of_one_millisecond_sort_in_the_order_they_were_made(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    keys = [new_id() for _ in range(2_000)]
    assert keys == sorted(set(keys))


def test_keys_made_side_by_side_differ() -> None:
    with ThreadPoolExecutor(8) as threads:
        made = [*threads.map(lambda _n: [new_id() for _ in range(500)], range(8))]
    assert len({key for keys in made for key in keys}) == 8 * 500
    assert all(keys == sorted(keys) for keys in made)


def test_a_key_tells_its_millisecond_and_its_kind(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    key = new_id()
    assert key.int >> 80 == int(NOW.timestamp() * 1_000)
    assert (key.version, key.variant) == (7, RFC_4122)


def test_a_clock_set_back_is_believed(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    new_id()
    time_machine.move_to(NOW - dt.timedelta(days=1), tick=False)
    assert new_id().int >> 80 == int((NOW - dt.timedelta(days=1)).timestamp() * 1_000)
