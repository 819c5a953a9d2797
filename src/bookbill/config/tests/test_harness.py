"""The suite's own promises: production-like databases, real commits, a clean copy for everybody."""

import socket
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone
from pytest_socket import SocketConnectBlockedError

from bookbill.lib import sqlite

pytestmark = pytest.mark.both_databases


def make_session(key: str) -> Session:
    return Session.objects.create(session_key=key, session_data="", expire_date=timezone.now())


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_commits_the_next_does_not_see(turn: int) -> None:
    assert Session.objects.count() == 0
    make_session(f"committed {turn}")


@pytest.mark.django_db
@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_writes_is_rolled_back(turn: int) -> None:
    assert Session.objects.count() == 0
    make_session(f"written {turn}")


def test_threads_race_on_connections_of_their_own(together: Callable[..., list[Any]]) -> None:
    results = together(*[lambda number=number: make_session(f"{number}").session_key for number in range(6)])
    assert results == ["0", "1", "2", "3", "4", "5"]
    assert Session.objects.count() == 6


@pytest.mark.django_db
def test_sqlite_runs_as_in_production() -> None:
    if connection.vendor != "sqlite":
        pytest.skip("about SQLite")
    with connection.cursor() as cursor:
        mode = sqlite.mode_of(cursor)
        assert mode.is_durable, mode
        assert cursor.execute("PRAGMA foreign_keys").fetchone() == (1,)
    assert connection.transaction_mode == "IMMEDIATE"  # type: ignore[attr-defined]


def test_the_network_is_off_except_this_machine() -> None:
    with pytest.raises((SocketConnectBlockedError, UserWarning)), socket.socket() as outside:
        outside.connect(("192.0.2.1", 80))
