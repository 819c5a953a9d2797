"""How often, and how many: the limits of sending hold at every door, and name the wait."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.delivery.actions import MessageDraft, owe_messages
from bookbill.delivery.models import Message
from bookbill.invoices.actions.bulk import remind_each, send_each
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import SEND_JOB
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.actions.reminding import remind_invoices
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.tasks import send_held
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.work.models import Job
from bookbill.work.registry import JobView
from tests.support.cast import NOW, make_company

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]
HOUR = dt.timedelta(hours=1)
LIST = "/payments/invoices"


def send(by: Actor, *invoices: Invoice, at: dt.datetime = NOW, **options: Any) -> list[Version]:
    return transact(lambda: send_invoices([invoice.pk for invoice in invoices], by=by, now=at, **options))


def refused(act: Callable[[], Any]) -> RuleBroken:
    with pytest.raises(RuleBroken) as caught:
        transact(act)
    return caught.value


def test_an_invoice_claims_no_more_than_can_be_paid(
    api: ApiClient, make_customer: Callable[..., Customer], make_booking: Callable[..., Booking]
) -> None:
    customer = make_customer()
    bookings = [make_booking(customer), make_booking(customer)]
    Booking.objects.update(subtotal_minor=10**15 - 1, total_minor=10**15 - 1)
    answer = api.post("/invoices", {"booking_ids": [str(booking.pk) for booking in bookings]})
    assert (answer.status_code, answer.json()["code"]) == (422, "total_too_large")
    assert not Invoice.objects.exists()


@pytest.fixture
def hurried(ana: Actor, make_invoice: Make) -> Invoice:
    """Sent five times within four minutes."""
    invoice = make_invoice()
    for n in range(5):
        send(ana, invoice, at=NOW + dt.timedelta(minutes=n))
    return invoice


def test_a_sixth_sending_within_the_hour_is_refused_with_the_wait(ana: Actor, hurried: Invoice) -> None:
    late = NOW + dt.timedelta(minutes=30)
    why = refused(lambda: send_invoices([hurried.pk], by=ana, now=late))

    assert (why.code, why.status, why.details) == ("too_many_requests", 429, {"retry_after": 1800})
    assert "INV-2026-00001 was sent 5 times within an hour" in why.message
    assert send(ana, hurried, at=NOW + HOUR)


def test_a_hold_that_ends_within_the_hour_is_refused_and_one_that_ends_later_is_not(
    ana: Actor, hurried: Invoice
) -> None:
    soon, later = NOW + dt.timedelta(minutes=50), NOW + HOUR
    now = NOW + dt.timedelta(minutes=5)
    assert (
        refused(lambda: hold_sending([hurried.pk], run_at=soon, by=ana, now=now)).code == "too_many_requests"
    )
    transact(lambda: hold_sending([hurried.pk], run_at=later, by=ana, now=now))


def test_the_page_refuses_a_hurried_sending_in_a_sentence(desk: Client, make_invoice: Make) -> None:
    invoice = make_invoice()
    at = f"{LIST}/{invoice.pk}/sendings"
    for _ in range(5):
        assert desk.post(at, {"recipients": "a@customer.example"}).status_code == 303
    page = desk.post(at, {"recipients": "a@customer.example"})

    assert "was sent 5 times within an hour" in page.content.decode()
    assert Version.objects.count() == 5


def test_many_leave_out_the_hurried_one_and_send_the_others(
    ana: Actor, hurried: Invoice, make_invoice: Make
) -> None:
    other = make_invoice()
    outcome = transact(lambda: send_each([hurried.pk, other.pk], by=ana, now=NOW + dt.timedelta(minutes=5)))

    assert [invoice.pk for invoice in outcome.done] == [other.pk]
    assert [(out.invoice.pk, "5 times" in out.reason) for out in outcome.refused] == [(hurried.pk, True)]


def test_no_more_mails_leave_in_a_day_than_allowed(
    ana: Actor, make_invoice: Make, settings: Any, company: Company
) -> None:
    settings.MAILS_PER_DAY = 3
    send(ana, make_invoice(), make_invoice())
    two = make_invoice(extra_recipients=("second@customer.example",))
    why = refused(lambda: send_invoices([two.pk], by=ana, now=NOW))

    assert (why.code, why.status) == ("mail_limit_reached", 429)
    assert why.message == (
        "The limit of 3 emails a day leaves 1 for today, and this takes 2. Send the rest tomorrow."
    )
    # 15:00 UTC is 11:00 in Toronto: the day goes on for 13 hours.
    assert why.details == {"retry_after": 13 * 3600}
    assert Invoice.objects.get(pk=two.pk).number == ""
    send(ana, two, mark_only=True)
    assert send(ana, two, at=NOW + 13 * HOUR)


def test_reminders_copies_and_holds_come_out_of_the_same_allowance(
    ana: Actor, make_sent: Make, make_invoice: Make, settings: Any
) -> None:
    sent, draft = make_sent(), make_invoice()
    settings.MAILS_PER_DAY = 1
    acts: list[Callable[[], Any]] = [
        lambda: remind_invoices([sent.pk], by=ana, now=NOW),
        lambda: cancel_invoice(sent.pk, reason="Wrong", notify=True, by=ana, now=NOW),
        lambda: hold_sending([draft.pk], by=ana, now=NOW),
    ]
    assert [refused(act).code for act in acts] == ["mail_limit_reached"] * 3
    transact(lambda: cancel_invoice(sent.pk, reason="Wrong", by=ana, now=NOW))
    assert Message.objects.count() == 1


def test_many_are_sent_as_far_as_the_day_goes(
    ana: Actor, make_invoice: Make, settings: Any, django_assert_max_num_queries: Any
) -> None:
    settings.MAILS_PER_DAY = 2
    invoices = [make_invoice() for _ in range(6)]
    with django_assert_max_num_queries(48):
        outcome = transact(lambda: send_each([invoice.pk for invoice in invoices], by=ana, now=NOW))

    assert [invoice.pk for invoice in outcome.done] == [invoice.pk for invoice in invoices[:2]]
    assert {"emails a day" in out.reason for out in outcome.refused} == {True}
    settings.MAILS_PER_DAY = 3
    outcome = transact(lambda: remind_each([invoice.pk for invoice in invoices[:2]], by=ana, now=NOW + HOUR))
    assert (len(outcome.done), len(outcome.refused)) == (1, 1)


def test_a_held_sending_that_meets_the_limit_says_so_on_the_invoice(
    ana: Actor, make_invoice: Make, settings: Any, company: Company
) -> None:
    held, quick = make_invoice(), make_invoice()
    settings.MAILS_PER_DAY = 1
    company.hold_seconds = 10
    company.save()
    transact(lambda: hold_sending([held.pk], by=ana, now=NOW))
    send(ana, quick)
    job = Job.objects.get(kind=SEND_JOB)
    view = JobView(id=job.pk, kind=job.kind, company_id=job.company_id, args=job.args, attempt=1)
    Message.objects.update(created_at=dt.datetime.now(dt.UTC))  # the worker lives in the present
    transact(lambda: send_held(view))

    held.refresh_from_db()
    assert (held.number, "emails a day" in held.sending_refused) == ("", True)


def test_a_program_is_told_when_to_come_back(api: ApiClient, make_invoice: Make, settings: Any) -> None:
    settings.MAILS_PER_DAY = 0
    answer = api.post(f"/invoices/{make_invoice().pk}/sendings")

    assert (answer.status_code, answer.json()["code"]) == (429, "mail_limit_reached")
    assert 0 < int(answer["Retry-After"]) <= 25 * 3600


def test_another_company_has_its_own_allowance(
    ana: Actor, make_invoice: Make, settings: Any, stranger_mails: int
) -> None:
    settings.MAILS_PER_DAY = 1
    assert stranger_mails == 3
    assert send(ana, make_invoice())


@pytest.fixture
def stranger_mails() -> int:
    other, _bo = make_company("Harbour")
    with scope(company=other):
        drafts = [
            MessageDraft(other.pk, "version", new_id(), f"a{n}@customer.example", "invoice") for n in range(3)
        ]
        return len(transact(lambda: owe_messages(drafts, now=NOW)))
