"""Lanes that share a commit on SQLite each get their own answer."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection

from bookbill.delivery.commits import commit

pytestmark = pytest.mark.both_databases


def test_acts_of_one_moment_each_return_their_own_result(together: Callable[..., list[Any]]) -> None:
    ran_in: set[int] = set()

    def act(number: int) -> tuple[int, bool]:
        ran_in.add(threading.get_ident())
        return number, connection.in_atomic_block

    lanes = [partial(commit, partial(act, number)) for number in range(8)]
    assert together(*lanes) == [(number, True) for number in range(8)]
    assert len(ran_in) < 8 or connection.vendor != "sqlite"


def test_an_act_that_fails_says_so_to_its_lane(together: Callable[..., list[Any]]) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    (answer,) = together(partial(commit, fail))
    assert isinstance(answer, ZeroDivisionError)
    assert together(partial(commit, lambda: "next")) == ["next"]


@pytest.mark.django_db(transaction=True)
def test_a_commit_that_cannot_even_begin_leaves_nothing_waiting(together: Callable[..., list[Any]]) -> None:
    def broken() -> None:
        connection.ensure_connection()
        connection.connection.close()
        commit(lambda: None)

    (answer,) = together(broken)
    if connection.vendor == "sqlite":  # elsewhere transact() connects anew
        assert isinstance(answer, Exception)
    assert together(partial(commit, lambda: "next")) == ["next"]
