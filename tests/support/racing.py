"""Doing several things at the same moment, each on its own connection."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections


@pytest.fixture
def together(transactional_db: None) -> Callable[..., list[Any]]:
    """``together(first, second, …)`` starts all functions at one moment, in threads with connections of their own.

    The answer is a list in the same order: what each returned, or the exception it raised.
    """
    return run_together


def run_together(*functions: Callable[[], Any], timeout_seconds: float = 60) -> list[Any]:
    barrier = threading.Barrier(len(functions))
    results: list[Any] = [TimeoutError("still running")] * len(functions)

    def run(position: int, function: Callable[[], Any]) -> None:
        try:
            barrier.wait(timeout=10)
            results[position] = function()
        except Exception as problem:  # noqa: BLE001 the caller gets whatever it was
            results[position] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair, daemon=True) for pair in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout_seconds)
    return results
