"""What the environment may say, and the sentence that answers what it may not."""

import os
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from bookbill.config.environment import VARIABLES, BadEnvironment, Environment, read_environment

ROOT = Path(__file__).resolve().parents[4]

Read = Callable[..., Environment]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    return lambda **variables: read_environment({"DATA_DIR": str(tmp_path / "data"), **variables})


def test_the_page_about_settings_lists_exactly_what_is_read() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)
    assert dict(rows) == VARIABLES


def test_nothing_else_reads_the_environment() -> None:
    readers = {
        str(path.relative_to(ROOT / "src/bookbill"))
        for path in (ROOT / "src/bookbill").rglob("*.py")
        if re.search(r"os\.environ|getenv", path.read_text()) and "tests" not in path.parts
    }
    assert readers == {"config/environment.py", "config/cli.py", "config/wsgi.py", "config/settings_test.py"}


def test_a_folder_for_the_data_is_enough(read: Read, tmp_path: Path) -> None:
    environment = read()
    assert environment.database.name == str(tmp_path / "data" / "bookbill.sqlite3")
    assert environment.public_base_url == "http://127.0.0.1:8000"
    assert environment.mail_from == "invoices@localhost"
    assert (environment.smtp.port, environment.smtp.tls) == (25, "none")
    environment.refuse_unsafe()


def test_the_key_is_made_once_and_only_for_us(read: Read, tmp_path: Path) -> None:
    first = read().secret_key
    assert read().secret_key == first
    assert len(first) >= 32
    assert stat.S_IMODE(os.stat(tmp_path / "data" / "secret-key").st_mode) == 0o600
    assert os.listdir(tmp_path / "data") == ["secret-key"]


def test_a_postgresql_address_is_taken_apart(read: Read) -> None:
    database = read(DATABASE_URL="postgresql://me:p%40ss@db.example.com:5433/bills?sslmode=require").database
    assert (database.engine, database.name, database.user, database.password) == (
        "postgresql",
        "bills",
        "me",
        "p@ss",
    )
    assert (database.host, database.port, database.options) == (
        "db.example.com",
        "5433",
        (("sslmode", "require"),),
    )


def test_a_mail_server_elsewhere_is_spoken_to_encrypted(read: Read) -> None:
    smtp = read(SMTP_HOST="smtp.example.com", SMTP_USER="me", SMTP_PASSWORD="secret").smtp
    assert (smtp.tls, smtp.port) == ("starttls", 587)


def test_mail_comes_from_the_host_that_customers_see(read: Read) -> None:
    environment = read(PUBLIC_BASE_URL="https://bills.example.com/")
    assert environment.public_base_url == "https://bills.example.com"
    assert environment.mail_from == "invoices@bills.example.com"
    assert environment.allowed_hosts[0] == "bills.example.com"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATA_DIR", ""),
        ("DATA_DIR", "/dev/null/data"),
        ("DATABASE_URL", "mysql://localhost/bills"),
        ("DATABASE_URL", "postgresql://localhost"),
        ("DATABASE_URL", "postgresql://localhost:port/bills"),
        ("DATABASE_URL", "sqlite:///"),
        ("PUBLIC_BASE_URL", "bills.example.com"),
        ("PUBLIC_BASE_URL", "https://bills.example.com/app"),
        ("PUBLIC_BASE_URL", "https://"),
        ("PUBLIC_BASE_URL", "https://bills.example.com:99999"),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "x" * 60),
        ("SECRET_KEY", "django-insecure-0123456789abcdefghijklmnopqrstuv"),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "good.example.com, .example.com"),
        ("TRUSTED_PROXY_COUNT", "-1"),
        ("TRUSTED_PROXY_COUNT", "two"),
        ("WEB_THREADS", "0"),
        ("SMTP_TLS", "ssl"),
        ("SMTP_PORT", "70000"),
        ("SMTP_TIMEOUT", "1e3"),
        ("SMTP_USER", "only a name"),
        ("MAIL_FROM", "Us <us@example.com>"),
        ("MAIL_FROM", "us@example.com\nBcc: them@example.com"),
        ("BOOKBILL_DEMO", "maybe"),
    ],
)
def test_what_cannot_work_is_refused_in_a_sentence_that_names_it(
    name: str, value: str, tmp_path: Path
) -> None:
    with pytest.raises(BadEnvironment) as refusal:
        read_environment({"DATA_DIR": str(tmp_path / "data"), name: value})
    sentence = str(refusal.value)
    assert name in sentence
    assert sentence.endswith(".")
    assert not sentence.endswith("..")


def test_a_password_never_crosses_the_network_readable(read: Read) -> None:
    with pytest.raises(BadEnvironment, match="SMTP_TLS"):
        read(SMTP_HOST="smtp.example.com", SMTP_TLS="none", SMTP_USER="me", SMTP_PASSWORD="secret")


@pytest.mark.parametrize(
    "variables",
    [
        {"DEBUG": "1"},
        {"PUBLIC_BASE_URL": "http://bills.example.com"},
        {"PUBLIC_BASE_URL": "https://bills.example.com", "BOOKBILL_DEMO": "1"},
    ],
)
def test_what_must_not_meet_people_is_refused_at_the_start(read: Read, variables: dict[str, str]) -> None:
    environment = read(**variables)
    with pytest.raises(BadEnvironment):
        environment.refuse_unsafe()
