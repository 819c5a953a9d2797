"""A process killed at any database step of send, pay, cancel and edit: all of the act or nothing, and once in the end.

At every step with `--long`; else at every fifth, from another one in each run, and around each commit.
"""

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.catalogue import ComponentDraft
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.repricing_runs import start_repricing
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, Repricing
from bookbill.companies.models import RateCount
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import create_customer
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.actions.sending import PDF_JOB, send_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice, Version
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from bookbill.work.models import Job
from bookbill.work.running import return_lapsed
from tests.support.cast import NOW, TODAY, make_company, make_tax_code
from tests.support.crashing import WORK, Crasher, Request

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]


@dataclass
class House:
    """A company with as many invoices as there will be crashes, and a program that acts on them."""

    by: Actor
    secret: str
    invoices: list[Invoice]

    def request(self, method: str, path: str, body: dict[str, Any], **headers: str) -> Request:
        sent = {"Authorization": f"Bearer {self.secret}", **headers}
        return Request(method, f"/api/v1{path}", body, sent)

    def post(self, path: str, body: dict[str, Any]) -> Request:
        return self.request("POST", path, body, **{"Idempotency-Key": f"once {path}"})

    def make(self, count: int) -> None:
        """Drafts over one booking of 100.00 each."""
        fields = {"name": "Maple", "email": "maple@customer.example", "billing_email": "books@maple.example"}
        owner = transact(lambda: create_customer(fields, by=self.by, now=NOW))
        items = (ItemDraft(description="Work", unit_price=Decimal(100)),)
        drafts = [BookingDraft(owner.pk, TODAY, items, completed=True)] * count
        made = transact(lambda: create_bookings(drafts, by=self.by, now=NOW))
        groups = [InvoiceDraft((booking.pk,)) for booking in made]
        self.invoices = transact(lambda: make_invoices(groups, by=self.by, now=NOW))

    def make_sent(self, count: int) -> None:
        self.make(count)
        ids = [invoice.pk for invoice in self.invoices]
        transact(lambda: send_invoices(ids, by=self.by, now=NOW))


def sending(house: House, count: int) -> list[Request]:
    house.make(count)
    return [house.post(f"/invoices/{invoice.pk}/sendings", {}) for invoice in house.invoices]


def recording_a_payment(house: House, count: int) -> list[Request]:
    """Of more than is due, so that a part stays credit."""
    house.make_sent(count)
    paid = {"method": "cash", "amount_minor": 12_000}
    return [
        house.request(
            "POST",
            "/payments",
            {**paid, "invoice_id": str(invoice.pk)},
            **{"Idempotency-Key": str(invoice.pk)},
        )
        for invoice in house.invoices
    ]


def cancelling(house: House, count: int) -> list[Request]:
    house.make_sent(count)
    said = {"reason": "wrong", "notify": True}
    return [house.post(f"/invoices/{invoice.pk}/cancellation", said) for invoice in house.invoices]


def editing_a_booking(house: House, count: int) -> list[Request]:
    """On a sent invoice, which follows with a charge. No POST, so the revision it read stands for the key."""
    house.make_sent(count)
    items = [{"description": "Work", "unit_price": "80.00"}]
    return [
        house.request("PATCH", f"/bookings/{pk}", {"items": items}, **{"If-Match": '"1"'})
        for invoice in house.invoices
        for pk in invoice.bookings.values_list("pk", flat=True)
    ]


Plan = Callable[[House, int], list[Request]]
PLANS: list[Plan] = [sending, recording_a_payment, cancelling, editing_a_booking]


@pytest.fixture
def house(api_of: Callable[[Actor], ApiClient]) -> Iterator[House]:
    company, ana = make_company()
    with scope(company=company):
        yield House(ana, api_of(ana).secret, [])


@pytest.fixture(scope="module")
def crasher() -> Iterator[Crasher]:
    crasher = Crasher()
    yield crasher
    crasher.close()


Chosen = Callable[[Sequence[str]], list[int]]


@pytest.fixture
def chosen(pytestconfig: pytest.Config) -> Chosen:
    """At which of an act's steps (from 1) to die."""
    apart = 1 if pytestconfig.getoption("--long") else 5

    def choose(steps: Sequence[str]) -> list[int]:
        begin = random.randrange(apart)
        return [
            at
            for at, step in enumerate(steps, 1)
            if at % apart == begin or "COMMIT" in step or at == len(steps)
        ]

    return choose


@dataclass(frozen=True)
class State:
    """All that is stored: how many rows in each table, and a hash over everything."""

    rows: Counter[str]
    content: str

    @classmethod
    def read(cls) -> "State":
        rows, digest = Counter[str](), hashlib.sha256()
        models = [model for model in apps.get_models() if model.__module__.startswith("bookbill.")]
        with connection.cursor() as cursor:
            for model in models:
                if model is not RateCount:
                    table = connection.ops.quote_name(model._meta.db_table)
                    cursor.execute(f"SELECT * FROM {table} ORDER BY 1")
                    found = cursor.fetchall()
                    rows[model._meta.db_table] = len(found)
                    digest.update(repr(found).encode())
        return cls(rows, digest.hexdigest())

    def grown_since(self, before: "State") -> dict[str, int]:
        return {
            table: count - before.rows[table]
            for table, count in self.rows.items()
            if count != before.rows[table]
        }


def nothing_broken() -> None:
    assert not [finding for finding in verify() if finding.bad]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.__name__)
