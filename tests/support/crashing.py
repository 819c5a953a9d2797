"""Requests that are killed at a chosen step of the database, as a power cut or `kill -9` would.

The process here is set up once and forks one child for each request, so that a sweep over every step stays quick.
It runs as `python -m tests.support.crashing`; nothing of it is in the product.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import django
from django.db import connection, connections


@dataclass(frozen=True)
class Request:
    """One request of the API, or a worker's turn."""

    method: str
    path: str
    body: dict[str, Any]
    headers: dict[str, str]


WORK = Request("WORK", "", {}, {})
"""What a worker's database lane does in one turn: claim what is due, run it, write it down."""


@dataclass(frozen=True)
class Outcome:
    """What the child got to: its answer and all steps, or nothing where it died."""

    status: int = 0
    body: str = ""
    steps: Sequence[str] = ()

    @property
    def died(self) -> bool:
        return not self.status


class Crasher:
    """The test's side."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crashing"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "bookbill.config.settings_test"},
        )

    def run(self, request: Request, *, die_at: int = 0) -> Outcome:
        """Let a child answer it, and die where it reaches step ``die_at`` (from 1).

        The database is closed here meanwhile: when the child dies, nobody else has it open.
        """
        connections.close_all()
        assert self.process.stdin
        assert self.process.stdout
        where = {key: str(connection.settings_dict[key]) for key in ("NAME", "HOST", "PORT", "USER")}
        told = {**request.__dict__, "die_at": die_at, "database": where}
        self.process.stdin.write(json.dumps(told) + "\n")
        self.process.stdin.flush()
        return Outcome(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        self.process.communicate(timeout=20)


# From here on: the process itself.


def main() -> None:
    django.setup()
    from django.test import Client

    from bookbill.config import urls

    assert urls.urlpatterns
    client = Client(raise_request_exception=False)
    client.handler.load_middleware()
    warm = False
    for line in sys.stdin:
        if not warm:
            warm_up(client, json.loads(line))
            warm = True
        sys.stdout.write(in_a_child(lambda line=line: answer(client, json.loads(line))) + "\n")  # type: ignore[misc]
        sys.stdout.flush()


def warm_up(client: Any, told: dict[str, Any]) -> None:
    """What a process does once (addresses, translations, checks of bodies) is done before children are made of it."""
    connections["default"].settings_dict.update(told["database"])
    client.get("/api/v1/invoices", headers={**told["headers"], "Idempotency-Key": ""})
    connections.close_all()


def in_a_child(act: Callable[[], dict[str, Any]]) -> str:
    """What ``act`` returns, as JSON; `{}` where the child was killed."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            os.close(reading)
            os.write(writing, json.dumps(act()).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the child ended with {status}")
    return said or "{}"


def answer(client: Any, told: dict[str, Any]) -> dict[str, Any]:
    from bookbill.work.lanes import DatabaseLane

    connections["default"].settings_dict.update(told["database"])
    steps: list[str] = []

    def reach(step: str) -> None:
        steps.append(step)
        if len(steps) == told["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    for _ in watch(reach):
        if told["method"] == WORK.method:
            done = DatabaseLane("a worker that may die", threading.Event()).step()
            return {"status": 200, "body": str(done), "steps": steps}
        response = client.generic(
            told["method"],
            told["path"],
            json.dumps(told["body"]),
            content_type="application/json",
            headers=told["headers"],
        )
        return {"status": response.status_code, "body": response.content.decode(), "steps": steps}
    raise AssertionError("unreachable")


def watch(reach: Callable[[str], None]) -> Iterator[None]:
    """Say every step: before each statement (the end of one is the beginning of the next), around each commit."""

    def statement(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        reach(sql)
        return execute(sql, params, many, context)

    commit = connection._commit  # type: ignore[attr-defined]

    def commit_watched() -> None:
        reach("before COMMIT")
        commit()
        reach("after COMMIT")

    connection._commit = commit_watched  # type: ignore[attr-defined]
    with connection.execute_wrapper(statement):
        yield


if __name__ == "__main__":
    main()
