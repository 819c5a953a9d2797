"""A company with something waiting for its people."""

from collections.abc import Callable
from typing import Any

import pytest

from bookbill.companies.models import Company
from bookbill.delivery.actions import MessageDraft, owe_messages
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.invoices.models import Invoice
from bookbill.lib.ids import new_id
from bookbill.lib.transactions import transact
from bookbill.work.actions import promise
from bookbill.work.clock import process_clock
from bookbill.work.models import Job
from bookbill.work.models import State as JobState
from tests.support.cast import NOW


@pytest.fixture
def set_aside(company: Company) -> Callable[..., Job]:
    """A job of the company that failed for good."""

    def make(error: str = "The disk is full", company_id: Any = company.pk) -> Job:
        job = transact(lambda: promise("invoices.make_pdf", company_id=company_id, args={"version_id": "x"}))
        assert job is not None
        job.state, job.finished_at, job.last_error, job.attempts = (
            JobState.SET_ASIDE,
            process_clock(),
            error,
            5,
        )
        job.save()
        return job

    return make


@pytest.fixture
def undelivered(company: Company) -> Callable[..., Message]:
    """A mail of the company that did not arrive."""

    def make(
        state: State = State.FAILED, *, answer: str = "550 no such user", invoice: Invoice | None = None
    ) -> Message:
        draft = MessageDraft(
            company.pk,
            "version",
            new_id(),
            "ap@maple.example",
            "invoice",
            subject_id=invoice.pk if invoice else None,
        )
        message = transact(lambda: owe_messages([draft], now=NOW))[0]
        message.state, message.next_at, message.trouble_at = state.value, None, NOW
        message.server_answer = answer
        message.save()
        return message

    return make