def test_killed_at_any_step_an_act_happens_whole_or_not_at_all_and_repeated_it_happens_once(
    house: House, crasher: Crasher, chosen: Chosen, plan: Plan
) -> None:
    first, second = plan(house, 2)
    crasher.run(first)
    before = State.read()
    whole = crasher.run(second)
    effect = State.read().grown_since(before)
    assert whole.status < 300, whole.body
    assert effect
    assert "before COMMIT" in whole.steps

    steps = chosen(whole.steps)
    requests = plan(house, len(steps))
    start = before = State.read()
    happened = []
    for die_at, each in zip(steps, requests, strict=True):
        assert crasher.run(each, die_at=die_at).died, f"step {die_at} was never reached"
        after = State.read()
        if after != before:
            assert after.grown_since(before) == effect, f"half of it, killed at step {die_at}"
            happened.append(die_at)
        before = after
    committed = whole.steps.index("after COMMIT") + 1
    assert happened == [step for step in steps if step >= committed]
    nothing_broken()

    for die_at, each in zip(steps, requests, strict=True):
        again = crasher.run(each)
        stale = each.method == "PATCH" and die_at in happened
        assert again.status == (409 if stale else whole.status), again.body
    grown = State.read().grown_since(start)
    assert grown == {table: count * len(steps) for table, count in effect.items()}
    nothing_broken()


def test_a_worker_killed_at_any_step_of_a_held_sending_sends_it_whole_or_not_at_all_and_once_in_the_end(
    house: House, crasher: Crasher, chosen: Chosen
) -> None:
    def hold(invoice: Invoice) -> None:
        transact(lambda: hold_sending([invoice.pk], by=house.by, now=NOW))

    house.make(2)
    first, second = house.invoices
    hold(first)
    crasher.run(WORK)  # it makes the row of the series too
    hold(second)
    before = State.read()
    whole = crasher.run(WORK)
    effect = State.read().grown_since(before)
    assert whole.body == "1"
    # One commit claims the job, the next sends the invoice and marks the job done.
    committed = [at for at, step in enumerate(whole.steps, 1) if step == "after COMMIT"]
    assert len(committed) == 2

    steps = chosen(whole.steps)
    house.make(len(steps))
    for die_at, invoice in zip(steps, house.invoices, strict=True):
        hold(invoice)
        before = State.read()
        assert crasher.run(WORK, die_at=die_at).died, f"step {die_at} was never reached"
        grown = State.read().grown_since(before)
        assert grown == (effect if die_at >= committed[-1] else {}), f"half of it, killed at step {die_at}"

        Job.objects.filter(state="running").update(lease_until=NOW)
        transact(return_lapsed)
        crasher.run(WORK)
        assert Version.objects.filter(invoice=invoice).count() == 1
        grown = State.read().grown_since(before)
        assert {table: grown[table] for table in effect} == effect
    nothing_broken()


def test_a_worker_killed_at_any_step_of_a_repricing_goes_on_and_reprices_each_booking_once(
    house: House, crasher: Crasher, chosen: Chosen
) -> None:
    def begin(invoice: Invoice) -> Booking:
        """A code replaced under the invoice's booking, which is to follow it."""
        booking = Booking.objects.get(invoice=invoice)
        code = make_tax_code(invoice.company)
        under_it = BookingEdit({"tax_code_id": code.pk})
        transact(lambda: edit_booking(booking.pk, under_it, by=house.by, now=NOW))
        raised = {"components": [ComponentDraft("HST", Decimal(15))]}
        transact(lambda: edit_tax_code(code.pk, raised, by=house.by, now=NOW))
        transact(lambda: start_repricing(code.pk, [booking.pk], by=house.by, now=NOW))
        return booking

    house.make_sent(2)
    Job.objects.filter(kind=PDF_JOB).delete()
    first, second = house.invoices
    begin(first)
    crasher.run(WORK)
    begin(second)
    before = State.read()
    whole = crasher.run(WORK)
    effect = State.read().grown_since(before)
    assert effect
    committed = [at for at, step in enumerate(whole.steps, 1) if step == "after COMMIT"]

    steps = chosen(whole.steps)
    house.make_sent(len(steps))
    Job.objects.filter(kind=PDF_JOB).delete()
    for die_at, invoice in zip(steps, house.invoices, strict=True):
        booking = begin(invoice)
        before = State.read()
        assert crasher.run(WORK, die_at=die_at).died, f"step {die_at} was never reached"
        grown = State.read().grown_since(before)
        assert grown == (effect if die_at >= committed[-1] else {}), f"half of it, killed at step {die_at}"

        Job.objects.filter(state="running").update(lease_until=NOW)
        transact(return_lapsed)
        crasher.run(WORK)
        booking.refresh_from_db()
        assert booking.total_minor == 11_500
        grown = State.read().grown_since(before)
        assert {table: grown[table] for table in effect} == effect
    assert not Repricing.objects.filter(finished_at=None).exists()


def test_a_death_between_two_transactions_would_be_seen(house: House, crasher: Crasher) -> None:
    """Here the act is two requests, of which only the first happens."""
    (send,) = sending(house, 1)
    owner = str(house.invoices[0].customer_id)
    pay = house.post("/payments", {"method": "cash", "amount_minor": 100, "customer_id": owner})
    before = State.read()
    assert crasher.run(send).status == 201
    sent = State.read()
    assert crasher.run(pay, die_at=3).died
    assert before != sent == State.read()
