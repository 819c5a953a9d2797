"""Many PDFs at once: one process for each core, since typst uses one core for a short document.

The processes are started clean (spawn) and do not set Django up: they get texts ready-made. They are replaced after a
number of documents, and end when the process that started them ends, however it ends.
"""

import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from bookbill.documents.document import from_json_bytes
from bookbill.documents.pdf.render import Rendered, font_folder, render
from bookbill.documents.printed import Printed, printed

FEW = 4  # starting processes pays from here on
DOCUMENTS_PER_PROCESS = 2_000
PROCESSES_MAX = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One PDF to make: the stored bytes of a document, and the logo it names."""

    document: bytes
    logo: bytes | None = None
    watermark: str = ""
    stamp: str = ""


def render_documents(orders: Sequence[Order]) -> list[Rendered]:
    """The PDFs in the order of their documents; each is the same, byte for byte, as `render` makes it in here.

    Raises what `render` raises. When a process is killed, BrokenProcessPool: nothing is lost, call it again.
    """
    font_dir = font_folder()
    if len(orders) < FEW or _core_count() == 1:
        return [_render(_print(order), order, font_dir) for order in orders]
    try:
        pool = _pool()
        futures = [pool.submit(_render, _print(order), order, font_dir) for order in orders]
        return [future.result() for future in futures]
    except BrokenProcessPool:
        close_pool()
        raise


def close_pool() -> None:
    """End the processes; the next call starts new ones. Called when a worker drains."""
    global _running
    with _lock:
        pool, _running = _running, None
    if pool is not None:
        pool.shutdown(cancel_futures=True)


_lock = threading.Lock()
_running: ProcessPoolExecutor | None = None


def _pool() -> ProcessPoolExecutor:
    global _running  # noqa: PLW0603 - one pool for each process is the point
    with _lock:
        if _running is None:
            _running = ProcessPoolExecutor(
                _core_count(),
                mp_context=multiprocessing.get_context("spawn"),
                initializer=_end_with_parent,
                max_tasks_per_child=DOCUMENTS_PER_PROCESS,
            )
        return _running


def _core_count() -> int:
    return min(len(os.sched_getaffinity(0)), PROCESSES_MAX)


def _print(order: Order) -> Printed:
    return printed(from_json_bytes(order.document))


def _render(texts: Printed, order: Order, font_dir: Path | None) -> Rendered:
    return render(texts, logo=order.logo, watermark=order.watermark, stamp=order.stamp, font_dir=font_dir)


def _end_with_parent() -> None:
    """A parent killed outright cannot close its pool, and its processes would wait for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
