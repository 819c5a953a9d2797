import datetime as dt

import pytest

from bookbill.delivery.rules import (
    State,
    clean_answer,
    lane_pause,
    outcome_of,
    pause_before_composing,
    pause_before_retry,
)

NOW = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("code", "before_data", "after_data"),
    [
        (250, State.DEFERRED, State.ACCEPTED),
        (421, State.DEFERRED, State.DEFERRED),
        (452, State.DEFERRED, State.DEFERRED),
        (550, State.FAILED, State.FAILED),
        (354, State.DEFERRED, State.UNKNOWN),
        (-1, State.DEFERRED, State.UNKNOWN),
    ],
)
def test_only_the_reply_to_the_data_can_accept(code: int, before_data: State, after_data: State) -> None:
    assert outcome_of(code, b"words", data_was_sent=False).state == before_data
    assert outcome_of(code, b"words", data_was_sent=True).state == after_data


def test_a_servers_words_become_one_safe_line() -> None:
    assert clean_answer("550 No\r\n such\x00 user\u202e!  \ud800" + "x" * 900).startswith(
        "550 No such user ! x"
    )
    assert len(clean_answer("x" * 9000)) == 500


def test_pauses_grow_with_the_outage_and_end_after_two_days() -> None:
    waited = [dt.timedelta(0), dt.timedelta(minutes=1), dt.timedelta(minutes=30), dt.timedelta(hours=40)]
    pauses = [pause_before_retry(NOW, NOW + passed) for passed in waited]
    assert all(pauses)
    expected = [5, 30, 900, 3600]
    assert all(0.8 * e <= p.total_seconds() <= 1.2 * e for p, e in zip(pauses, expected, strict=True) if p)
    assert pause_before_retry(NOW, NOW + dt.timedelta(hours=48)) is None


def test_a_mail_that_cannot_be_made_is_set_aside_after_five_tries() -> None:
    pauses = [pause_before_composing(failures) for failures in range(5)]
    assert [p and p.total_seconds() for p in pauses] == [10, 40, 160, 640, None]


def test_a_lane_is_back_within_fifteen_seconds() -> None:
    assert all(0 < lane_pause(troubles) <= 15 for troubles in range(1, 10_000))
