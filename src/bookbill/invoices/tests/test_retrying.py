"""Sending a mail again to the one recipient whom it did not reach."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.repricing import reprice_bookings
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.reminding import remind_invoices
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice, Version
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]
BOSS, SECOND = "maple@customer.example", "second@customer.example"


def trouble(invoice: Invoice, state: str) -> Message:
    message = Message.objects.get(subject_id=invoice.pk)
    message.state, message.trouble_at, message.ready_at, message.next_at = state, NOW, NOW, None
    message.accepted_at = NOW if state == "bounced" else None
    message.save()
    return message


@pytest.mark.parametrize("state", ["failed", "bounced"])
def test_a_mail_that_failed_leaves_again_and_the_mark_goes(desk: Client, make_sent: Make, state: str) -> None:
    invoice = make_sent()
    message = trouble(invoice, state)
    tab = f"/payments/invoices/{invoice.pk}/emails"
    assert f"{tab}/{message.pk}" in desk.get(tab).content.decode()

    assert desk.post(f"{tab}/{message.pk}").status_code == 303

    again = Message.objects.get()
    assert (again.pk, again.state, again.version_n) == (message.pk, "queued", 1)
    assert f"{tab}/{message.pk}" not in desk.get(tab).content.decode()
    assert "sent an email again" in desk.get(f"/payments/invoices/{invoice.pk}/history").content.decode()


def test_one_that_may_have_arrived_is_asked_about_first(desk: Client, make_sent: Make) -> None:
    invoice = make_sent()
    message = trouble(invoice, "unknown")
    at = f"/payments/invoices/{invoice.pk}/emails/{message.pk}"

    asked = desk.post(at)
    assert asked.status_code == 200
    assert "may arrive twice" in asked.content.decode()
    assert Message.objects.get().state == "unknown"
    assert desk.post(at, {"confirm": "yes"}).status_code == 303
    assert Message.objects.get().state == "queued"


def test_no_mail_asks_for_the_money_of_a_cancelled_invoice(desk: Client, ana: Actor, make_sent: Make) -> None:
    invoice = make_sent()
    message = trouble(invoice, "failed")
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))

    assert desk.post(f"/payments/invoices/{invoice.pk}/emails/{message.pk}").status_code == 409
    assert Message.objects.get().state == "failed"


def test_a_mail_of_another_invoice_is_not_there(desk: Client, make_sent: Make) -> None:
    one, other = make_sent(), make_sent()
    message = trouble(other, "failed")
    assert desk.post(f"/payments/invoices/{one.pk}/emails/{message.pk}").status_code == 404


def test_an_older_version_is_not_sent_again_where_a_newer_one_went(
    api: ApiClient, desk: Client, ana: Actor, make_sent: Make
) -> None:
    invoice = make_sent()
    older = trouble(invoice, "failed")
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))

    assert desk.post(f"/payments/invoices/{invoice.pk}/emails/{older.pk}").status_code == 409
    refused = api.post(f"/invoices/{invoice.pk}/messages/{older.pk}/retries", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "newer_version_sent")
    older.refresh_from_db()
    assert older.state == "failed"


@pytest.mark.parametrize("mark_only", [True, False])
def test_a_mail_of_figures_that_are_claimed_no_more_is_not_sent_again(
    api: ApiClient, ana: Actor, make_booking: Callable[..., Booking], make_sent: Make, *, mark_only: bool
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    older = trouble(invoice, "failed")
    transact(lambda: edit_booking(booking.pk, priced("80"), by=ana, now=NOW))
    other = {} if mark_only else {invoice.pk: ["boss@customer.example"]}
    transact(lambda: send_invoices([invoice.pk], recipients=other, mark_only=mark_only, by=ana, now=NOW))

    refused = api.post(f"/invoices/{invoice.pk}/messages/{older.pk}/retries", {})

    assert (refused.status_code, refused.json()["code"]) == (409, "newer_version_sent")
    assert refused.json()["detail"] == (
        f"Version 1 of {invoice.number} was replaced. Send the invoice again instead."
    )


def priced(amount: str) -> BookingEdit:
    return BookingEdit({}, (ItemDraft(description="Clean", unit_price=Decimal(amount)),))


def send_to(invoice: Invoice, *recipients: str, by: Actor) -> None:
    transact(lambda: send_invoices([invoice.pk], recipients={invoice.pk: recipients}, by=by, now=NOW))


def fail(**which: object) -> Message:
    """That mail did not arrive."""
    Message.objects.filter(**which).update(state="failed", trouble_at=NOW, ready_at=NOW, next_at=None)
    return Message.objects.get(**which)


def test_a_newer_mail_that_did_not_arrive_either_keeps_nobody_from_the_older(
    desk: Client, ana: Actor, make_sent: Make
) -> None:
    invoice = make_sent(extra_recipients=(SECOND,))
    older = fail(recipient=SECOND)
    send_to(invoice, BOSS, by=ana)
    transact(lambda: remind_invoices([invoice.pk], by=ana, now=NOW))
    fail(recipient=SECOND, kind="reminder", version_n=2)

    assert desk.post(f"/payments/invoices/{invoice.pk}/emails/{older.pk}").status_code == 303

    again = Message.objects.get(pk=older.pk)
    assert (again.state, again.version_n, again.recipient) == ("queued", 1, SECOND)


@pytest.mark.parametrize(("state", "answer"), [("failed", 303), ("bounced", 303), ("unknown", 409)])
def test_an_older_mail_is_not_sent_beside_a_newer_one_that_may_have_arrived(
    desk: Client, ana: Actor, make_sent: Make, state: str, answer: int
) -> None:
    invoice = make_sent(extra_recipients=(SECOND,))
    older = fail(recipient=SECOND)
    send_to(invoice, BOSS, by=ana)
    transact(lambda: remind_invoices([invoice.pk], by=ana, now=NOW))
    newer = Message.objects.filter(pk=fail(recipient=SECOND, kind="reminder").pk)
    newer.update(state=state, accepted_at=NOW if state == "bounced" else None)
    assert desk.post(f"/payments/invoices/{invoice.pk}/emails/{older.pk}").status_code == answer


def test_many_mails_of_many_versions_take_as_many_queries_as_one(
    desk: Client,
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_sent: Make,
    django_assert_max_num_queries: Any,
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    for n in range(6):
        transact(lambda: edit_booking(booking.pk, priced(f"{90 - n}"), by=ana, now=NOW))  # noqa: B023 - called at once
        at = NOW + dt.timedelta(hours=n + 1)
        transact(lambda: send_invoices([invoice.pk], by=ana, now=at))  # noqa: B023 - called at once

    def shown(versions: int) -> int:
        """How many of so many failed mails are said to be of a version that was replaced."""
        failed = Message.objects.filter(version_n__lte=versions)
        failed.update(state="failed", trouble_at=NOW, dealt_with_at=None, ready_at=NOW, next_at=None)
        return desk.get("/operations").content.decode().count("was replaced")

    with django_assert_max_num_queries(80) as one:
        assert shown(1) == 1
    with django_assert_max_num_queries(len(one)):
        assert shown(6) == 6


def test_a_version_that_prints_the_same_taxes_under_another_code_replaces_none(
    desk: Client,
    client: Client,
    ana: Actor,
    tax_code: TaxCode,
    make_booking: Callable[..., Booking],
    make_sent: Make,
) -> None:
    booking = make_booking(tax_code_id=tax_code.pk)
    invoice = make_sent(booking, extra_recipients=(SECOND,))
    older = fail(recipient=SECOND)
    new = transact(lambda: edit_tax_code(tax_code.pk, {"name": "Ontario"}, by=ana, now=NOW))
    transact(lambda: reprice_bookings([booking.pk], old=tax_code.pk, new=new.pk, by=ana, now=NOW))
    send_to(invoice, BOSS, by=ana)

    assert len(set(Version.objects.values_list("claim", flat=True))) == 1
    assert "Updated on" not in client.get(f"/i/{invoice.link_token}").content.decode()
    assert desk.post(f"/payments/invoices/{invoice.pk}/emails/{older.pk}").status_code == 303


def test_what_would_be_refused_is_not_offered_but_explained(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_sent: Make
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    transact(lambda: remind_invoices([invoice.pk], by=ana, now=NOW))
    mails = [fail(kind="invoice"), fail(kind="reminder")]
    tab = f"/payments/invoices/{invoice.pk}/emails"
    offered = [f'action="{tab}/{mail.pk}"' for mail in mails]
    assert [each in desk.get(tab).content.decode() for each in offered] == [True, True]

    paid = PaymentDraft(booking.customer_id, "cash", 3_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([paid], by=ana, now=NOW))

    operations = desk.get("/operations").content.decode()
    assert [f"/operations/mails/{mail.pk}/sendings" in operations for mail in mails] == [True, False]
    assert f"Another amount is due on {invoice.number} by now." in operations
    page = desk.get(tab).content.decode()
    assert [each in page for each in offered] == [True, False]
    assert f"Another amount is due on {invoice.number} by now. Send a new reminder instead." in page
    assert desk.post(f"{tab}/{mails[1].pk}").status_code == 409
