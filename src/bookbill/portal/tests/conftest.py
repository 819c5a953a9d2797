"""A sent invoice and the browser of whoever holds its link."""

import datetime as dt
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from bookbill.companies import limits
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW


@pytest.fixture(autouse=True)
def _nobody_asked_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_counts", {})


@pytest.fixture(autouse=True)
def _on_the_day_of_the_story(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def visitor() -> Client:
    """A customer's browser: not signed in."""
    return Client()


@pytest.fixture
def sent(ana: Actor, make_invoice: Callable[..., Invoice]) -> Callable[..., Invoice]:
    """``sent(booking, …)``: an invoice that was just sent, for the first time or again."""

    def send(*bookings: Any, **fields: Any) -> Invoice:
        return send_again(ana, make_invoice(*bookings, **fields))

    return send


def send_again(by: Actor, invoice: Invoice) -> Invoice:
    transact(lambda: send_invoices([invoice.pk], by=by, now=NOW))
    invoice.refresh_from_db()
    return invoice


@pytest.fixture
def pay(ana: Actor) -> Callable[..., None]:
    def record(invoice: Invoice, amount_minor: int, *, on: dt.date = dt.date(2026, 7, 2)) -> None:
        bookings: tuple[UUID, ...] = tuple(invoice.bookings.values_list("pk", flat=True))
        draft = PaymentDraft(invoice.customer_id, "cheque", amount_minor, invoice.currency, on, fill=bookings)
        then = max(NOW, dt.datetime.combine(on, NOW.timetz()))
        transact(lambda: record_payments([draft], by=ana, now=then))

    return record
