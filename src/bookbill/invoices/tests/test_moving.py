"""Bookings that move from drafts, invoices that lock them, versions beside what stands now."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import AfterSending, Company
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import edit_invoice, make_invoices
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.invoices.rules import Status
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]
MakeBooking = Callable[..., Booking]


def gather(by: Actor, *bookings: Booking) -> Invoice:
    draft = InvoiceDraft(tuple(booking.pk for booking in bookings))
    return transact(lambda: make_invoices([draft], move_from_drafts=True, by=by, now=NOW))[0]


@pytest.fixture
def three(make_booking: MakeBooking, make_customer: Callable[..., Customer]) -> Sequence[Booking]:
    customer = make_customer()
    return [make_booking(customer) for _ in range(3)]


def on_invoices() -> dict[UUID, int]:
    return dict(Invoice.objects.values_list("pk", "total_minor"))


def test_an_emptied_draft_goes_and_another_keeps_the_rest(
    ana: Actor, make_invoice: Make, three: Sequence[Booking]
) -> None:
    make_invoice(three[0])
    kept = make_invoice(three[1], three[2])

    new = gather(ana, three[0], three[1])

    assert on_invoices() == {new.pk: 20_000, kept.pk: 10_000}


def test_a_draft_that_loses_bookings_tells_so_in_its_history(
    desk: Client, ana: Actor, make_invoice: Make, three: Sequence[Booking]
) -> None:
    kept = make_invoice(*three)

    gather(ana, three[0], three[2])

    (told,) = Entry.objects.filter(subject_id=kept.pk, type="invoice.bookings_left")
    assert told.before == {"total_minor": 30_000}
    assert told.after == {"total_minor": 10_000, "bookings": ["B-1001", "B-1003"]}
    shown = desk.get(f"/payments/invoices/{kept.pk}/history").content.decode()
    assert "Ana moved B-1001, B-1003 to another draft" in shown


@pytest.mark.parametrize("act", ["customer", "reopened", "cancelled"])
def test_whatever_takes_a_booking_off_its_invoice_stands_in_the_invoices_history(
    desk: Client,
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_invoice: Make,
    make_sent: Make,
    three: Sequence[Booking],
    act: str,
) -> None:
    kept = (make_sent if act == "cancelled" else make_invoice)(*three)
    leaving = three[0].pk
    if act == "cancelled":
        transact(lambda: cancel_booking(leaving, fee=None, reason="Rained out", by=ana, now=NOW))
    else:
        birch = make_customer("Birch House").pk
        edit = BookingEdit({"customer_id": birch} if act == "customer" else {"state": "scheduled"})
        transact(lambda: edit_booking(leaving, edit, by=ana, now=NOW))

    (told,) = Entry.objects.filter(subject_id=kept.pk, type="invoice.bookings_left")
    assert (told.before, told.after["total_minor"]) == ({"total_minor": 30_000}, 20_000)
    shown = desk.get(f"/payments/invoices/{kept.pk}/history").content.decode()
    words = {
        "customer": "Ana moved B-1001 to another customer: no longer on this invoice",
        "reopened": "Ana set B-1001 back to scheduled: no longer on this invoice",
        "cancelled": "Ana cancelled B-1001: no longer on this invoice",
    }
    assert words[act] in shown
    assert "$300.00 → $200.00" in shown
    assert ("Rained out" in shown) == (act == "cancelled")


def test_a_booking_cancelled_with_a_fee_stays_and_leaves_no_word_of_leaving(
    ana: Actor, make_sent: Make, three: Sequence[Booking]
) -> None:
    kept = make_sent(*three)
    fee = ItemDraft(description="Fee", unit_price=Decimal(25))
    transact(lambda: cancel_booking(three[0].pk, fee=fee, reason="Late", by=ana, now=NOW))
    assert on_invoices() == {kept.pk: 22_500}
    assert not Entry.objects.filter(type="invoice.bookings_left").exists()


def test_a_booking_in_two_groups_is_refused_before_anything_is_made(
    ana: Actor, three: Sequence[Booking]
) -> None:
    drafts = [InvoiceDraft((three[0].pk, three[1].pk)), InvoiceDraft((three[1].pk, three[2].pk))]

    with pytest.raises(RuleBroken, match="Booking B-1002 stands in two groups") as refused:
        transact(lambda: make_invoices(drafts, by=ana, now=NOW))

    assert refused.value.code == "booking_twice"
    assert not on_invoices()


def test_a_draft_that_is_about_to_be_sent_is_not_touched(
    ana: Actor, make_invoice: Make, three: Sequence[Booking]
) -> None:
    held = make_invoice(three[0])
    transact(lambda: hold_sending([held.pk], by=ana, now=NOW))

    with pytest.raises(RuleBroken) as refused:
        gather(ana, *three)

    assert refused.value.code == "booking_on_promised_draft"
    assert "B-1001 is on a draft that is about to be sent" in refused.value.message
    assert on_invoices() == {held.pk: 10_000}


def test_nothing_moves_from_a_sent_invoice(ana: Actor, make_sent: Make, three: Sequence[Booking]) -> None:
    make_sent(three[0])
    with pytest.raises(RuleBroken) as refused:
        gather(ana, *three)
    assert refused.value.code == "booking_already_invoiced"


def test_without_being_asked_nothing_moves(ana: Actor, make_invoice: Make, three: Sequence[Booking]) -> None:
    make_invoice(three[0])
    with pytest.raises(RuleBroken) as refused:
        make_invoice(*three)
    assert refused.value.code == "booking_already_invoiced"


def test_the_page_says_what_moves(desk: Client, make_invoice: Make, three: Sequence[Booking]) -> None:
    make_invoice(three[0])
    query = "&".join(f"bookings={booking.pk}" for booking in three[:2])
    at = f"/payments/invoices/new?{query}"
    assert "1 booking moves here from a draft" in desk.get(at).content.decode()

    form = {"bookings": [str(booking.pk) for booking in three[:2]], "terms_days": "14", "act": "draft"}
    assert desk.post(at, form).status_code == 422  # nothing moves that was not shown
    assert desk.post(at, form | {"move": "yes"}).status_code == 303
    assert list(on_invoices().values()) == [20_000]


def test_moving_twenty_takes_as_many_queries_as_one(
    ana: Actor, make_booking: MakeBooking, make_invoice: Make, django_assert_max_num_queries: Any
) -> None:
    def drafts(count: int) -> list[InvoiceDraft]:
        bookings = [make_booking() for _ in range(count)]
        for booking in bookings:
            make_invoice(booking)
        return [InvoiceDraft((booking.pk,)) for booking in bookings]

    one, many = drafts(1), drafts(20)
    with django_assert_max_num_queries(40) as for_one:
        transact(lambda: make_invoices(one, move_from_drafts=True, by=ana, now=NOW))
    with django_assert_max_num_queries(len(for_one)):
        transact(lambda: make_invoices(many, move_from_drafts=True, by=ana, now=NOW))
    assert Invoice.objects.count() == 21


def test_moving_out_of_twenty_that_keep_the_rest_takes_as_many_queries_as_out_of_one(
    ana: Actor, make_booking: MakeBooking, make_invoice: Make, django_assert_max_num_queries: Any
) -> None:
    def drafts(count: int) -> list[InvoiceDraft]:
        moving = []
        for _ in range(count):
            booking = make_booking()
            make_invoice(booking, make_booking(booking.customer))
            moving.append(InvoiceDraft((booking.pk,)))
        return moving

    one, many = drafts(1), drafts(20)
    with django_assert_max_num_queries(40) as for_one:
        transact(lambda: make_invoices(one, move_from_drafts=True, by=ana, now=NOW))
    with django_assert_max_num_queries(len(for_one)):
        transact(lambda: make_invoices(many, move_from_drafts=True, by=ana, now=NOW))
    assert Entry.objects.filter(type="invoice.bookings_left").count() == 21


@pytest.mark.parametrize("per_invoice", [1, 3])
def test_making_fifty_takes_as_many_queries_as_one(
    ana: Actor, make_booking: MakeBooking, django_assert_max_num_queries: Any, per_invoice: int
) -> None:
    def drafts(count: int) -> list[InvoiceDraft]:
        customers = [make_booking().customer for _ in range(count)]
        return [
            InvoiceDraft(tuple(make_booking(customer).pk for _ in range(per_invoice)))
            for customer in customers
        ]

    one, fifty = drafts(1), drafts(50)
    with django_assert_max_num_queries(20) as for_one:
        transact(lambda: make_invoices(one, by=ana, now=NOW))
    with django_assert_max_num_queries(len(for_one)):
        transact(lambda: make_invoices(fifty, by=ana, now=NOW))


CHEAPER = BookingEdit({}, (ItemDraft(description="Clean", unit_price=Decimal(60)),))


@pytest.mark.parametrize(
    ("policy", "paid", "locked"),
    [
        (AfterSending.FOLLOW, True, False),
        (AfterSending.LOCK_ONCE_SENT, False, True),
        (AfterSending.LOCK_ONCE_PAID, False, False),
        (AfterSending.LOCK_ONCE_PAID, True, True),
    ],
)
def test_a_locked_invoice_says_so_and_refuses_with_the_way_out(
    desk: Client,
    ana: Actor,
    company: Company,
    make_sent: Make,
    make_booking: MakeBooking,
    policy: AfterSending,
    paid: bool,
    locked: bool,
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    if paid:
        payment = PaymentDraft(invoice.customer_id, "cash", 4_000, "CAD", TODAY, fill=(booking.pk,))
        transact(lambda: record_payments([payment], by=ana, now=NOW))
    Company.objects.filter(pk=company.pk).update(after_sending=policy)

    shown = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert ("They do not change any more" in shown) == locked
    if locked:
        with pytest.raises(RuleBroken, match="Cancel it and make a new one"):
            transact(lambda: edit_booking(booking.pk, CHEAPER, by=ana, now=NOW))
    else:
        transact(lambda: edit_booking(booking.pk, CHEAPER, by=ana, now=NOW))


def test_the_form_of_a_locked_booking_leads_to_its_invoice_and_its_replacement(
    desk: Client, company: Company, make_sent: Make, make_booking: MakeBooking
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    Company.objects.filter(pk=company.pk).update(after_sending=AfterSending.LOCK_ONCE_SENT)
    at = f"/bookings/{booking.pk}/edit"
    form = {
        "customer": str(booking.customer_id),
        "service_date": "2026-06-30",
        "items-TOTAL_FORMS": "1",
        "items-INITIAL_FORMS": "1",
        "items-0-description": "Office clean",
        "items-0-quantity": "1",
        "items-0-unit_price": "100.00",
    }
    refused = desk.post(at, form | {"items-0-unit_price": "60.00"})
    assert refused.status_code == 422
    for shown in (desk.get(at).content.decode(), refused.content.decode()):
        assert f"{invoice.number} was sent and is locked" in shown
        assert f'href="/payments/invoices/{invoice.pk}"' in shown
        assert f'href="/payments/invoices/{invoice.pk}/cancellation"' in shown
        assert "Cancel and make a new one" in shown
    assert f'<a class="text-link" href="/payments/invoices/{invoice.pk}">Open the invoice</a>' in shown
    assert desk.post(at, form | {"note": "Ring twice"}).status_code == 303


def test_a_refusal_without_a_form_leads_on(desk: Client, make_sent: Make, make_booking: MakeBooking) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    answer = desk.post(f"/bookings/{booking.pk}/reopening")
    assert answer.status_code == 409
    assert f'href="/payments/invoices/{invoice.pk}">Open the invoice</a>' in answer.content.decode()


def test_a_version_stands_beside_what_is_now(
    desk: Client, ana: Actor, make_sent: Make, make_booking: MakeBooking
) -> None:
    booking = make_booking()
    invoice = make_sent(booking, note="Old words")
    transact(lambda: edit_booking(booking.pk, CHEAPER, by=ana, now=NOW))
    Invoice.objects.update(note="New words")

    shown = desk.get(f"/payments/invoices/{invoice.pk}/comparison").content.decode()
    for said in ("$100.00", "$60.00", "Office clean", "Changed", "Old words", "New words", "Send updated"):
        assert said in shown
    assert desk.get(f"/payments/invoices/{invoice.pk}/comparison?version=7").status_code == 404


def test_a_draft_has_nothing_to_compare(desk: Client, make_invoice: Make) -> None:
    assert desk.get(f"/payments/invoices/{make_invoice().pk}/comparison").status_code == 404


def test_a_cancelled_invoice_names_what_its_bookings_moved_on_to(
    ana: Actor, desk: Client, make_sent: Make, make_booking: MakeBooking
) -> None:
    booking = make_booking()
    old, customer = make_sent(booking), booking.customer
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", make_new=True, by=ana, now=NOW))
    draft = InvoiceDraft((booking.pk, make_booking(customer).pk))
    moved = transact(lambda: make_invoices([draft], move_from_drafts=True, by=ana, now=NOW))[0]

    assert not Invoice.objects.filter(status=Status.DRAFT).exclude(pk=moved.pk).exists()
    assert Invoice.objects.get(pk=old.pk).replaced_by_id == moved.pk
    shown = desk.get(f"/payments/invoices/{old.pk}").content.decode()
    assert f'href="/payments/invoices/{moved.pk}"' in shown


def test_one_whose_bookings_moved_on_to_several_names_none_of_them_however_they_moved(
    ana: Actor, desk: Client, make_sent: Make, three: Sequence[Booking]
) -> None:
    old = make_sent(*three[:2])
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", make_new=True, by=ana, now=NOW))
    gather(ana, three[0])
    gather(ana, three[1])

    assert Invoice.objects.get(pk=old.pk).replaced_by_id is None
    assert "Replaced by" not in desk.get(f"/payments/invoices/{old.pk}").content.decode()


def test_one_whose_bookings_met_again_names_what_they_are_on(
    ana: Actor, make_sent: Make, three: Sequence[Booking]
) -> None:
    old = make_sent(*three[:2])
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", make_new=True, by=ana, now=NOW))
    first = gather(ana, three[0])
    transact(lambda: edit_invoice(first.pk, {"booking_ids": [three[2].pk]}, by=ana, now=NOW))
    last = gather(ana, three[1], three[0])

    assert Invoice.objects.get(pk=old.pk).replaced_by_id == last.pk
