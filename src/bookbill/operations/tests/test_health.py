"""What watchers are told."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client

from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.lib import triggers
from bookbill.work.models import Job


@pytest.fixture
def watcher() -> Client:
    return Client()


def test_a_process_that_answers_is_up_even_without_a_database(watcher: Client) -> None:
    assert watcher.get("/healthz").content == b"ok\n"  # no database is allowed in this test


@pytest.mark.both_databases
def test_a_sound_house_is_ready_and_names_its_database(watcher: Client, db: None) -> None:
    answer = watcher.get("/readyz")
    assert (answer.status_code, answer.json()["ready"], answer.json()["problems"]) == (200, True, {})
    assert answer.json()["database"].startswith(("SQLite 3.", "PostgreSQL "))
    assert answer.headers["Cache-Control"].startswith("max-age=0")


@pytest.mark.both_databases
def test_a_dropped_guard_makes_it_red(watcher: Client, db: None) -> None:
    with connection.cursor() as cursor:
        name = min(triggers.installed())
        (table,) = {trigger.table for trigger in triggers.all_triggers() if trigger.table[:34] in name}
        on_table = f' ON "{table}"' if connection.vendor == "postgresql" else ""
        cursor.execute(f'DROP TRIGGER "{name}"{on_table}')
    answer = watcher.get("/readyz")
    assert answer.status_code == 503
    assert name in answer.json()["problems"]["triggers"]


def test_a_migration_that_is_missing_makes_it_red(watcher: Client, db: None) -> None:
    MigrationRecorder(connection).record_unapplied("invoices", "0001_initial")
    answer = watcher.get("/readyz")
    assert (answer.status_code, list(answer.json()["problems"])) == (503, ["migrations"])


@pytest.mark.skipif("connection.vendor != 'sqlite'")
def test_a_mode_that_can_lose_commits_makes_it_red(watcher: Client, transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = NORMAL")
    answer = watcher.get("/readyz")
    connection.close()
    assert (answer.status_code, list(answer.json()["problems"])) == (503, ["durability"])


def test_a_database_that_does_not_answer_makes_it_red_without_a_word_of_why(
    watcher: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise DatabaseError("password authentication failed for user postgres")

    with monkeypatch.context() as outage:
        outage.setattr(connection, "cursor", fail)
        answer = watcher.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == {"database": "The database does not answer."}


def test_a_queue_that_stands_still_is_seen_without_taking_the_pages_away(
    watcher: Client, set_aside: Callable[..., Job], time_machine: Any, undelivered: Callable[..., Message]
) -> None:
    job = set_aside()
    Job.objects.filter(pk=job.pk).update(state="queued", finished_at=None)
    assert watcher.get("/readyz").json()["queues"]["moving"] is True
    Job.objects.filter(pk=job.pk).update(run_at=job.run_at.replace(year=job.run_at.year - 1))
    answer = watcher.get("/readyz")
    assert (answer.status_code, answer.json()["queues"]["moving"]) == (200, False)


def test_metrics_count_what_waits_and_what_went_wrong(
    watcher: Client, set_aside: Callable[..., Job], undelivered: Callable[..., Message]
) -> None:
    set_aside()
    undelivered(State.FAILED)
    undelivered(State.UNKNOWN)
    text = watcher.get("/metrics").content.decode()
    for line in (
        "bookbill_jobs_set_aside 1",
        'bookbill_mails{state="failed"} 1',
        'bookbill_mails{state="unknown"} 1',
        'bookbill_mails{state="queued"} 0',
        "bookbill_mail_is_held 0",
        "# TYPE bookbill_jobs_waiting gauge",
    ):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    "asked",
    [
        {"REMOTE_ADDR": "192.0.2.1"},
        {"REMOTE_ADDR": "unix:"},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Forwarded": "for=127.0.0.1"}},
    ],
)
def test_metrics_are_for_this_machine_only(watcher: Client, db: None, asked: dict[str, Any]) -> None:
    assert watcher.get("/metrics", **asked).status_code == 404
