"""What the invoice's own page says next: while it leaves, once it changed, once too much was paid, once it is cancelled."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import edit_invoice
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.models import Invoice, Version
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

Make = Callable[..., Invoice]
CHEQUE = {"received_on": "2026-06-30", "method": "cheque", "reference": "884", "way": "oldest"}


@pytest.fixture
def reprice(ana: Actor) -> Callable[[Booking, str], None]:
    def act(booking: Booking, price: str) -> None:
        edit = BookingEdit({}, (ItemDraft(description="Office clean", unit_price=Decimal(price)),))
        transact(lambda: edit_booking(booking.pk, edit, by=ana, now=NOW))

    return act


def page(desk: Client, invoice: Invoice, tab: str = "") -> str:
    return desk.get(f"/payments/invoices/{invoice.pk}{tab}").content.decode()


@pytest.mark.parametrize(
    ("ahead", "words"),
    [
        (dt.timedelta(seconds=80), "Sending in "),
        (dt.timedelta(days=3), "Sending on "),
        (dt.timedelta(seconds=-3), "Sending now"),
    ],
)
def test_an_invoice_that_leaves_says_when_and_offers_to_take_it_back_first(
    desk: Client, company: Company, make_invoice: Make, ahead: dt.timedelta, words: str
) -> None:
    invoice = make_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(sending_at=timezone.now() + ahead)
    shown = page(desk, invoice)
    assert words in shown
    assert f"/payments/invoices/{invoice.pk}/sendings/undo" in shown
    assert "Record payment</a>" not in shown.replace("\n", "").split('<div class="stack">')[0]

    assert words in page(desk, invoice, "/leaving")
    Invoice.objects.filter(pk=invoice.pk).update(sending_at=None)
    left = page(desk, invoice, "/leaving")
    assert 'hx-select="#content"' in left  # the page is fetched as it stands, and asks no more
    assert "every " not in left


def test_what_was_paid_too_much_is_said_with_a_way_to_the_payment(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    invoice = make_sent(make_booking())
    address = f"/payments/invoices/{invoice.pk}/payments"
    said = desk.post(address, CHEQUE | {"amount": "150.00"}, follow=True).content.decode()
    assert "Payment recorded: $100.00 applied, $50.00 kept as credit." in said
    assert f'href="/payments/transactions/{Payment.objects.get().pk}">View the payment</a>' in said


def test_the_history_of_an_invoice_tells_its_payments_and_prices_in_plain_words(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking], reprice: Callable[..., None]
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    desk.post(f"/payments/invoices/{invoice.pk}/payments", CHEQUE | {"amount": "150.00"})
    stranger = make_sent(make_booking())
    desk.post(f"/payments/invoices/{stranger.pk}/payments", CHEQUE | {"amount": "77.00", "reference": "900"})
    reprice(booking, "120.00")
    told = page(desk, invoice, "/history")
    assert "Ana recorded a payment of $150.00 (Cheque 884)" in told
    assert "$100.00 on this invoice" in told
    assert f"Ana changed the price of {booking.number}: $100.00 → $120.00" in told
    assert "Cheque 900" not in told


def test_the_history_asks_as_often_for_three_payments_as_for_one(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking], django_assert_num_queries: Any
) -> None:
    customer = make_booking().customer
    invoice = make_sent(*[make_booking(customer) for _ in range(3)])
    address = f"/payments/invoices/{invoice.pk}"
    desk.post(f"{address}/payments", CHEQUE | {"amount": "10.00"})
    page(desk, invoice, "/history")
    with CaptureQueriesContext(connection) as one:
        page(desk, invoice, "/history")
    asked = len(one)
    for _ in range(2):
        desk.post(f"{address}/payments", CHEQUE | {"amount": "120.00"})
    page(desk, invoice, "/history")
    with django_assert_num_queries(asked):
        page(desk, invoice, "/history")


def test_a_changed_invoice_has_one_send_updated_and_its_dialog_says_what_changed(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking], reprice: Callable[..., None]
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    reprice(booking, "120.00")
    assert page(desk, invoice).count("Send updated") == 1
    asked = page(desk, invoice, "/sendings")
    assert f"Send updated {invoice.number}" in asked
    assert "$100.00 → $120.00" in asked
    assert f"{booking.number}: $100.00 → $120.00" in asked


def test_a_dialog_that_is_behind_does_not_send_twice(desk: Client, make_invoice: Make) -> None:
    invoice = make_invoice()
    at = f"/payments/invoices/{invoice.pk}/sendings"
    form = {"recipients": "a@x.example", "act": "send", "seen": invoice.as_seen(is_ahead=False)}
    assert f'name="seen" value="{invoice.as_seen(is_ahead=False)}"' in page(desk, invoice, "/sendings")
    desk.post(at, form)

    behind = desk.post(at, form)

    assert (behind.status_code, Version.objects.count()) == (422, 1)
    assert "INV-2026-00001 was sent meanwhile" in behind.content.decode()
    assert f'name="seen" value="{Invoice.objects.get().as_seen(is_ahead=False)}"' in behind.content.decode()


def test_what_changed_since_somebody_looked_is_not_sent_unseen(
    desk: Client, make_invoice: Make, make_booking: Callable[..., Booking], reprice: Callable[..., None]
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    seen = invoice.as_seen(is_ahead=False)
    reprice(booking, "9000.00")
    for at in ("sendings", "edit"):
        form = {"recipients": "a@x.example", "act": "send", "terms_days": "14", "seen": seen}
        refused = desk.post(f"/payments/invoices/{invoice.pk}/{at}", form)
        assert refused.status_code == 422
        assert "This draft was changed by someone else meanwhile." in refused.content.decode()
        assert not Version.objects.exists()
    (seen,) = re.findall(r'name="seen" value="([^"]+)"', page(desk, invoice, "/edit"))
    form = {"recipients": "a@x.example", "act": "send", "terms_days": "14", "seen": seen}
    assert desk.post(f"/payments/invoices/{invoice.pk}/edit", form).status_code == 303
    assert Version.objects.get().total_minor == 900_000


@pytest.mark.parametrize("at", ["sendings", "edit", "new"])
def test_work_set_back_to_planned_since_somebody_looked_is_not_billed_without_a_warning(
    desk: Client, ana: Actor, make_invoice: Make, make_booking: Callable[..., Booking], at: str
) -> None:
    booking = make_booking()
    where = f"new?bookings={booking.pk}" if at == "new" else f"{make_invoice(booking).pk}/{at}"
    where = f"/payments/invoices/{where}"
    form = hidden(desk.get(where)) | {"recipients": "a@x.example", "act": "send", "terms_days": "14"}
    transact(lambda: edit_booking(booking.pk, BookingEdit({"state": "scheduled"}), by=ana, now=NOW))

    refused = desk.post(where, form)

    assert (refused.status_code, Version.objects.count()) == (422, 0)
    assert "bills work that is not completed by now" in refused.content.decode()
    assert "This booking is not completed yet" in refused.content.decode()
    assert desk.post(where, form | hidden(refused)).status_code == 303
    assert Version.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "goes_to"), [("maple@customer.example", "new@maple.example"), ("a@x.example", "a@x.example")]
)
@pytest.mark.parametrize("at", ["sendings", "edit", "new"])
def test_a_list_that_nobody_touched_is_todays_when_a_page_is_shown_again(
    desk: Client,
    ana: Actor,
    make_invoice: Make,
    make_booking: Callable[..., Booking],
    at: str,
    typed: str,
    goes_to: str,
) -> None:
    booking = make_booking()
    where = f"new?bookings={booking.pk}" if at == "new" else f"{make_invoice(booking).pk}/{at}"
    where = f"/payments/invoices/{where}"
    form = hidden(desk.get(where)) | {"recipients": typed, "act": "send"}
    transact(lambda: edit_customer(booking.customer_id, {"email": "new@maple.example"}, by=ana, now=NOW))

    refused = desk.post(where, form)

    assert (refused.status_code, Version.objects.count()) == (422, 0)
    (box,) = re.findall(
        r"<textarea[^>]* name=\"recipients\"[^>]*>\s*([^<]*)</textarea>", refused.content.decode()
    )
    assert box.strip() == goes_to
    assert desk.post(where, form | hidden(refused) | {"recipients": box}).status_code == 303
    assert list(Message.objects.values_list("recipient", flat=True)) == [goes_to]
    assert Invoice.objects.get().extra_recipients == ([] if at == "sendings" or typed != goes_to else [typed])


def test_what_somebody_else_saved_meanwhile_is_a_link_away_from_the_refusal(
    desk: Client, ana: Actor, make_invoice: Make, make_sent: Make
) -> None:
    draft, sent = make_invoice(), make_sent()
    for invoice, at in ((draft, "edit"), (draft, "note"), (sent, "details")):
        where = f"/payments/invoices/{invoice.pk}"
        form = hidden(desk.get(f"{where}/{at}")) | {
            "recipients": "a@x.example",
            "act": "draft",
            "note": "Mine",
        }
        transact(lambda: edit_invoice(invoice.pk, {"note": f"{at}"}, by=ana, now=NOW))  # noqa: B023 - called at once
        refused = desk.post(f"{where}/{at}", form)
        assert refused.status_code == 422
        assert f'<a class="text-link" href="{where}">Open the invoice</a>' in refused.content.decode()
        assert Invoice.objects.get(pk=invoice.pk).note == at


def test_what_was_held_back_since_somebody_looked_is_not_billed_unseen(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    where = f"/payments/invoices/new?bookings={booking.pk}"
    form = hidden(desk.get(where)) | {"recipients": "a@x.example", "act": "draft", "terms_days": "14"}
    transact(lambda: edit_booking(booking.pk, BookingEdit({"held_back": True}), by=ana, now=NOW))

    refused = desk.post(where, form)

    assert (refused.status_code, Invoice.objects.count()) == (422, 0)
    assert f"Booking {booking.number} was held back meanwhile." in refused.content.decode()
    assert desk.post(where, form | hidden(refused)).status_code == 303
    assert Invoice.objects.get().bookings_count == 1


def hidden(answer: Any) -> dict[str, str]:
    found = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', answer.content.decode())
    return {name: value for name, value in found if name != "operation_id"}


@pytest.mark.parametrize("at", ["sendings", "edit"])
@pytest.mark.parametrize("act", ["send", "mark"])
def test_a_sending_planned_since_somebody_looked_is_not_dropped_unseen(
    desk: Client, ana: Actor, make_invoice: Make, at: str, act: str
) -> None:
    invoice = make_invoice()
    form = {
        "recipients": "a@x.example",
        "act": act,
        "terms_days": "14",
        "seen": invoice.as_seen(is_ahead=False),
    }
    transact(lambda: hold_sending([invoice.pk], run_at=NOW + dt.timedelta(days=1), by=ana, now=NOW))

    refused = desk.post(f"/payments/invoices/{invoice.pk}/{at}", form)

    assert refused.status_code == 422
    assert "This draft waits to be sent already." in refused.content.decode()
    assert Invoice.objects.get().sending_at == NOW + dt.timedelta(days=1)


def test_saving_a_draft_says_which_addresses_taken_out_of_the_box_stay(
    desk: Client, make_invoice: Make
) -> None:
    invoice = make_invoice()
    own = invoice.customer.email
    at = f"/payments/invoices/{invoice.pk}/edit"
    form = {"act": "draft", "terms_days": "14", "recipients": "boss@x.example"}
    assert (
        f"Saved as draft. It still goes to {own}, from the customer&#x27;s own settings"
        in desk.post(at, form, follow=True).content.decode()
    )
    assert {own, "boss@x.example"} == set(resolve_recipients([Invoice.objects.get()], {})[invoice.pk])
    form |= {"recipients": f"boss@x.example, {own.upper()}"}
    assert "It still goes to" not in desk.post(at, form, follow=True).content.decode()


def test_an_address_that_was_the_customers_when_the_page_was_shown_is_not_kept_as_one_of_the_draft(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    at = f"/payments/invoices/new?bookings={booking.pk}"
    form = dict(
        re.findall(r'type="hidden" name="(own|customer)" value="([^"]+)"', desk.get(at).content.decode())
    )
    form |= {
        "bookings": str(booking.pk),
        "recipients": f"{form['own']}, boss@x.example",
        "terms_days": "14",
        "act": "draft",
    }
    new = {"email": "new@customer.example"}
    transact(lambda: edit_customer(booking.customer_id, new, by=ana, now=NOW))

    saved = desk.post("/payments/invoices/new", form, follow=True).content.decode()

    assert Invoice.objects.get().extra_recipients == ["boss@x.example"]
    assert "It still goes to new@customer.example" in saved


def test_what_is_typed_into_a_draft_that_was_sent_meanwhile_is_said_to_be_lost(
    desk: Client, make_sent: Make
) -> None:
    at = f"/payments/invoices/{make_sent().pk}/edit"
    told = desk.post(at, {"act": "draft", "note": "Mind the dog", "terms_days": "14"}, follow=True)
    assert "INV-2026-00001 was sent meanwhile: nothing of what you typed was saved." in told.content.decode()
    assert "typed" not in desk.get(at, follow=True).content.decode()


def test_a_dialog_over_an_invoice_that_was_cancelled_meanwhile_says_so_and_offers_no_send(
    desk: Client, ana: Actor, make_sent: Make
) -> None:
    invoice = make_sent()
    at = f"/payments/invoices/{invoice.pk}/sendings"
    form = {"recipients": "a@x.example", "act": "send", "seen": invoice.as_seen(is_ahead=False)}
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))
    behind = desk.post(at, form)
    assert behind.status_code == 422
    assert "is already cancelled" in behind.content.decode()
    assert 'value="send"' not in behind.content.decode()
    reminding = desk.get(f"/payments/invoices/{invoice.pk}/reminders")
    assert (reminding.status_code, "is cancelled" in reminding.content.decode()) == (409, True)


def test_what_was_typed_for_one_customer_is_not_sent_to_another(
    desk: Client, ana: Actor, make_customer: Callable[..., Customer], make_booking: Callable[..., Booking]
) -> None:
    booking, birch = make_booking(make_customer("Maple Offices")), make_customer("Birch House")
    at = f"/payments/invoices/new?bookings={booking.pk}"
    shown = desk.get(at).content.decode()
    form = dict(re.findall(r'<input type="hidden" name="(customer|seen|bookings)" value="([^"]+)"', shown))
    form |= {"recipients": "maple@customer.example", "note": "Dear Maple", "terms_days": "14"}
    transact(lambda: edit_booking(booking.pk, BookingEdit({"customer_id": birch.pk}), by=ana, now=NOW))
    for act in ("send", "draft"):
        refused = desk.post("/payments/invoices/new", {**form, "act": act})
        page = refused.content.decode()
        assert (refused.status_code, Invoice.objects.count()) == (422, 0)
        assert "It bills Birch House now" in page
        assert "birch@customer.example" in page
        assert "maple@customer.example" not in page
        assert "Dear Maple" not in page


def test_work_that_is_not_done_is_billed_with_a_warning_everywhere(
    desk: Client, make_invoice: Make, make_booking: Callable[..., Booking]
) -> None:
    invoice = make_invoice(make_booking(completed=False))
    for at in ("", "/edit", "/sendings"):
        assert "This booking is not completed yet" in page(desk, invoice, at)
    desk.post(f"/payments/invoices/{invoice.pk}/sendings", {"act": "mark"})
    assert "This booking is not completed yet" not in page(desk, invoice)


def test_a_cancelled_invoice_asks_for_nothing_and_names_what_replaced_it(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    invoice = make_sent(make_booking())
    desk.post(f"/payments/invoices/{invoice.pk}/cancellation", {"reason": "Typo", "bookings": "again"})
    shown = page(desk, invoice)
    assert "Reason: Typo" in shown
    assert "1 booking of it can be invoiced again." in shown
    assert f'href="/payments/invoices/choose?customer={invoice.customer_id}"' in shown
    assert "Record a payment when money comes in" not in shown

    other = make_sent(make_booking())
    made = desk.post(
        f"/payments/invoices/{other.pk}/cancellation",
        {"reason": "Typo", "bookings": "again", "act": "make_new"},
    )
    replacement = made.headers["Location"].removesuffix("/edit")
    assert f'href="{replacement}">a draft</a>' in page(desk, other)


def test_the_dialog_of_a_cancellation_names_bookings_and_recipients(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    customer = make_booking().customer
    bookings = [make_booking(customer) for _ in range(6)]
    invoice = make_sent(*bookings)
    desk.post(f"/payments/invoices/{invoice.pk}/payments", CHEQUE | {"amount": "100.00"})
    asked = page(desk, invoice, "/cancellation")
    first, *rest = [booking.number for booking in bookings]
    assert f"6 bookings leave it: {', '.join([first, *rest[:3]])} and 2 more." in asked
    assert f"$100.00 already paid stays on {first}." in asked
    assert "Send the cancelled copy to 1 recipient" in asked


def test_a_completed_booking_leads_to_its_invoice_and_a_changed_one_to_the_update(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    waiting = make_booking(completed=False)
    done = desk.post(f"/bookings/{waiting.pk}/completion", follow=True).content.decode()
    assert f'href="/payments/invoices/new?bookings={waiting.pk}">Generate Invoice</a>' in done

    booking = make_booking()
    invoice = make_sent(booking)
    form = {
        "customer": str(booking.customer_id),
        "service_date": booking.service_date.isoformat(),
        "items-TOTAL_FORMS": "1",
        "items-INITIAL_FORMS": "0",
        "items-0-description": "Office clean",
        "items-0-quantity": "1",
        "items-0-unit_price": "90.00",
        "revision": str(Booking.objects.get(pk=booking.pk).revision),
    }
    saved = desk.post(f"/bookings/{booking.pk}/edit", form, follow=True).content.decode()
    assert f"{booking.number} is saved. {invoice.number} changed since it was sent." in saved
    assert f'href="/payments/invoices/{invoice.pk}/sendings">Send updated</a>' in saved


def test_undo_of_completing_is_offered_where_it_can_be_undone(
    desk: Client, make_sent: Make, make_invoice: Make, make_booking: Callable[..., Booking]
) -> None:
    on_none, on_draft, on_sent = (make_booking(completed=False) for _ in range(3))
    make_invoice(on_draft)
    make_sent(on_sent)
    offered = {}
    for booking in (on_none, on_draft, on_sent):
        undo = f"/bookings/{booking.pk}/reopening"
        done = desk.post(f"/bookings/{booking.pk}/completion", follow=True).content.decode()
        offered[booking] = done.count(undo)
    # In the menu of the page, and in what it says.
    assert offered == {on_none: 2, on_draft: 2, on_sent: 0}


def test_an_instant_invoice_is_made_from_the_lines_of_the_bookings_form(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    customer = make_customer()
    shown = desk.get("/payments/invoices/instant").content.decode()
    assert "Add a line" in shown
    assert 'id="sums"' in shown
    form = {
        "customer": str(customer.pk),
        "service_date": "2026-06-30",
        "items-TOTAL_FORMS": "5",
        "items-INITIAL_FORMS": "0",
        "items-0-description": "Emergency visit",
        "items-0-unit_price": "80.00",
        "items-4-description": "Parts",
        "items-4-quantity": "2",
        "items-4-unit_price": "12.50",
    }
    made = desk.post("/payments/invoices/instant", form)
    assert made.status_code == 303
    assert Invoice.objects.get().total_minor == 10_500
