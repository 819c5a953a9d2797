"""What can be promised and who keeps it. Filled at start by `config/wiring.py`; saying a name again replaces it."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

LEASE_SECONDS = 25.0  # a killed worker's jobs are taken up by another within this and a second


@dataclass(frozen=True, slots=True)
class JobView:
    """What a handler gets to see. ``attempt`` counts from 1; (id, attempt) never comes twice."""

    id: UUID
    kind: str
    company_id: UUID | None
    args: Mapping[str, Any]
    attempt: int


Handler = Callable[[JobView], None]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    handler: Handler
    database_only: bool
    max_attempts: int
    lease_seconds: float
    backoff_seconds: float
    backoff_cap_seconds: float
    given_up: Handler | None


@dataclass(frozen=True, slots=True)
class Loop:
    """Work that has rows of its own and no job: called again and again, says how many things it did."""

    name: str
    run_once: Callable[[], int]
    threads: int


@dataclass(frozen=True, slots=True)
class Recurring:
    name: str
    kind: str
    every: dt.timedelta
    args: Mapping[str, Any]


KINDS: dict[str, Kind] = {}
LOOPS: dict[str, Loop] = {}
SCHEDULES: dict[str, Recurring] = {}


def register(
    kind: str,
    handler: Handler,
    *,
    database_only: bool,
    max_attempts: int = 5,
    lease_seconds: float = LEASE_SECONDS,
    backoff_seconds: float = 2.0,
    backoff_cap_seconds: float = 3600.0,
    given_up: Handler | None = None,
) -> None:
    """Say who keeps promises of ``kind``. The handler runs inside the scope of the job's company.

    ``database_only``: it runs in the transaction that marks the job done, so exactly once; it opens none itself
    and touches nothing outside the database; with long work it does a part and says `come_again`. Otherwise it runs outside any transaction, perhaps again after a
    crash: it carries an idempotency key to whatever it talks to, and every wait in it has a limit.
    An exception is a failed try: again after base·2ⁿ seconds, set aside after ``max_attempts``. ``given_up`` is told so,
    in that transaction, and again when a person discards the job.
    """
    KINDS[kind] = Kind(
        kind,
        handler,
        database_only,
        max_attempts,
        lease_seconds,
        backoff_seconds,
        backoff_cap_seconds,
        given_up,
    )


def register_loop(name: str, run_once: Callable[[], int], threads: int = 1) -> None:
    """Let the worker call ``run_once`` in ``threads`` threads; after an answer of 0 it pauses."""
    LOOPS[name] = Loop(name, run_once, threads)


def register_schedule(
    name: str, kind: str, *, every: dt.timedelta, args: Mapping[str, Any] | None = None
) -> None:
    """Promise a job of ``kind``, without a company, every so often; one that is still open is not promised again."""
    SCHEDULES[name] = Recurring(name, kind, every, args or {})


def kinds(*, database_only: bool) -> list[str]:
    return [kind.name for kind in KINDS.values() if kind.database_only == database_only]


def lease_of(kind: str) -> dt.timedelta:
    known = KINDS.get(kind)
    return dt.timedelta(seconds=known.lease_seconds if known else LEASE_SECONDS)


def max_attempts_of(kind: str) -> int:
    known = KINDS.get(kind)
    return known.max_attempts if known else 5
