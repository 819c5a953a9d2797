"""The long-running processes: web, and serve, which runs web and worker side by side and keeps both alive."""

import ctypes
import fcntl
import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bookbill.config.environment import Environment

DRAIN_SECONDS = 30
RESTART_AFTER_SECONDS = 1.0
RESTART_AT_LAST_SECONDS = 30.0
STEADY_SECONDS = 10.0  # who lasted so long starts again soon; who keeps dying waits longer each time
REFUSED_STATUS = 78  # EX_CONFIG of <sysexits.h>: a start that was refused in a sentence
PR_SET_PDEATHSIG = 1  # <sys/prctl.h>


# web: gunicorn with one process of several threads


def run_web(environment: Environment, *, host: str, port: int) -> None:
    """Serve until SIGTERM, then finish the requests under way. Django must be set up."""
    from django.conf import settings
    from gunicorn.app.base import BaseApplication

    from bookbill.lib.sqlite import start_checkpointer

    require_migrated()
    prepare_static_files(settings.STATIC_ROOT)

    def after_fork(worker: Any) -> None:
        if environment.database.is_sqlite:
            start_checkpointer(Path(environment.database.name))

    def say_ready(arbiter: Any) -> None:
        print(f"Bookbill is at {environment.public_base_url}", flush=True)

    options = {
        "bind": [f"[{host}]:{port}" if ":" in host else f"{host}:{port}"],
        "workers": 1,
        "worker_class": "gthread",
        "threads": environment.web_threads,
        "timeout": 60,
        "graceful_timeout": DRAIN_SECONDS,
        "keepalive": 5,
        # In memory where there is such a place: a slow disk must not make a worker look dead.
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # noqa: S108
        "control_socket_disable": True,
        "loglevel": "warning",
        "proc_name": "bookbill-web",
        "post_worker_init": after_fork,
        "when_ready": say_ready,
    }

    class Web(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from bookbill.config.wsgi import application

            return application

    Web().run()


def require_free(host: str, port: int) -> None:
    """Refuse in a sentence where the server would try for a while and then print a stack."""
    from bookbill.lib.errors import RuleBroken

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise RuleBroken(
                "no_port", f"Port {port} of {host} cannot be used: {problem.strerror}."
            ) from problem


def require_migrated() -> None:
    """Refuse to start on tables of another version, and leave no connection open for the fork."""
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    from bookbill.lib.errors import RuleBroken

    connection = connections["default"].copy()
    # A pool would try for half a minute, with a warning each time, before it says that nobody answers.
    connection.settings_dict["OPTIONS"].pop("pool", None)
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    finally:
        connection.close()
    if waiting:
        raise RuleBroken("not_migrated", "The database is not up to date: run bookbill migrate first.")


def prepare_static_files(folder: Path) -> None:
    """Collect, name by content and compress the static files, if any of them changed since the last time."""
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            status = os.stat(storage.path(name))
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / ".collected"
    with lock(folder.with_name(folder.name + ".lock")):
        if not stamp.exists() or stamp.read_text() != digest.hexdigest():
            call_command("collectstatic", interactive=False, verbosity=0)
            stamp.write_text(digest.hexdigest())


@contextmanager
def lock(path: Path) -> Iterator[None]:
    with open(path, "a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


# serve: both processes under one


def serve(*, host: str, port: int) -> int:
    """Run web and worker as children and restart one that dies. SIGTERM or Ctrl-C drains both. The exit status.

    The worker starts once the pages answer, so that a start that cannot work is refused in one sentence, not two.
    """
    require_free(host, port)
    address = ["--host", host, "--port", str(port)]
    supervisor = Supervisor(
        [["web", *address, "--supervised"], ["worker", "--supervised"]], goes_on=lambda: answers(host, port)
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.ask_to_stop)
    return supervisor.run()


def answers(host: str, port: int) -> bool:
    """Whether somebody listens there."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound, asked
    try:
        socket.create_connection((here, port), timeout=1).close()
    except OSError:
        return False
    return True


class Child:
    """One of the processes, started again when it dies."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self.arguments = arguments
        self.failures = 0
        self.was_steady = False
        self.start()

    def start(self) -> None:
        self.started_at = time.monotonic()
        self.died_at: float | None = None
        # A group of its own: Ctrl-C reaches us alone, and we ask the children in order.
        self.process = subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-m", "bookbill.config.cli", *self.arguments],
            process_group=0,
            preexec_fn=end_with_parent,  # noqa: PLW1509 we have one thread
        )

    def look(self) -> None:
        """Start it again if it died, sooner or later. Raises Refused where that would not help."""
        status, now = self.process.poll(), time.monotonic()
        if status is None:
            self.was_steady = self.was_steady or now - self.started_at > STEADY_SECONDS
            return
        if status == REFUSED_STATUS or (status > 0 and not self.was_steady):
            raise Refused  # killed (below 0) is another matter
        if self.died_at is None:
            self.died_at = now
            self.failures = 0 if now - self.started_at > STEADY_SECONDS else self.failures + 1
        if now - self.died_at >= min(RESTART_AFTER_SECONDS * self.failures**2, RESTART_AT_LAST_SECONDS):
            self.start()


class Refused(Exception):
    """A child could not start, and has said why."""


class Supervisor:
    """Keeps the commands running; the second and later ones start when ``goes_on`` says so."""

    def __init__(self, commands: Sequence[Sequence[str]], *, goes_on: Callable[[], bool]) -> None:
        self.commands, self.goes_on = commands, goes_on
        self.children: list[Child] = []
        self.stopping = False

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def run(self) -> int:
        first, *others = self.commands
        self.children = [Child(first)]
        try:
            while not self.stopping:
                time.sleep(0.2)
                if others and self.goes_on():
                    self.children.append(Child(others.pop(0)))
                for child in self.children:
                    child.look()
        except Refused:
            return 1
        finally:
            self.drain()
        return 0

    def drain(self) -> None:
        for child in self.children:
            child.process.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS + 5
        for child in self.children:
            try:
                child.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


def end_with_parent() -> None:
    """In a child: be asked to stop when the parent is killed, so that nothing keeps the port (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
