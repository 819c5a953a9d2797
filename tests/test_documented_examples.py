"""What `docs/examples` shows, run as it says: by `bookbill serve` over real HTTP and a real mail server, and by the commands."""

import csv
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bookbill.bookings.commands import import_bookings_command
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.models import Message
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scopes_disabled
from bookbill.operations.verify.command import verify
from tests.support.cast import make_company
from tests.support.databases import ROOT
from tests.support.processes import start
from tests.support.sandbox import wait_for
from tests.support.smtp_server import SmtpServer, free_port

pytestmark = pytest.mark.django_db(transaction=True)

EXAMPLES = ROOT / "docs" / "examples"
STAYS = [  # the columns that the examples read, of two agents' stays and one that nobody came to
    (
        "Resort Hotel",
        "2015",
        "August",
        "1",
        "0",
        "2",
        "2",
        "BB",
        "PRT",
        "240",
        "NULL",
        "98.5",
        "1",
        "Check-Out",
    ),
    (
        "Resort Hotel",
        "2015",
        "August",
        "9",
        "0",
        "0",
        "1",
        "HB ",
        "GBR",
        "240",
        "NULL",
        "75",
        "0",
        "Check-Out",
    ),
    (
        "Resort Hotel",
        "2015",
        "August",
        "9",
        "2",
        "5",
        "2",
        "BB",
        "GBR",
        "240",
        "NULL",
        "60.07",
        "0",
        "Canceled",
    ),
    ("Resort Hotel", "2015", "August", "12", "1", "1", "2", "BB", "ESP", "7", "NULL", "80", "0", "Check-Out"),
]
COLUMNS = [
    "hotel",
    "arrival_date_year",
    "arrival_date_month",
    "arrival_date_day_of_month",
    "stays_in_weekend_nights",
    "stays_in_week_nights",
    "adults",
    "meal",
    "country",
    "agent",
    "company",
    "adr",
    "required_car_parking_spaces",
    "reservation_status",
]


@pytest.fixture
def company() -> tuple[Company, Actor]:
    """One that commits, for programs to meet."""
    return make_company()


@pytest.fixture
def address(smtp_process: SmtpServer, company: tuple[Company, Actor]) -> Iterator[str]:
    """Of `bookbill serve`."""
    smtp_process.renew()
    port = free_port()
    server = start("serve", "--port", str(port), mails_to=smtp_process)
    try:
        wait_for(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture
def secret(company: tuple[Company, Actor], api_of: Callable[[Actor], ApiClient]) -> str:
    return api_of(company[1]).secret


@pytest.fixture
def stays(tmp_path: Path) -> str:
    file = tmp_path / "stays.csv"
    with file.open("w", newline="") as text:
        rows = csv.writer(text)
        rows.writerow([*COLUMNS, "market_segment", "assigned_room_type"])
        rows.writerows([*stay, "Direct", "C"] for stay in STAYS)
    return str(file)


def run(*command: str, **environment: str) -> str:
    told = {"PATH": os.environ["PATH"], **environment}
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.both_databases
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
def test_a_booking_becomes_a_paid_invoice_by_curl_alone(
    address: str, secret: str, smtp_process: SmtpServer
) -> None:
    run("sh", str(EXAMPLES / "main_job.sh"), URL=address, KEY=secret)
    arrived = Counter(mail.recipient for mail in smtp_process.messages() if b"application/pdf" in mail.raw)
    assert arrived.keys() == {"ap@cedar.example", "second@cedar.example"}
    with scopes_disabled():
        assert Message.objects.filter(kind="invoice", state="accepted").count() == 2
    assert not [finding for finding in verify() if finding.bad]


def test_a_month_of_one_agent_comes_on_one_invoice_once(address: str, secret: str, stays: str) -> None:
    script = [sys.executable, str(EXAMPLES / "hotel_bookings.py"), stays, "--agent", "240"]
    said = {run(*script, "--url", address, "--key", secret) for _again in range(2)}
    assert len(said) == 1
    with scopes_disabled():
        invoice = Invoice.objects.get()
        assert (Booking.objects.count(), invoice.total_minor) == (2, 2 * 9_850 + 1_000 + 7_500)


def test_the_hotels_are_imported_by_their_mapping_once(company: tuple[Company, Actor], stays: str) -> None:
    mapping = str(EXAMPLES / "hotel-bookings.toml")
    for _again in range(2):
        said, status = import_bookings_command(
            file=stays, company=company[0].name, mapping=mapping, dry_run=False
        )
        assert status == 0, said
    with scopes_disabled():
        states = Counter(Booking.objects.values_list("customer__name", "state"))
    assert states == {
        ("Agent 240", "completed"): 2,
        ("Agent 240", "cancelled"): 1,
        ("Agent 7", "completed"): 1,
    }


def test_what_was_imported_the_api_bills_and_enters_nothing_twice(
    address: str, secret: str, company: tuple[Company, Actor], stays: str
) -> None:
    mapping = str(EXAMPLES / "hotel-bookings.toml")
    script = [sys.executable, str(EXAMPLES / "hotel_bookings.py"), stays, "--agent", "240"]
    import_bookings_command(file=stays, company=company[0].name, mapping=mapping, dry_run=False)
    run(*script, "--url", address, "--key", secret)
    script[-1] = "7"
    run(*script, "--url", address, "--key", secret)
    with scopes_disabled():
        assert (Booking.objects.count(), Invoice.objects.count()) == (4, 2)
