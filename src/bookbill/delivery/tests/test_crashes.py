"""Senders that die or race: a mail may be late or unknown, never lost and never doubled."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connections

from bookbill.delivery.models import Message
from bookbill.delivery.sender import Lane
from bookbill.delivery.tests.conftest import Owe
from bookbill.lib.tenancy import scopes_disabled
from bookbill.work.clock import process_clock
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.both_databases

SCRIPT = Path(__file__).with_name("sender_process.py")
LANES = 4


@pytest.fixture
def sender_process(smtp_server: SmtpServer) -> Callable[[int], None]:
    """``sender_process(n)`` lets a sender work until the server has n mails, then kills it (SIGKILL)."""

    def run(mails: int) -> None:
        where = {key: connections["default"].settings_dict[key] for key in ("NAME", "HOST", "PORT", "USER")}
        facts = {"database": where, "port": smtp_server.port, "lanes": LANES}
        folders = os.pathsep.join(filter(None, sys.path))
        process = subprocess.Popen(
            [sys.executable, str(SCRIPT), json.dumps(facts)], env={**os.environ, "PYTHONPATH": folders}
        )
        try:
            give_up_at = time.monotonic() + 60
            while len(smtp_server.recipients()) < mails:
                assert process.poll() is None, "the sender ended by itself"
                assert time.monotonic() < give_up_at, f"only {len(smtp_server.recipients())} mails left"
                time.sleep(0.002)
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    return run


def make_due() -> None:
    """Every lease ends now."""
    Message.objects.filter(next_at__isnull=False).update(next_at=process_clock())


@pytest.mark.django_db(transaction=True)
def test_senders_killed_at_any_moment_lose_nothing_and_double_nothing(
    owe: Owe, smtp_server: SmtpServer, sender_process: Callable[[int], None], lane: Lane
) -> None:
    owe(*[f"r{n}@maple.example" for n in range(120)])
    for mails in (25, 70):
        sender_process(mails)
        make_due()
    while lane.run_once():
        pass
    arrived = Counter(smtp_server.recipients())
    by_state = Counter(Message.objects.values_list("state", flat=True))
    assert set(by_state) <= {"accepted", "unknown"}, by_state
    for recipient, state in Message.objects.values_list("recipient", "state"):
        assert arrived[recipient] == 1 if state == "accepted" else arrived[recipient] <= 1, (recipient, state)
    # A lane's commit that begins one mail settles the one before.
    assert by_state["unknown"] <= 2 * LANES


def work() -> None:
    with scopes_disabled():
        lane = Lane()
        while Message.objects.due(process_clock()).exists():
            lane.run_once()
        if lane.connection:
            lane.connection.close()


def test_lanes_at_the_same_moment_send_each_mail_once(
    owe: Owe, smtp_server: SmtpServer, together: Any
) -> None:
    owe(*[f"r{n}@maple.example" for n in range(60)])

    assert together(work, work, work) == [None, None, None]
    assert Counter(smtp_server.recipients()) == {f"r{n}@maple.example": 1 for n in range(60)}
    assert set(Message.objects.values_list("state", flat=True)) == {"accepted"}


def test_one_mail_makes_one_lane_call_the_server(owe: Owe, smtp_server: SmtpServer, together: Any) -> None:
    owe("first@maple.example")
    together(*[work] * 6)
    owe("second@maple.example")
    together(work)
    first, second = smtp_server.messages()
    assert second.connection == first.connection + 1
