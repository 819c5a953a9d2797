"""The main job as a program does it, with curl alone: `docs/examples/main_job.sh` against `bookbill serve`."""

import os
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable

import pytest

from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.models import Message
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scopes_disabled
from bookbill.operations.verify.command import verify
from tests.support.cast import make_company
from tests.support.databases import ROOT
from tests.support.processes import start
from tests.support.sandbox import wait_for
from tests.support.smtp_server import SmtpServer, free_port

pytestmark = [
    pytest.mark.both_databases,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not shutil.which("curl"), reason="needs curl"),
]


def test_a_booking_becomes_a_paid_invoice_by_curl_alone(
    smtp_process: SmtpServer, api_of: Callable[[Actor], ApiClient]
) -> None:
    smtp_process.renew()
    _company, ana = make_company()
    secret = api_of(ana).secret
    port = free_port()
    server = start("serve", "--port", str(port), mails_to=smtp_process)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        done = subprocess.run(
            ["sh", str(ROOT / "docs" / "examples" / "main_job.sh")],
            env={"PATH": os.environ["PATH"], "URL": f"http://127.0.0.1:{port}", "KEY": secret},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    finally:
        server.terminate()
        server.wait(20)
    arrived = Counter(mail.recipient for mail in smtp_process.messages() if b"application/pdf" in mail.raw)
    assert arrived.keys() == {"ap@cedar.example", "second@cedar.example"}
    with scopes_disabled():
        assert Message.objects.filter(kind="invoice", state="accepted").count() == 2
    assert not [finding for finding in verify() if finding.bad]
