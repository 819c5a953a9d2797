"""Who copies the write-ahead log back, and which versions need it."""

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bookbill.lib import sqlite
from bookbill.lib.sqlite import Checkpointer, has_checkpoint_race, init_command, log_length, mode_of


@pytest.mark.parametrize(
    ("version", "races"),
    [
        ((3, 40, 1), True),
        ((3, 44, 5), True),
        ((3, 44, 6), False),
        ((3, 45, 0), True),
        ((3, 50, 6), True),
        ((3, 50, 7), False),
        ((3, 51, 2), True),
        ((3, 51, 3), False),
        ((3, 52, 0), False),
    ],
)
def test_versions_that_can_lose_commits_are_known(version: tuple[int, int, int], races: bool) -> None:
    assert has_checkpoint_race(version) is races
    assert ("wal_autocheckpoint = 0" in init_command(version)) is races


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(init_command((3, 40, 1)))
    return connection


@pytest.fixture
def database(tmp_path: Path) -> Iterator[tuple[Path, sqlite3.Connection]]:
    path = tmp_path / "data.sqlite3"
    connection = connect(path)
    connection.execute("CREATE TABLE page (body BLOB)")
    yield path, connection
    connection.close()


def write(connection: sqlite3.Connection, megabytes: int) -> None:
    for _ in range(megabytes):
        connection.execute("INSERT INTO page VALUES (randomblob(1000000))")


def test_the_mode_is_asked_of_the_connection(database: tuple[Path, sqlite3.Connection]) -> None:
    mode = mode_of(database[1].cursor())
    assert (mode.journal_mode, mode.synchronous, mode.checkpoints) == ("wal", "full", "one thread")
    assert mode.is_durable
    database[1].execute("PRAGMA synchronous = NORMAL")
    assert not mode_of(database[1].cursor()).is_durable


def test_connections_leave_the_log_alone_and_one_thread_copies_it(
    database: tuple[Path, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_EVERY_SECONDS", 0.05)
    path, connection = database
    write(connection, 6)
    assert path.stat().st_size < 1_000_000 < log_length(path)
    first, second = Checkpointer(path), Checkpointer(path)
    first.start()
    second.start()
    deadline = time.monotonic() + 10
    while path.stat().st_size < 6_000_000:
        assert time.monotonic() < deadline, "nobody copied the log"
        time.sleep(0.05)
    first.stop()
    write(connection, 6)  # whoever was second takes over
    while path.stat().st_size < 12_000_000:
        assert time.monotonic() < deadline, "nobody took over"
        time.sleep(0.05)
    second.stop()
    assert not first.is_alive()
    assert not second.is_alive()


def test_a_log_that_only_grows_is_started_over(
    database: tuple[Path, sqlite3.Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "LOG_TOO_LONG", 5_000_000)
    path, connection = database
    write(connection, 6)
    other = connect(path)
    Checkpointer(path).copy_log(other)
    other.close()
    assert log_length(path) == 0
