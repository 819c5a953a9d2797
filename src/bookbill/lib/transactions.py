"""One transaction per act, opened and retried at the door."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, OperationalError, connection, transaction
from django.utils.translation import gettext as _

from bookbill.lib.errors import Busy

T = TypeVar("T")

ATTEMPTS = 5
RETRYABLE_SQLSTATES = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "08000", "08003", "08006"}


def transact(act: Callable[[], T]) -> T:
    """Run ``act`` in one transaction; on a clash the whole of it is run again, at most five times.

    ``act`` must read everything it decides on itself: what it closes over is only an address.
    Raises Busy when the database never let it through.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic(durable=True):
                return act()
        except DatabaseError as problem:
            if not is_retryable(problem):
                raise
            connection.close_if_unusable_or_obsolete()
            if attempt == ATTEMPTS:
                raise Busy(
                    "busy", _("The system is busy. Nothing was changed; please try again.")
                ) from problem
            time.sleep(random.uniform(0.01, 0.05) * 2**attempt)
    raise AssertionError("unreachable")


def is_retryable(problem: DatabaseError) -> bool:
    """Serialization failure, deadlock, lost connection or a locked SQLite file."""
    if not isinstance(problem, OperationalError):
        cause = problem.__cause__
        return getattr(cause, "sqlstate", None) in RETRYABLE_SQLSTATES
    if connection.vendor == "sqlite":
        return "locked" in str(problem) or "busy" in str(problem)
    sqlstate = getattr(problem.__cause__, "sqlstate", None)
    return sqlstate is None or sqlstate in RETRYABLE_SQLSTATES


def assert_in_transaction() -> None:
    """Actions call this first: an act outside a transaction would be half done after a crash."""
    if not connection.in_atomic_block:
        raise RuntimeError("an action was called outside transact()")


def check_keys_now() -> None:
    """Check the foreign keys of what was written so far, and with them lock the rows they point at, before the commit.

    Django defers them on PostgreSQL, so until then nobody waits for us who changes such a row. SQLite has one writer.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
