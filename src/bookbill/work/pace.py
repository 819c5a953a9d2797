"""Write transactions of a worker on SQLite, one after another with a breath between, so that pages get their turn."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import connection

from bookbill.lib.transactions import transact

T = TypeVar("T")

PAUSE_SECONDS = 0.020  # between two write transactions of this process
HOLD_SECONDS = 0.080  # after this a batch stops and commits: the lock is held for at most 100 ms

_gate = threading.Lock()
_free_at = 0.0


def paced(act: Callable[[], T]) -> T:
    """``transact(act)``; on SQLite alone in this process and at least 20 ms after the one before.

    For everything a worker writes: jobs, and the loops of other capabilities. Keep ``act`` under 100 ms.
    """
    global _free_at  # noqa: PLW0603 - one file, one gate in a process
    if connection.vendor != "sqlite":
        return transact(act)
    with _gate:
        time.sleep(max(0.0, _free_at - time.monotonic()))
        try:
            return transact(act)
        finally:
            _free_at = time.monotonic() + PAUSE_SECONDS
