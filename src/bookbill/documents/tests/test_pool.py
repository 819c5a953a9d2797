import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children
from pathlib import Path

import pytest

from bookbill.documents import pool
from bookbill.documents.document import to_json_bytes
from bookbill.documents.pool import Order, close_pool, render_documents
from bookbill.documents.tests.builders import make_document, make_logo, make_pdf


@pytest.fixture(autouse=True)
def no_processes_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pool, "_core_count", lambda: 2)
    yield
    close_pool()


def orders(count: int) -> list[Order]:
    documents = [make_document(2, number=f"INV-{n}") for n in range(count)]
    return [Order(document=to_json_bytes(document), logo=make_logo()) for document in documents]


def is_running(pid: int) -> bool:
    """Whether the process is there and not only a dead one that nobody has fetched yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


def test_many_come_in_order_and_are_the_same_bytes_as_one_by_one() -> None:
    made = render_documents(orders(6))
    assert [rendered.pdf for rendered in made] == [
        make_pdf(make_document(2, number=f"INV-{n}"), logo=make_logo()).pdf for n in range(6)
    ]
    assert len(active_children()) == 2


def test_few_need_no_processes() -> None:
    assert len(render_documents(orders(2))) == 2
    assert active_children() == []


def test_a_killed_process_is_said_and_the_next_call_works() -> None:
    render_documents(orders(4))
    for process in active_children():
        process.kill()
    with pytest.raises(BrokenProcessPool):
        render_documents(orders(40))
    assert len(render_documents(orders(4))) == 4


def test_processes_end_when_the_one_that_started_them_is_killed() -> None:
    script = (
        "import django, multiprocessing, time; django.setup()\n"
        "from bookbill.documents import pool\n"
        "from bookbill.documents.tests.test_pool import orders\n"
        "if __name__ == '__main__':\n"
        "    pool._core_count = lambda: 2\n"
        "    pool.render_documents(orders(4))\n"
        "    print(*[child.pid for child in multiprocessing.active_children()], flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        started = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(started) == 2
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 15
    while any(map(is_running, started)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
