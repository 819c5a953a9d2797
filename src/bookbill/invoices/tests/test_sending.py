"""Sending: number, frozen version, promised mails, charges."""

import datetime as dt
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.companies.actions.company import update_company
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import edit_customer
from bookbill.delivery.models import Message
from bookbill.documents import document
from bookbill.invoices.actions.sending import CannotSend, send_invoices
from bookbill.invoices.models import Charge, Invoice, Version
from bookbill.invoices.rules import Status
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from bookbill.work.models import Job
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases


def send(by: Actor, *invoices: Invoice, **options: Any) -> list[Version]:
    return transact(lambda: send_invoices([invoice.pk for invoice in invoices], by=by, now=NOW, **options))


def test_sending_numbers_freezes_and_promises_one_mail_per_recipient(
    ana: Actor, company: Company, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice(extra_recipients=("second@customer.example",))

    (version,) = send(ana, invoice)

    invoice.refresh_from_db()
    assert (invoice.number, invoice.status, version.n) == ("INV-2026-00001", Status.SENT, 1)
    assert (str(invoice.issue_date), str(invoice.due_date)) == ("2026-06-30", "2026-07-14")
    assert sorted(Message.objects.values_list("recipient", "state")) == [
        ("maple@customer.example", "queued"),
        ("second@customer.example", "queued"),
    ]
    assert [charge.amount_minor for charge in Charge.objects.all()] == [10_000]
    assert Job.objects.filter(kind="invoices.make_pdf").count() == 1


def test_a_refused_sending_changes_nothing(
    ana: Actor,
    make_customer: Callable[..., Any],
    make_booking: Callable[..., Any],
    make_invoice: Callable[..., Invoice],
) -> None:
    reachable = make_invoice()
    silent = make_invoice(make_booking(make_customer("Silent", email="")))

    with pytest.raises(CannotSend) as refused:
        send(ana, reachable, silent)

    assert refused.value.code == "no_recipient"
    assert not Version.objects.exists()
    assert set(Invoice.objects.values_list("number", "status")) == {("", Status.DRAFT)}


def test_sending_again_makes_a_new_version_under_the_same_number(
    ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()
    send(ana, invoice)
    send(ana, invoice)

    assert list(Version.objects.order_by("n").values_list("n", flat=True)) == [1, 2]
    assert set(Message.objects.values_list("kind", "version_n")) == {("invoice", 1), ("invoice", 2)}
    assert Charge.objects.count() == 1


def test_the_terms_of_a_draft_are_its_customers_until_others_are_chosen_and_fixed_when_it_is_sent(
    ana: Actor,
    desk: Client,
    api: ApiClient,
    make_invoice: Callable[..., Invoice],
    make_customer: Any,
    make_booking: Any,
) -> None:
    maple = make_customer()
    follows, chosen = make_invoice(make_booking(maple)), make_invoice(make_booking(maple), terms_days=45)

    def terms() -> list[int]:
        return [api.get(f"/invoices/{each.pk}").json()["terms_days"] for each in (follows, chosen)]

    assert terms() == [14, 45]
    Company.objects.update(payment_terms_days=7)
    assert terms() == [7, 45]
    transact(lambda: edit_customer(maple.pk, {"payment_terms_days": 30}, by=ana, now=NOW))
    assert terms() == [30, 45]
    shown = desk.get(f"/payments/invoices/{follows.pk}/edit").content.decode()
    assert "The customer&#x27;s: Net 30" in shown
    form = {"recipients": maple.email, "act": "draft"}
    for draft, typed in ((chosen, {"terms_days": ""}), (follows, {})):
        assert desk.post(f"/payments/invoices/{draft.pk}/edit", form | typed).status_code == 303
    assert terms() == [30, 30]

    send(ana, follows)
    transact(lambda: edit_customer(maple.pk, {"payment_terms_days": 60}, by=ana, now=NOW))

    assert terms() == [30, 60]
    assert str(Invoice.objects.get(pk=follows.pk).due_date) == "2026-07-30"


def test_a_clock_set_back_is_clamped_and_the_history_says_so(
    ana: Actor, desk: Client, make_sent: Callable[..., Invoice], make_invoice: Callable[..., Invoice]
) -> None:
    make_sent()
    late = make_invoice()
    transact(lambda: send_invoices([late.pk], by=ana, now=NOW - dt.timedelta(days=2)))

    (entry,) = Entry.objects.filter(type="invoice.sent", subject_id=late.pk)
    assert (entry.after["clock_date"], entry.after["issue_date"]) == ("2026-06-28", "2026-06-30")
    page = desk.get(f"/payments/invoices/{late.pk}/history").content.decode()
    assert "The clock said Jun 28, 2026" in page
    assert "It was dated Jun 30, 2026" in page


def test_a_date_that_was_chosen_is_no_clock_set_back(
    ana: Actor, make_sent: Callable[..., Invoice], make_invoice: Callable[..., Invoice]
) -> None:
    make_sent()
    chosen = make_invoice()
    Invoice.objects.filter(pk=chosen.pk).update(issue_date=TODAY)
    transact(lambda: send_invoices([chosen.pk], by=ana, now=NOW - dt.timedelta(days=2)))

    assert "clock_date" not in Entry.objects.get(type="invoice.sent", subject_id=chosen.pk).after


def test_sending_fifty_takes_as_many_queries_as_sending_one(
    ana: Actor, make_invoice: Callable[..., Invoice], django_assert_max_num_queries: Any
) -> None:
    send(ana, make_invoice())  # the first one makes the row of the series too
    one = make_invoice()
    fifty = [make_invoice() for _ in range(50)]
    with django_assert_max_num_queries(40) as for_one:
        send(ana, one)
    with django_assert_max_num_queries(len(for_one)):
        send(ana, *fifty)


@pytest.mark.parametrize("first_of_the_company", [True, False])
def test_nothing_waits_for_the_series_but_what_carries_its_numbers(
    ana: Actor,
    make_invoice: Callable[..., Invoice],
    monkeypatch: pytest.MonkeyPatch,
    first_of_the_company: bool,
) -> None:
    """Once the series is locked nothing else is read or written, and no document is serialised."""
    if not first_of_the_company:
        send(ana, make_invoice())
    drafts = [make_invoice(), make_invoice()]
    done: list[str] = []

    def noted(execute: Callable[..., Any], sql: str, *others: Any) -> Any:
        done.append(" ".join(re.findall(r'^[A-Z]+|"[a-z]+_[a-z]+"', sql)[:2]).replace('"', ""))
        return execute(sql, *others)

    def serialised(part: Any) -> dict[str, Any]:
        done.append(f"serialise {type(part).__name__}")
        return as_dict(part)

    as_dict = document._as_dict
    monkeypatch.setattr(document, "_as_dict", serialised)
    with connection.execute_wrapper(noted):
        send(ana, *drafts)
    locked = done.index("SELECT companies_numberseries")
    assert done.count("serialise BookingBlock") == len(drafts)
    after = [each for each in done[locked:] if "companies_numberseries" not in each]
    assert after == [
        "INSERT invoices_version",
        "INSERT invoices_charge",
        "INSERT invoices_invoice",
        "INSERT activity_entry",
        "INSERT activity_entrypersonal",
        "RELEASE",
    ]


def test_verify_finds_no_gap_where_the_yearly_restart_was_switched_between_years(
    ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    def switch_and_send(ids: list[UUID], at: dt.datetime, restarts: bool) -> None:
        update_company({"number_restarts_yearly": restarts}, by=ana, now=at)
        send_invoices(ids, by=ana, now=at)

    for year, restarts in ((2026, True), (2027, False), (2028, True), (2029, False)):
        drafts = [make_invoice().pk, make_invoice().pk]
        transact(partial(switch_and_send, drafts, NOW.replace(year=year), restarts))

    numbers = Invoice.objects.order_by("issue_date", "number_n").values_list("number_n", flat=True)
    assert list(numbers) == [1, 2, 1, 2, 1, 2, 3, 4]
    assert not [finding for finding in verify() if finding.bad]
