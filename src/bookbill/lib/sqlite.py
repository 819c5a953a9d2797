"""How we open SQLite so that an acknowledged commit survives, and who checkpoints its write-ahead log.

SQLite before 3.51.3 (and 3.50.7, 3.44.6 of the older lines) has a race between two connections that checkpoint
or restart the log at the same instant; it can lose commits. There no connection checkpoints by itself
(`wal_autocheckpoint=0`): one thread of one process does, chosen by a file lock.
"""

import fcntl
import logging
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 20
CHECKPOINT_EVERY_SECONDS = 1.0
LOG_WORTH_COPYING = 4 * 1024 * 1024  # bytes; SQLite's own habit is 1,000 pages, the same
LOG_TOO_LONG = 64 * 1024 * 1024  # bytes; then writers wait a moment so that the log can start over


def has_checkpoint_race(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> bool:
    """Whether this SQLite can lose commits when two connections checkpoint at once."""
    fixed_lines = {(3, 44): 6, (3, 50): 7}
    if version >= (3, 51, 3):
        return False
    return version[2] < fixed_lines.get(version[:2], version[2] + 1)


def init_command(version: tuple[int, int, int] = sqlite3.sqlite_version_info) -> str:
    """What every connection runs first. `journal_mode` stays in the file; the others belong to the connection."""
    pragmas = ["journal_mode = WAL", "synchronous = FULL", "cache_size = -16000", "temp_store = MEMORY"]
    if has_checkpoint_race(version):
        pragmas.append("wal_autocheckpoint = 0")
    return "; ".join(f"PRAGMA {pragma}" for pragma in pragmas)


def use_long_statements() -> None:
    """Let Django put as many values into one statement as this SQLite takes, instead of the 999 of versions before 3.32.

    Making 300 invoices took 36 statements with 999, and takes as many as one invoice now. Django 6 asks the library too.
    """
    # Not at the top: settings read this module before these can load.
    import django.db.backends.sqlite3.base  # noqa: F401 - first, since it and its features import each other
    from django.db.backends.sqlite3.features import DatabaseFeatures

    with closing(sqlite3.connect(":memory:")) as connection:
        limit = connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    DatabaseFeatures.max_query_params = limit  # type: ignore[method-assign, assignment] # typed as Django 6 has it


@dataclass(frozen=True, slots=True)
class Mode:
    """How the open connection keeps its promises, for /readyz and verify."""

    version: str
    journal_mode: str
    synchronous: str
    checkpoints: str

    @property
    def is_durable(self) -> bool:
        """WAL + FULL, with checkpoints that cannot race."""
        safe = self.checkpoints == "one thread" or not has_checkpoint_race()
        return (self.journal_mode, self.synchronous) == ("wal", "full") and safe

    def __str__(self) -> str:
        return f"SQLite {self.version}, journal {self.journal_mode}, synchronous {self.synchronous}, checkpoints by {self.checkpoints}"


def mode_of(cursor: Any) -> Mode:
    """Ask the connection itself, not the settings. Takes any DB-API cursor."""

    def pragma(name: str) -> Any:
        cursor.execute(f"PRAGMA {name}")
        return cursor.fetchone()[0]

    levels = {0: "off", 1: "normal", 2: "full", 3: "extra"}
    return Mode(
        version=sqlite3.sqlite_version,
        journal_mode=str(pragma("journal_mode")),
        synchronous=levels[pragma("synchronous")],
        checkpoints="every connection" if pragma("wal_autocheckpoint") else "one thread",
    )


class Checkpointer(threading.Thread):
    """Copies the log back into the database file, if no other process of this database does already.

    Started by every process that stays (web, worker); the one that holds the file lock works, the others stand by
    and take over when it dies. Commands that end need none: closing the last connection copies the log.
    """

    def __init__(self, database: Path) -> None:
        super().__init__(name="checkpointer", daemon=True)
        self.database = database
        self.stopping = threading.Event()

    def stop(self) -> None:
        self.stopping.set()
        self.join(timeout=5)

    def run(self) -> None:
        with open(self.database.with_name(self.database.name + ".checkpoint-lock"), "a") as lock:
            while not self.has(lock):
                if self.stopping.wait(CHECKPOINT_EVERY_SECONDS):
                    return
            connection = sqlite3.connect(self.database, timeout=2, isolation_level=None)
            connection.executescript(init_command())
            try:
                while not self.stopping.wait(CHECKPOINT_EVERY_SECONDS):
                    self.copy_log(connection)
            finally:
                connection.close()

    @staticmethod
    def has(lock: Any) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def copy_log(self, connection: sqlite3.Connection) -> None:
        try:
            length = log_length(self.database)
            if length >= LOG_WORTH_COPYING:
                # PASSIVE never makes anybody wait, but while writers keep coming the log only grows; TRUNCATE stops them briefly.
                kind = "TRUNCATE" if length >= LOG_TOO_LONG else "PASSIVE"
                connection.execute(f"PRAGMA wal_checkpoint({kind})").fetchone()
        except (sqlite3.OperationalError, OSError) as problem:
            # Disk full or locked: the log keeps every commit, the next round tries again.
            log.warning("The log of the database could not be copied back yet: %s", problem)


def log_length(database: Path) -> int:
    """Bytes of the write-ahead log; 0 where there is none."""
    try:
        return database.with_name(database.name + "-wal").stat().st_size
    except FileNotFoundError:
        return 0


_checkpointers: dict[Path, Checkpointer] = {}


def start_checkpointer(database: Path) -> Checkpointer | None:
    """Start this process's checkpointer for ``database`` once; none where SQLite needs none."""
    if not has_checkpoint_race():
        return None
    running = _checkpointers.get(database)
    if running is None or not running.is_alive():
        running = _checkpointers[database] = Checkpointer(database)
        running.start()
    return running
