"""What an answer of a mail server means, and how long we wait before we ask again. Pure."""

import random
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

GIVE_UP_AFTER = timedelta(hours=48)
SHORTEST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=1)
SHORTEST_LANE_PAUSE, LONGEST_LANE_PAUSE = 0.5, 15.0
ANSWER_MAX = 500
# What could be an id at the end of an answer: "250 2.0.0 Ok: queued as 1f0c…", "250 Ok 0102018c…-000000".
PROVIDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{11,99}")
COMPOSING_TRIES = 5
COMPOSING_PAUSE = timedelta(seconds=10)


class State(StrEnum):
    """What became of a message. Claimed ones are still *queued*; *sending* begins just before the data."""

    QUEUED = "queued"
    SENDING = "sending"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    FAILED = "failed"
    BOUNCED = "bounced"
    UNKNOWN = "unknown"


class EventKind(StrEnum):
    """What a mail service may report after it took a message."""

    DELIVERED = "delivered"
    OPENED = "opened"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    REJECTED = "rejected"
    COMPLAINED = "complained"


CAME_BACK = (EventKind.BOUNCED, EventKind.REJECTED)
WAITING = (State.QUEUED, State.DEFERRED)
IN_TROUBLE = (State.FAILED, State.BOUNCED, State.UNKNOWN)
SETTLED = (State.ACCEPTED, *IN_TROUBLE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one attempt ended: ACCEPTED, DEFERRED, FAILED or UNKNOWN, with the server's words.

    ``pause`` is for a DEFERRED one that does not follow `pause_before_retry`.
    """

    state: State
    answer: str
    code: int | None = None
    pause: timedelta | None = None


def outcome_of(code: int, words: bytes | str, *, data_was_sent: bool) -> Outcome:
    """An SMTP reply as an outcome (RFC 5321 §4.2.1). A reply that is no refusal and no acceptance says nothing."""
    answer = clean_answer(f"{code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}")
    if 500 <= code <= 599:
        return Outcome(State.FAILED, answer, code)
    if 400 <= code <= 499 or not data_was_sent:
        return Outcome(State.DEFERRED, answer, code)
    return Outcome(State.ACCEPTED if 200 <= code <= 299 else State.UNKNOWN, answer, code)


def clean_answer(words: str) -> str:
    """A server's words as one line that is safe to show: no control, format (bidi) or surrogate characters."""
    shown = (
        " " if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c
        for c in words[: 4 * ANSWER_MAX]
    )
    return " ".join("".join(shown).split())[:ANSWER_MAX]


def provider_id_in(answer: str) -> str:
    """What a mail service calls the message it has just taken, from its last word; empty where that is no id."""
    last = answer.split()[-1].strip("<>.") if answer.split() else ""
    return last if PROVIDER_ID.fullmatch(last) and any(map(str.isdigit, last)) else ""


def pause_before_retry(first_try_at: datetime, now: datetime) -> timedelta | None:
    """Half of the time that has passed since the first try, within bounds, ±20 %; None when 48 hours are over.

    Growing with the outage, a message leaves soon after a short one and costs little during a long one.
    """
    waited = now - first_try_at
    if waited >= GIVE_UP_AFTER:
        return None
    return min(max(waited / 2, SHORTEST_PAUSE), LONGEST_PAUSE) * random.uniform(0.8, 1.2)


def pause_before_composing(failures: int) -> timedelta | None:
    """10 s, 40 s, 160 s, 640 s after a mail could not be made; None after the fifth time: a person has to look."""
    return None if failures + 1 >= COMPOSING_TRIES else COMPOSING_PAUSE * 4**failures


def lane_pause(troubles: int) -> float:
    """Seconds a lane rests after its n-th failed connection in a row; short, so that it is back soon after healing."""
    longest = min(LONGEST_LANE_PAUSE, SHORTEST_LANE_PAUSE * 2.0 ** min(troubles, 10))
    return longest * random.uniform(0.7, 1.0)
