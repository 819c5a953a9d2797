"""A company, somebody who writes its mails, and a real mail server to send them to."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from bookbill.companies.models import Company
from bookbill.delivery import composing
from bookbill.delivery.actions import MessageDraft, owe_messages
from bookbill.delivery.composing import MailCause
from bookbill.delivery.mime import Attachment, MailContent
from bookbill.delivery.models import Message
from bookbill.delivery.sender import Lane
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scopes_disabled
from bookbill.lib.transactions import transact
from bookbill.work.clock import process_clock
from tests.support.smtp_server import SmtpServer, running_smtp_server

Owe = Callable[..., list[Message]]
Drain = Callable[[], None]
PDF = b"%PDF-1.7 " + bytes(range(256)) * 40


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
def composed() -> Iterator[list[MailCause]]:
    """Every composing that happened. The mails are about nothing and carry PDF."""
    seen: list[MailCause] = []

    def compose(cause: MailCause) -> MailContent:
        seen.append(cause)
        return MailContent(
            subject=f"Invoice {cause.kind}",
            text="Hello",
            html="<p>Hello</p>",
            from_name="Bright Home",
            attachments=[Attachment("INV-1.pdf", "application/pdf", PDF)],
        )

    before = dict(composing._composers)
    composing.register_composer("version", compose)
    yield seen
    composing._composers.clear()
    composing._composers.update(before)


@pytest.fixture
def unscoped() -> Iterator[None]:
    """Tests look at the rows of all companies."""
    with scopes_disabled():
        yield


@pytest.fixture
def company(db: None) -> Company:
    return Company.objects.create(name="Bright Home", currency="CAD")


@pytest.fixture
def sandbox(db: None) -> Company:
    return Company.objects.create(name="Tour", currency="CAD", is_sandbox=True, clock_offset_seconds=86_400)


@pytest.fixture
def owe(company: Company, composed: list[MailCause], unscoped: None) -> Callable[..., list[Message]]:
    """``owe("a@x.example", "b@x.example")`` promises one cause's mails to these recipients."""

    def make(
        *recipients: str, cause_id: UUID | None = None, of: Company = company, **facts: Any
    ) -> list[Message]:
        cause = cause_id or new_id()
        drafts = [
            MessageDraft(
                company_id=of.id, cause_kind="version", cause_id=cause, recipient=r, kind="invoice", **facts
            )
            for r in recipients
        ]
        return transact(lambda: owe_messages(drafts, now=process_clock()))

    return make


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
