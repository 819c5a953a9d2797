"""The whole product's worker killed again and again while invoices leave: each mail once, or shown as unknown."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.customers.actions import create_customer
from bookbill.delivery.models import Message
from bookbill.documents.files import read_file
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Version
from bookbill.lib.tenancy import scope, scopes_disabled
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from bookbill.work.clock import process_clock
from bookbill.work.models import Job
from bookbill.work.models import State as JobState
from tests.support.cast import NOW, TODAY, make_company
from tests.support.processes import start
from tests.support.smtp_server import SmtpServer

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

PATIENCE_SECONDS = 120


@pytest.fixture
def smtp_server(tmp_path: Path) -> Iterator[SmtpServer]:
    server = SmtpServer(tmp_path)
    server.start()
    yield server
    server.kill()


def send(count: int) -> None:
    """So many invoices of one customer each, sent to an address of its own."""
    company, ana = make_company()
    items = (ItemDraft(description="Work", unit_price=Decimal(100)),)

    def act() -> None:
        customers = [
            create_customer({"name": f"Customer {n}", "email": f"c{n}@customer.example"}, by=ana, now=NOW)
            for n in range(count)
        ]
        drafts = [BookingDraft(customer.pk, TODAY, items, completed=True) for customer in customers]
        bookings = create_bookings(drafts, by=ana, now=NOW)
        invoices = make_invoices([InvoiceDraft((booking.pk,)) for booking in bookings], by=ana, now=NOW)
        send_invoices([invoice.pk for invoice in invoices], by=ana, now=NOW)

    with scope(company=company):
        transact(act)


def wait_for_mails(server: SmtpServer, process: "subprocess.Popen[bytes]", mails: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(server.recipients()) < mails:
        assert process.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, f"only {len(server.recipients())} mails left"
        time.sleep(0.005)


def let_leases_lapse() -> None:
    """What the dead worker held is free now, instead of in a minute or two."""
    Job.objects.filter(state=JobState.RUNNING).update(lease_until=process_clock().replace(year=2020))
    with scopes_disabled():
        Message.objects.filter(next_at__isnull=False).update(next_at=process_clock())


def test_a_worker_killed_while_invoices_leave_loses_no_mail_and_doubles_none(
    smtp_server: SmtpServer, request: pytest.FixtureRequest
) -> None:
    count = 200 if request.config.getoption("--long") else 24
    send(count)
    for share in (0.15, 0.6):
        process = start("worker", mails_to=smtp_server)
        wait_for_mails(smtp_server, process, int(count * share))
        process.send_signal(signal.SIGKILL)
        process.wait()
        let_leases_lapse()
    assert start("worker", "--once", mails_to=smtp_server).wait(PATIENCE_SECONDS) == 0

    arrived = Counter(smtp_server.recipients())
    with scopes_disabled():
        states = dict(Message.objects.values_list("recipient", "state"))
        versions = list(Version.objects.select_related("pdf"))
    assert len(states) == len(versions) == count
    assert set(states.values()) <= {"accepted", "unknown"}
    for recipient, state in states.items():
        assert arrived[recipient] == 1 if state == "accepted" else arrived[recipient] <= 1, (recipient, state)
    for version in versions:
        assert version.pdf is not None
        assert read_file(version.pdf).startswith(b"%PDF-")
    for mail in smtp_server.messages():
        assert b"application/pdf" in mail.raw
    assert not [finding for finding in verify() if finding.bad]
