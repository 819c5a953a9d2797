"""The product's own processes over a seeded sandbox company: pages, worker, PDFs and an on-screen mailbox, all real."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from tests.support.databases import ROOT, copy_of_template, file_lock
from tests.support.smtp_server import free_port

PATIENCE_SECONDS = 60
SAID = "sandbox.json"
SEED = "import django; django.setup(); from tests.support.seeding import main; main()"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox being served."""

    url: str
    sign_in: dict[str, str]
    """Path of the one-click sign-in, by the language of who is signed in."""
    addresses: dict[str, str]
    """Path by name of page (`tests.support.pages`)."""


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """One for the tests of a process; whoever changes something in it works on bookings of their own."""
    seeded = Path(settings.TEST_RUN_DIR) / "sandbox"
    with file_lock(seeded.with_suffix(".lock")):
        if not (seeded / SAID).exists():  # seeding takes longer than all else, so once for all processes
            seed(seeded)
    with tempfile.TemporaryDirectory(prefix="sandbox-") as folder:
        shutil.copytree(seeded, folder, dirs_exist_ok=True)
        with served(Path(folder)) as made:
            yield made


def seed(folder: Path) -> None:
    """Fill a new folder."""
    folder.mkdir(parents=True)
    copy_of_template(folder / "bookbill.sqlite3")
    variables = {**variables_for(folder), "DJANGO_SETTINGS_MODULE": "bookbill.config.settings"}
    program = [sys.executable, "-c", SEED]
    done = subprocess.run(program, env=variables, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    (folder / SAID).write_text(done.stdout)


@contextmanager
def served(folder: Path) -> Iterator[Sandbox]:
    """A seeded folder as `bookbill serve` serves it."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    serve = [sys.executable, "-m", "bookbill.config.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(
        serve, env={**variables_for(folder), "PUBLIC_BASE_URL": url}, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(url)
        yield Sandbox(url, **json.loads((folder / SAID).read_text()))
    finally:
        server.terminate()
        server.wait(PATIENCE_SECONDS)


def variables_for(folder: Path) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "PYTHONPATH")
    }
    return {**kept, "DATA_DIR": str(folder), "BOOKBILL_DEMO": "1"}


def wait_for(url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{url}/accounts/login/", timeout=5).close()
        except urllib.error.HTTPError:
            raise
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert time.monotonic() < deadline, f"{url} does not answer"
            time.sleep(0.1)
        else:
            return
