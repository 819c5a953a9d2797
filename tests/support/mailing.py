"""A real mail server, and the lane that sends to it."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from bookbill.delivery.sender import Lane
from bookbill.lib.tenancy import scopes_disabled
from tests.support.smtp_server import SmtpServer, running_smtp_server


@pytest.fixture(scope="session")
def smtp_process() -> Iterator[SmtpServer]:
    yield from running_smtp_server()


@pytest.fixture
def smtp_server(smtp_process: SmtpServer, settings: Any) -> SmtpServer:
    """A running mail server without mails or rules, and our settings pointing at it."""
    smtp_process.renew()
    settings.SMTP = SimpleNamespace(
        host=smtp_process.host, port=smtp_process.port, user="", password="", tls="none", timeout=2
    )
    return smtp_process


@pytest.fixture
def unscoped() -> Iterator[None]:
    """Tests look at the rows of all companies."""
    with scopes_disabled():
        yield


@pytest.fixture
def lane(unscoped: None) -> Iterator[Lane]:
    made = Lane()
    yield made
    if made.connection:
        made.connection.close()


@pytest.fixture
def drain(lane: Lane) -> Callable[[], None]:
    """Let the lane work until it finds nothing more."""

    def work() -> None:
        for _ in range(100):
            lane.looks_for_lapsed_at = lane.resting_until = 0.0
            if not lane.run_once():
                return
        raise AssertionError("the lane never came to an end")

    return work
