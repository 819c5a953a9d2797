"""Cancelling and making a new one, in one act; what the dialogs say first, and what becomes of the bookings."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.actions.booking import delete_booking
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.models import Booking
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import delete_draft, edit_invoice
from bookbill.invoices.actions.duplicating import duplicate_invoice
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.forms import CancelForm
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.rules import Status
from bookbill.invoices.tasks import ensure_pdf
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sent(make_sent: Callable[..., Invoice]) -> Invoice:
    return make_sent(note="Thanks", extra_recipients=("x@y.example",), terms_days=45, payment_link=False)


def replace(invoice: Invoice, by: Actor, **options: Any) -> Invoice:
    made = transact(
        lambda: cancel_invoice(invoice.pk, reason="Wrong date", make_new=True, by=by, now=NOW, **options)
    )
    assert made.replaced_by is not None
    return Invoice.objects.get(pk=made.replaced_by.pk)


def test_the_new_draft_carries_the_same_bookings_money_and_words(ana: Actor, sent: Invoice) -> None:
    booking = Booking.objects.get(invoice=sent)
    draft = PaymentDraft(sent.customer_id, "cash", 4_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=ana, now=NOW))

    new = replace(sent, ana)

    old = Invoice.objects.get(pk=sent.pk)
    assert (old.status, old.number, old.replaced_by_id) == (Status.CANCELLED, "INV-2026-00001", new.pk)
    assert (new.status, new.number, new.total_minor, new.paid_minor) == (Status.DRAFT, "", 10_000, 4_000)
    assert (new.note, new.extra_recipients, new.terms_days, new.payment_link) == (
        "Thanks",
        ["x@y.example"],
        45,
        False,
    )
    assert Booking.objects.get(pk=booking.pk).invoice_id == new.pk


@pytest.mark.parametrize(("chosen", "by_now"), [(None, 60), (45, 45)])
def test_a_new_draft_takes_over_terms_that_were_chosen_and_no_others(
    ana: Actor, api: ApiClient, make_sent: Callable[..., Invoice], chosen: int | None, by_now: int
) -> None:
    sent = make_sent(terms_days=chosen)
    transact(lambda: edit_customer(sent.customer_id, {"payment_terms_days": 60}, by=ana, now=NOW))
    copy = transact(lambda: duplicate_invoice(sent.pk, service_date=TODAY, by=ana, now=NOW))
    new = replace(sent, ana)

    as_told = [api.get(f"/invoices/{each.pk}").json()["terms_days"] for each in (sent, copy, new)]
    assert as_told == [chosen or 14, by_now, by_now]

    transact(lambda: send_invoices([new.pk], by=ana, now=NOW))
    new.refresh_from_db()
    assert new.due_date == TODAY + dt.timedelta(days=by_now)


def test_a_customer_who_has_more_addresses_by_now_keeps_nothing_from_being_made_anew(
    ana: Actor, make_sent: Callable[..., Invoice]
) -> None:
    sent = make_sent(extra_recipients=("x@y.example",))
    copies = {"always_copy": [f"own{n}@x.example" for n in range(19)]}
    transact(lambda: edit_customer(sent.customer_id, copies, by=ana, now=NOW))
    copy = transact(lambda: duplicate_invoice(sent.pk, service_date=TODAY, by=ana, now=NOW))
    new = replace(sent, ana)
    assert [each.extra_recipients for each in (copy, new)] == [["x@y.example"]] * 2


def test_the_booking_of_an_instant_invoice_goes_on_the_new_one(
    ana: Actor, make_sent: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    new = replace(make_sent(make_booking(is_instant=True)), ana)

    assert (new.is_instant, new.bookings_count) == (True, 1)
    assert Booking.objects.get().state == "completed"


def test_a_calendar_booking_on_an_instant_invoice_outlives_it(
    ana: Actor,
    make_sent: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
) -> None:
    ann = make_customer()
    invoice = make_sent(make_booking(ann, is_instant=True), make_booking(ann))

    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong date", by=ana, now=NOW))

    states = dict(Booking.objects.values_list("is_instant", "state"))
    assert states == {True: "cancelled", False: "completed"}


def test_what_was_made_for_an_instant_invoice_ends_with_its_replacement_too(
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    ann = make_customer("Ann")
    calendar = make_booking(ann, service_date=TODAY - dt.timedelta(days=1))
    new = replace(make_sent(make_booking(ann, is_instant=True), calendar), ana)
    transact(lambda: send_invoices([new.pk], by=ana, now=NOW))
    transact(lambda: cancel_invoice(new.pk, reason="Wrong again", by=ana, now=NOW))
    assert dict(Booking.objects.values_list("is_instant", "state")) == {True: "cancelled", False: "completed"}


@pytest.mark.parametrize("ending", ["cancellation", "deletion"])
def test_what_was_made_for_an_instant_invoice_ends_with_the_draft_it_was_put_on_later(
    ana: Actor,
    desk: Client,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    ending: str,
) -> None:
    ann, bob = make_customer("Ann"), make_customer("Bob")
    made, calendar = make_booking(ann, is_instant=True), make_booking(bob)
    make_invoice(made)
    transact(lambda: edit_booking(made.pk, BookingEdit({"customer_id": bob.pk}), by=ana, now=NOW))
    draft = make_invoice(calendar)
    both = {"booking_ids": [calendar.pk, made.pk]}
    transact(lambda: edit_invoice(draft.pk, both, by=ana, now=NOW))
    if ending == "cancellation":
        transact(lambda: send_invoices([draft.pk], by=ana, now=NOW))

    page = f"/payments/invoices/{draft.pk}/{ending}"
    assert f"{made.number} was made for this" in desk.get(page).content.decode()
    desk.post(page, {"reason": "Wrong date", "bookings": "again"})

    assert dict(Booking.objects.values_list("is_instant", "state")) == {True: "cancelled", False: "completed"}


def test_money_on_what_was_made_for_an_instant_invoice_is_said_to_become_credit(
    ana: Actor,
    desk: Client,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    ann = make_customer(name="Ann")
    made, other = make_booking(ann, is_instant=True), make_booking(ann)
    draft = PaymentDraft(ann.pk, "cash", 7_000, "CAD", TODAY, placing={made.pk: 4_000, other.pk: 3_000})
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    invoice = make_sent(made, other)

    asked = desk.get(f"/payments/invoices/{invoice.pk}/cancellation").content.decode()
    assert f"{made.number} was made for this invoice: it is cancelled too" in asked
    assert "$40.00 already paid becomes credit then." in asked
    assert f"$30.00 already paid stays on {other.number}." in asked

    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))
    shown = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert "What was paid on it stayed with the customer, on its bookings or as credit." in shown


def test_an_instant_invoice_is_not_asked_what_becomes_of_bookings_that_end_with_it(
    desk: Client, make_booking: Callable[..., Booking], make_sent: Callable[..., Invoice]
) -> None:
    invoice = make_sent(make_booking(is_instant=True))
    address = f"/payments/invoices/{invoice.pk}/cancellation"

    assert "Can be invoiced again" not in desk.get(address).content.decode()
    desk.post(address, {"reason": "Wrong"})

    assert Invoice.objects.get(pk=invoice.pk).status == Status.CANCELLED


def test_an_invoice_of_somebody_without_an_email_is_cancelled_on_its_page(
    ana: Actor,
    desk: Client,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    invoice = make_invoice(make_booking(make_customer(email="")))
    transact(lambda: send_invoices([invoice.pk], mark_only=True, by=ana, now=NOW))

    desk.post(f"/payments/invoices/{invoice.pk}/cancellation", {"reason": "Wrong", "bookings": "again"})

    assert Invoice.objects.get(pk=invoice.pk).status == Status.CANCELLED


def test_what_was_made_for_an_instant_invoice_does_not_wait_for_another_once_its_draft_is_deleted(
    ana: Actor,
    make_invoice: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
) -> None:
    ann = make_customer()
    draft = make_invoice(make_booking(ann, is_instant=True), make_booking(ann))

    transact(lambda: delete_draft(draft.pk, by=ana, now=NOW))

    assert [booking.is_instant for booking in Booking.objects.to_invoice()] == [False]
    ended = Booking.objects.get(is_instant=True)
    assert (ended.state, ended.cancel_reason, ended.total_minor) == ("cancelled", "Its draft was deleted", 0)


def test_what_was_made_for_an_instant_draft_ends_also_when_it_is_taken_off_it(
    api: ApiClient,
    make_invoice: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
) -> None:
    ann = make_customer()
    made, planned, other = make_booking(ann, is_instant=True), make_booking(ann), make_booking(ann)
    draft = make_invoice(made, planned)

    changed = api.patch(f"/invoices/{draft.pk}", {"booking_ids": [str(other.pk)]})

    assert (changed.status_code, changed.json()["total_minor"]) == (200, 10_000)
    assert list(Booking.objects.to_invoice()) == [planned]
    made.refresh_from_db()
    assert (made.state, made.cancel_reason) == ("cancelled", "It was taken off its draft")


def test_deleting_a_draft_says_in_figures_what_becomes_of_the_money_on_it(
    ana: Actor,
    desk: Client,
    make_invoice: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
) -> None:
    ann = make_customer(name="Ann")
    made, other = make_booking(ann, is_instant=True), make_booking(ann)
    draft = PaymentDraft(ann.pk, "cash", 7_000, "CAD", TODAY, placing={made.pk: 4_000, other.pk: 3_000})
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    invoice = make_invoice(made, other)

    asked = desk.get(f"/payments/invoices/{invoice.pk}/deletion").content.decode()
    assert f"{made.number} was made for this draft: it is cancelled." in asked
    assert "$40.00 already paid becomes credit." in asked
    assert "1 booking can be invoiced again: " in asked
    assert f"$30.00 already paid stays on {other.number}." in asked

    many = desk.post("/payments/invoices/deletions", {"ids": [str(invoice.pk)]}).content.decode()
    assert "$40.00 already paid on it becomes credit." in many


@pytest.mark.parametrize("ask", ["get", "post"])
def test_what_is_cancelled_in_another_tab_is_said_to_be_cancelled_already(
    ana: Actor, desk: Client, sent: Invoice, ask: str
) -> None:
    transact(lambda: cancel_invoice(sent.pk, reason="Wrong date", by=ana, now=NOW))
    answer = getattr(desk, ask)(f"/payments/invoices/{sent.pk}/cancellation", {"reason": "Again"})
    page = answer.content.decode()
    assert answer.status_code == (200 if ask == "get" else 422)
    assert f"{sent.number} is already cancelled" in page
    assert "Reason: Wrong date" in page
    assert "leave it" not in page
    assert 'name="reason"' not in page


def test_a_replacement_may_be_deleted_as_any_draft(ana: Actor, sent: Invoice) -> None:
    new = replace(sent, ana)
    transact(lambda: delete_draft(new.pk, by=ana, now=NOW))

    assert Invoice.objects.get().replaced_by_id is None
    assert Booking.objects.to_invoice().count() == 1


@pytest.mark.parametrize("goes", ["alone", "after another came", "taken off"])
def test_the_invoice_that_takes_what_a_draft_replaced_takes_its_place(
    ana: Actor,
    api: ApiClient,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
    goes: str,
) -> None:
    ann = make_customer("Ann")
    booking, other = make_booking(ann), make_booking(ann)
    old = make_sent(booking)
    new = replace(old, ana)
    ids = [str(booking.pk)]
    if goes != "alone":
        api.patch(f"/invoices/{new.pk}", {"booking_ids": [str(other.pk), *ids]})
    if goes == "taken off":
        api.patch(f"/invoices/{new.pk}", {"booking_ids": [str(other.pk)]})
        assert Invoice.objects.get(pk=old.pk).replaced_by_id is None
        return
    taker = api.post("/invoices", {"booking_ids": ids, "move_from_drafts": True}).json()
    assert str(Invoice.objects.get(pk=old.pk).replaced_by_id) == taker["id"]


def test_a_cancelled_invoice_keeps_its_note_and_leaves_what_went_to_another_customer(
    ana: Actor,
    api: ApiClient,
    desk: Client,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    birch, booking = make_customer("Birch House"), make_booking(make_customer("Maple Offices"))
    invoice = make_sent(booking, note="Dear Maple", extra_recipients=("secret@maple.example",))
    transact(lambda: edit_invoice(invoice.pk, {"note": "Never sent"}, by=ana, now=NOW))
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))
    transact(lambda: edit_booking(booking.pk, BookingEdit({"customer_id": birch.pk}), by=ana, now=NOW))

    page = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert "Dear Maple" in page
    assert "Never sent" not in page
    assert "can be invoiced again" not in page
    copy = api.post(f"/invoices/{invoice.pk}/copies").json()
    assert (copy["billing"]["name"], copy["total_minor"]) == ("Maple Offices", 10_000)


def test_holding_back_and_making_a_new_one_exclude_each_other(ana: Actor, sent: Invoice) -> None:
    with pytest.raises(RuleBroken) as refused:
        replace(sent, ana, hold_back=True)

    assert (refused.value.code, refused.value.field) == ("choose_one", "hold_back")
    assert Invoice.objects.get().status == Status.SENT


def test_both_pages_name_each_other(desk: Client, sent: Invoice) -> None:
    answer = desk.post(
        f"/payments/invoices/{sent.pk}/cancellation",
        {"reason": "Wrong date", "bookings": "again", "act": "make_new"},
    )

    new = Invoice.objects.get(status=Status.DRAFT)
    assert (answer.status_code, answer["Location"]) == (303, f"/payments/invoices/{new.pk}/edit")
    assert f"/payments/invoices/{new.pk}" in desk.get(f"/payments/invoices/{sent.pk}").content.decode()
    assert f"/payments/invoices/{sent.pk}" in desk.get(f"/payments/invoices/{new.pk}").content.decode()


def test_programs_make_a_new_one_too(api: ApiClient, sent: Invoice) -> None:
    made = api.post(f"/invoices/{sent.pk}/cancellation", {"reason": "Wrong date", "make_new": True})

    assert made.status_code == 201, made.content
    replacement = api.get(f"/invoices/{made.json()['replaced_by_id']}").json()
    assert (replacement["status"], replacement["total_minor"]) == ("draft", 10_000)
    assert Entry.objects.filter(type="invoice.created").count() == 2


def test_a_mail_that_still_waits_does_not_ask_for_money_after_the_cancelling(
    ana: Actor, sent: Invoice
) -> None:
    transact(lambda: cancel_invoice(sent.pk, reason="Wrong date", notify=True, by=ana, now=NOW))
    for version in Version.objects.filter(invoice=sent):
        ensure_pdf(version)

    states = set(Message.objects.about([sent.pk]).values_list("kind", "state"))
    assert states == {("invoice", "failed"), ("cancelled", "queued")}
    assert set(Message.objects.unsettled().values_list("kind", flat=True)) == {"cancelled"}
    assert not Message.objects.in_trouble().exists()


def test_a_cancelled_invoice_names_a_booking_that_is_deleted_by_now_without_a_link_to_nothing(
    ana: Actor,
    desk: Client,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    bookings = [make_booking(completed=False) for _ in range(2)]
    invoices = [make_sent(booking) for booking in bookings]
    for invoice in invoices:
        transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))  # noqa: B023 - called at once
    transact(lambda: delete_booking(bookings[1].pk, by=ana, now=NOW))
    kept, deleted = (desk.get(f"/payments/invoices/{each.pk}").content.decode() for each in invoices)
    assert f'href="/bookings/{bookings[0].pk}"' in kept
    assert bookings[1].number in deleted
    assert str(bookings[1].pk) not in deleted


def cancelling(page: str) -> dict[str, str]:
    """What the form of a dialog brings along."""
    return dict(re.findall(r'name="(seen|seen_list|operation_id)" value="([^"]*)"', page)) | {
        "reason": "Ill",
        "fee": "",
    }


@pytest.mark.parametrize(
    ("sent", "alone", "said"),
    [
        (False, False, "Without a fee it leaves its draft."),
        (False, True, "Without a fee its draft, on which it stands alone, is deleted."),
        (True, False, "Without a fee it leaves INV-2026-00001."),
        (True, True, "Without a fee INV-2026-00001, on which it stands alone, is cancelled."),
    ],
)
def test_a_booking_is_not_cancelled_with_an_invoice_that_its_dialog_did_not_name(
    desk: Client,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
    make_invoice: Callable[..., Invoice],
    sent: bool,
    alone: bool,
    said: str,
) -> None:
    customer = make_customer()
    booking, other = make_booking(customer), make_booking(customer)
    at = f"/bookings/{booking.pk}/cancellation"
    asked = desk.get(at).content.decode()
    assert "Without a fee" not in asked
    (make_sent if sent else make_invoice)(*([booking] if alone else [booking, other]))

    told = desk.post(at, cancelling(asked))

    assert told.status_code == 422
    assert "What cancelling it does has changed meanwhile." in told.content.decode()
    assert said in told.content.decode()
    assert not Booking.objects.filter(state="cancelled").exists()
    assert desk.post(at, cancelling(told.content.decode())).status_code == 303
    assert Booking.objects.get(state="cancelled") == booking
    left = list(Invoice.objects.values_list("status", flat=True))
    assert left == (["cancelled"] if sent else []) if alone else ["sent" if sent else "draft"]


def test_a_sent_invoice_is_not_cancelled_with_its_only_booking_without_a_reason(
    api: ApiClient,
    desk: Client,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    alone, free = make_booking(), make_booking()
    sent = make_sent(alone)
    at = f"/bookings/{alone.pk}/cancellation"
    asked = desk.get(at).content.decode()
    assert "Needed without a fee: the cancelled invoice keeps it." in asked
    assert "(optional)" not in asked.split('name="reason"')[0].split("<form")[-1]

    told = desk.post(at, {"reason": "", "fee": ""})
    refused = api.post(f"/bookings/{alone.pk}/cancellation", {})

    assert told.status_code == 422
    assert "Give a reason; it is kept with the invoice." in told.content.decode()
    assert "Needed without a fee" in told.content.decode()
    assert (refused.status_code, refused.json()["field"]) == (422, "reason")
    assert not Booking.objects.filter(state="cancelled").exists()
    assert api.post(f"/bookings/{free.pk}/cancellation", {}).status_code == 201
    assert desk.post(at, {"reason": "Ill", "fee": ""}).status_code == 303
    assert Invoice.objects.get(pk=sent.pk).cancel_reason == "Ill"


def test_a_draft_that_was_scheduled_meanwhile_is_not_deleted_before_that_is_said(
    ana: Actor, desk: Client, make_invoice: Callable[..., Invoice]
) -> None:
    draft = make_invoice()
    at = f"/payments/invoices/{draft.pk}/deletion"
    asked = desk.get(at).content.decode()
    assert "called off" not in asked
    moment = NOW + dt.timedelta(days=400)
    transact(lambda: hold_sending([draft.pk], run_at=moment, by=ana, now=moment - dt.timedelta(days=2)))

    told = desk.post(at, cancelling(asked))

    assert told.status_code == 409
    assert "This draft has changed meanwhile." in told.content.decode()
    assert "The sending that was planned is called off." in told.content.decode()
    assert desk.post(at, cancelling(told.content.decode())).status_code == 303
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("act", ["", "make_new"])
def test_what_was_paid_since_somebody_looked_is_not_cancelled_unseen(
    ana: Actor, desk: Client, sent: Invoice, act: str
) -> None:
    at = f"/payments/invoices/{sent.pk}/cancellation"
    form = cancelling(desk.get(at).content.decode()) | {"bookings": "again", "act": act}
    booking = Booking.objects.get(invoice=sent)
    draft = PaymentDraft(sent.customer_id, "cash", 4_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=ana, now=NOW))

    told = desk.post(at, form)

    page = told.content.decode()
    assert (told.status_code, Invoice.objects.get().cancelled_at) == (422, None)
    assert "It has changed meanwhile. Look at it again, then decide." in page
    assert "$40.00 already paid stays on" in page
    assert desk.post(at, form | cancelling(page)).status_code == 303
    assert Invoice.objects.get(pk=sent.pk).cancelled_at


@pytest.mark.parametrize("by_now", [["maple@customer.example", "stranger@other.example"], []])
def test_a_copy_goes_to_whom_the_dialog_named_or_nothing_is_cancelled(
    ana: Actor, desk: Client, make_sent: Callable[..., Invoice], by_now: list[str]
) -> None:
    sent = make_sent()
    at = f"/payments/invoices/{sent.pk}/cancellation"
    form = cancelling(desk.get(at).content.decode()) | {"bookings": "again", "notify": "on"}
    edit = {"email": by_now[0], "always_copy": by_now[1:]} if by_now else {"email": ""}
    transact(lambda: edit_customer(sent.customer_id, edit, by=ana, now=NOW))
    form |= {"seen": Invoice.objects.get().as_seen_with_money()}  # only to whom it goes is another

    told = desk.post(at, form)

    page = told.content.decode()
    assert (told.status_code, Invoice.objects.get().cancelled_at) == (422, None)
    assert "goes to other recipients by now" in page
    assert ("Send the cancelled copy to 2 recipients" in page) == bool(by_now)
    assert not Message.objects.filter(kind="cancelled").exists()
    assert desk.post(at, form | cancelling(page)).status_code == 303
    copies = Message.objects.filter(kind="cancelled").order_by("recipient")
    assert list(copies.values_list("recipient", flat=True)) == by_now


def test_a_form_that_was_read_already_names_the_recipients_of_now() -> None:
    """Somebody may change them between the reading of the form and the lock."""
    form = CancelForm({"reason": "Ill", "bookings": "again", "notify": "on"})
    form.name_recipients(["maple@customer.example"])
    assert form.is_valid()
    form.name_recipients(["maple@customer.example", "stranger@other.example"])
    assert "Send the cancelled copy to 2 recipients" in form["notify"].as_field_group()
    assert "stranger@other.example" in form["notify"].as_field_group()


def test_a_cancelled_invoice_counts_the_bookings_that_its_copy_bills(
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> None:
    customer = make_customer()
    bookings = [make_booking(customer), make_booking(customer)]
    invoice = make_sent(*bookings)
    for booking in bookings:
        transact(lambda: cancel_booking(booking.pk, fee=None, reason="Rain", by=ana, now=NOW))  # noqa: B023 - called at once
    invoice.refresh_from_db()
    assert (invoice.status, invoice.bookings_count, invoice.total_minor) == (Status.CANCELLED, 2, 20_000)


def test_holding_back_is_not_dropped_where_a_new_one_is_made(desk: Client, sent: Invoice) -> None:
    at = f"/payments/invoices/{sent.pk}/cancellation"
    told = desk.post(at, {"reason": "Wrong", "bookings": "hold_back", "act": "make_new"})
    assert told.status_code == 422
    assert "Bookings that go on a new invoice are not held back." in told.content.decode()
    assert Invoice.objects.get().cancelled_at is None


def test_nobody_to_send_the_copy_to_is_said_before_anything_is_cancelled(
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    api: ApiClient,
) -> None:
    invoice = make_invoice(make_booking(make_customer("Silent", email="")))
    transact(lambda: send_invoices([invoice.pk], mark_only=True, by=ana, now=NOW))

    refused = api.post(f"/invoices/{invoice.pk}/cancellation", {"reason": "Wrong", "notify": True})

    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
        409,
        "no_recipient",
        "notify",
    )
    assert Invoice.objects.get().cancelled_at is None
    assert api.post(f"/invoices/{invoice.pk}/cancellation", {"reason": "Wrong"}).status_code == 201
