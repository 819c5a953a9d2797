"""The long-running processes: web, and serve, which runs web and worker side by side and keeps both alive."""

import ctypes
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from bookbill.config.environment import Environment

DRAIN_SECONDS = 30
RESTART_AFTER_SECONDS = 1.0
STARTED_AFTER_SECONDS = (
    10.0  # a process that ends sooner with an error could not start: trying again would not help
)
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


def require_migrated() -> None:
    """Refuse to start on tables of another version, and leave no connection open for the fork."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from bookbill.lib.errors import RuleBroken

    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    close_connections()
    if waiting:
        raise RuleBroken("not_migrated", "The database is not up to date: run bookbill migrate first.")


def close_connections() -> None:
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        connection.close()
        if connection.vendor == "postgresql":
            connection.close_pool()  # type: ignore[attr-defined]


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
    """Run web and worker as children and restart one that dies. SIGTERM or Ctrl-C drains both. The exit status."""
    supervisor = Supervisor(
        [["web", "--host", host, "--port", str(port)], ["worker"]],
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.ask_to_stop)
    return supervisor.run()


class Supervisor:
    def __init__(self, commands: Sequence[Sequence[str]]) -> None:
        self.commands = commands
        self.children: list[tuple[subprocess.Popen[bytes], float]] = []
        self.stopping = False

    def ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True

    def run(self) -> int:
        self.children = [self.start(command) for command in self.commands]
        status = 0
        while not self.stopping:
            time.sleep(0.2)
            for position, (child, started_at) in enumerate(self.children):
                ended = child.poll()
                if ended is None or self.stopping:
                    continue
                if ended > 0 and time.monotonic() - started_at < STARTED_AFTER_SECONDS:
                    status, self.stopping = ended, True  # it has said why
                else:
                    time.sleep(RESTART_AFTER_SECONDS)
                    self.children[position] = self.start(self.commands[position])
        self.drain()
        return status

    def start(self, command: Sequence[str]) -> tuple[subprocess.Popen[bytes], float]:
        # A group of its own: Ctrl-C reaches us alone, and we ask the children in order.
        child = subprocess.Popen(  # noqa: S603 our own program
            [sys.executable, "-m", "bookbill.config.cli", *command],
            process_group=0,
            preexec_fn=end_with_parent,  # noqa: PLW1509 we have one thread
        )
        return child, time.monotonic()

    def drain(self) -> None:
        for child, _ in self.children:
            child.terminate()
        deadline = time.monotonic() + DRAIN_SECONDS + 5
        for child, _ in self.children:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def end_with_parent() -> None:
    """In a child: be asked to stop when the parent is killed, so that nothing keeps the port (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
