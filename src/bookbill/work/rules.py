"""How long a failed job waits, and when a schedule comes next."""

import datetime as dt


def retry_delay(attempt: int, *, base_seconds: float, cap_seconds: float, chance: float) -> dt.timedelta:
    """The pause after the ``attempt``-th failed try (from 1): base·2ⁿ up to the cap, spread by ``chance`` in [0, 1).

    The spread is ± 25 %, so that what failed together does not come back together.
    """
    seconds = min(cap_seconds, base_seconds * 2 ** min(attempt - 1, 60))
    return dt.timedelta(seconds=seconds * (0.75 + chance / 2))


def is_due(next_at: dt.datetime, every: dt.timedelta, clock: dt.datetime) -> bool:
    """Its time has come, or the clock was set back so far that it would wait for more than one period."""
    return next_at <= clock or next_at > clock + every


def next_tick(next_at: dt.datetime, every: dt.timedelta, clock: dt.datetime) -> dt.datetime:
    """The first tick after ``clock`` on the grid of ``next_at``: missed ones are made up for once, not each."""
    return next_at + ((clock - next_at) // every + 1) * every
