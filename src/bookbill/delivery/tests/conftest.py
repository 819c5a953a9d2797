"""A company, and somebody who writes its mails."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from bookbill.companies.models import Company
from bookbill.delivery import composing
from bookbill.delivery.actions import MessageDraft, owe_messages
from bookbill.delivery.composing import MailCause
from bookbill.delivery.mime import Attachment, MailContent
from bookbill.delivery.models import Message
from bookbill.lib.ids import new_id
from bookbill.lib.transactions import transact
from bookbill.work.clock import process_clock

Owe = Callable[..., list[Message]]
Drain = Callable[[], None]
PDF = b"%PDF-1.7 " + bytes(range(256)) * 40


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
