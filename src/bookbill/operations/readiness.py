"""Whether this process may be sent visitors, and what is wrong where it may not."""

from dataclasses import dataclass
from functools import cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from bookbill.lib import sqlite, triggers


@dataclass(frozen=True, slots=True)
class Readiness:
    """``problems`` maps what was checked to a sentence; it is empty where all is well."""

    database: str
    problems: dict[str, str]


def read_readiness() -> Readiness:
    """Asks the database itself. Raises nothing: a database that does not answer is one of the problems."""
    try:
        mode = _mode()
    except (DatabaseError, InterfaceError):
        return Readiness("", {"database": "The database does not answer."})
    problems = {}
    if waiting := _migrations_of_code() - set(MigrationRecorder(connection).applied_migrations()):
        problems["migrations"] = f"{len(waiting)} migrations are not applied: run bookbill migrate."
    elif missing := triggers.missing(triggers.all_triggers()):
        problems["triggers"] = f"Guards are missing: {', '.join(sorted(missing))}. Run bookbill migrate."
    if isinstance(mode, sqlite.Mode) and not mode.is_durable:
        problems["durability"] = "SQLite is open in a mode that can lose what it acknowledged."
    return Readiness(str(mode), problems)


def _mode() -> sqlite.Mode | str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return sqlite.mode_of(cursor)
        cursor.execute("SHOW server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


@cache
def _migrations_of_code() -> frozenset[tuple[str, str]]:
    """Read once: the code does not change while it runs."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    return frozenset(loader.disk_migrations)
