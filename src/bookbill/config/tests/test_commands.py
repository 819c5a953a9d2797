"""The command line as an operator meets it: real processes over a folder of their own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.databases import copy_of_template

Bookbill = Callable[..., "subprocess.CompletedProcess[str]"]
PATIENCE_SECONDS = 30


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def migrated(tmp_path: Path) -> None:
    """The folder already holds a database that is up to date."""
    (tmp_path / "data").mkdir()
    copy_of_template(tmp_path / "data" / "bookbill.sqlite3")


@pytest.fixture
def bookbill(environment: dict[str, str]) -> Bookbill:
    """Run a command to its end."""

    def run(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "bookbill.config.cli", *arguments],
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def served(migrated: None, environment: dict[str, str], port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """`bookbill serve`, answering."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bookbill.config.cli", "serve", "--port", str(port)], env=environment
    )
    try:
        wait_for(lambda: status_of_page(port) == 200)
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "this took too long"
        time.sleep(0.1)


def status_of_page(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/", timeout=5) as answer:
            return int(answer.status)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return 0


def child_of(parent: "subprocess.Popen[bytes]", command: str) -> psutil.Process | None:
    for child in psutil.Process(parent.pid).children():
        try:
            if command in child.cmdline():
                return child
        except psutil.NoSuchProcess:
            continue
    return None


@pytest.mark.parametrize("command", ["web", "worker", "serve"])
def test_nothing_starts_on_a_database_that_is_not_migrated(bookbill: Bookbill, command: str) -> None:
    done = bookbill(command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "The database is not up to date: run bookbill migrate first.\n"


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"DEBUG": "1"}, "DEBUG"),
        ({"SECRET_KEY": "changeme"}, "SECRET_KEY"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS"),
        ({"PUBLIC_BASE_URL": "http://bills.example.com"}, "PUBLIC_BASE_URL"),
        ({"DATABASE_URL": "oracle://x/y"}, "DATABASE_URL"),
        ({"DATA_DIR": ""}, "DATA_DIR"),
    ],
)
def test_an_unsafe_start_is_refused_in_one_sentence(
    bookbill: Bookbill, variables: dict[str, str], named: str
) -> None:
    done = bookbill("serve", **variables)
    assert done.returncode == 1
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("command", ["migrate", "web", "worker", "serve"])
def test_a_database_that_does_not_answer_is_said_in_one_sentence(bookbill: Bookbill, command: str) -> None:
    done = bookbill(command, DATABASE_URL="postgresql://nobody@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("The database cannot be used: ")
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_not_there_is_named_in_a_sentence(bookbill: Bookbill, migrated: None) -> None:
    done = bookbill("import-bookings", "jobs.csv", "--company", "Bright", "--mapping", "nowhere.toml")
    assert (done.returncode, done.stderr) == (1, "nowhere.toml: No such file or directory.\n")


def test_migrating_can_be_repeated(bookbill: Bookbill) -> None:
    assert bookbill("migrate").returncode == 0
    again = bookbill("migrate")
    assert (again.returncode, again.stdout) == (0, "The database is up to date.\n")


def test_a_company_and_a_key_are_made_with_a_folder_alone(bookbill: Bookbill, migrated: None) -> None:
    made = bookbill("create-company", "Acme", "--owner", "ada@example.com")
    assert made.returncode == 0, made.stderr
    key = bookbill("create-api-key", "--company", "Acme", "--member", "ada@example.com", "--name", "Shop")
    assert re.fullmatch(r"\S{20,}\n", key.stdout)
    nobody = bookbill("create-api-key", "--company", "Acme", "--member", "eve@example.com")
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert bookbill("worker", "--once").returncode == 0


def test_serve_brings_back_what_is_killed_and_ends_when_asked(
    served: "subprocess.Popen[bytes]", port: int
) -> None:
    worker = child_of(served, "worker")
    assert worker is not None
    worker.kill()
    wait_for(lambda: (found := child_of(served, "worker")) is not None and found.pid != worker.pid)
    web = child_of(served, "web")
    assert web is not None
    web.kill()
    wait_for(lambda: status_of_page(port) == 0)
    wait_for(lambda: status_of_page(port) == 200)
    served.send_signal(signal.SIGTERM)
    assert served.wait(PATIENCE_SECONDS) == 0
    assert status_of_page(port) == 0


def test_nothing_is_left_running_when_serve_is_killed(served: "subprocess.Popen[bytes]", port: int) -> None:
    children = psutil.Process(served.pid).children(recursive=True)
    assert len(children) >= 2
    served.kill()
    _, alive = psutil.wait_procs(children, timeout=PATIENCE_SECONDS)
    assert alive == []


def test_a_taken_port_is_said_in_one_sentence(bookbill: Bookbill, migrated: None, port: int) -> None:
    with socket.socket() as taker:
        taker.bind(("127.0.0.1", port))
        taker.listen()
        done = bookbill("serve", "--port", str(port))
    assert done.returncode == 1
    assert str(port) in done.stderr
    assert done.stderr.count("\n") == 1
