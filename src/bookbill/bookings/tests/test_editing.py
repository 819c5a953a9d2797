"""Editing a booking: what counts as a change, and what a locked invoice lets through."""

from collections.abc import Callable
from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.catalogue import create_service
from bookbill.bookings.actions.duplicating import duplicate_bookings
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.succession import archive_tax_code
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.models import AfterSending, Company, Member
from bookbill.companies.rules import Role
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.addresses import clean_address
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.money.pricing import Discount
from bookbill.operations.verify.command import verify
from tests.support.cast import NOW, TODAY, add_member, make_tax_code

pytestmark = pytest.mark.both_databases

LINE = ItemDraft(description="Office clean", unit_price=Decimal("100.00"))


def address(line1: str) -> dict[str, str]:
    return clean_address({"line1": line1, "city": "Toronto"}, field="service_address")


ELSEWHERE = address("9 Harbour Quay")


def edit(by: Actor, booking: Booking, change: BookingEdit) -> Booking:
    return transact(lambda: edit_booking(booking.pk, change, by=by, now=NOW))


def test_saving_what_is_stored_already_changes_nothing(
    ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    entries = Entry.objects.count()
    same = edit(ana, booking, BookingEdit({"service_date": TODAY, "note": "", "discount": None}, (LINE,)))
    assert same.revision == booking.revision
    assert Entry.objects.count() == entries


@pytest.mark.parametrize("policy", [AfterSending.LOCK_ONCE_SENT, AfterSending.LOCK_ONCE_PAID])
def test_a_locked_invoice_lets_notes_through_and_nothing_else(
    ana: Actor,
    company: Company,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    policy: AfterSending,
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    Company.objects.update(after_sending=policy)
    dearer = BookingEdit({}, (replace(LINE, unit_price=Decimal(120)),))
    if policy == AfterSending.LOCK_ONCE_PAID:
        edit(ana, booking, dearer)
        assert Invoice.objects.get().total_minor == 12_000
        return
    edited = edit(ana, booking, BookingEdit({"note": "key under the mat", "service_date": TODAY}, (LINE,)))
    assert edited.note == "key under the mat"
    with pytest.raises(RuleBroken) as refused:
        edit(ana, booking, dearer)
    assert refused.value.code == "invoice_locked"


def test_a_form_that_says_what_is_stored_is_no_change_of_a_taxed_booking(
    ana: Actor,
    company: Company,
    desk: Client,
    tax_code: TaxCode,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    """The form posts the tax codes with every save, also where only the note was written."""
    line = replace(LINE, tax_code_id=tax_code.pk)
    booking = make_booking(items=(line,), tax_code_id=tax_code.pk)
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    Company.objects.update(after_sending=AfterSending.LOCK_ONCE_SENT)
    said = {"tax_code_id": tax_code.pk, "discount": None, "service_date": TODAY}
    edit(ana, booking, BookingEdit({**said, "note": "Key under the mat"}, (line,)))
    assert Booking.objects.get().note == "Key under the mat"
    assert "items_count" not in Entry.objects.filter(type="booking.edited").get().after
    other = make_tax_code(company, "Other")
    with pytest.raises(RuleBroken):
        edit(ana, booking, BookingEdit({**said, "tax_code_id": other.pk}, (line,)))


@pytest.mark.parametrize("policy", [AfterSending.LOCK_ONCE_SENT, AfterSending.LOCK_ONCE_PAID])
def test_a_lock_keeps_neither_a_booking_nor_the_invoice_that_only_it_is_on(
    ana: Actor,
    desk: Client,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    policy: AfterSending,
) -> None:
    customer = make_customer()
    alone, one, other = (make_booking(customer) for _ in range(3))
    for own in ([alone], [one, other]):
        invoice = make_invoice(*own)
        transact(partial(send_invoices, [invoice.pk], by=ana, now=NOW))
        draft = PaymentDraft(customer.pk, "cash", 1_000, "CAD", TODAY, fill=(own[0].pk,))
        transact(partial(record_payments, [draft], by=ana, now=NOW))
    Company.objects.update(after_sending=policy)
    alone_on = Booking.objects.get(pk=alone.pk).invoice_id
    fee = ItemDraft(description="Fee", unit_price=Decimal(30))

    assert "INV-2026-00002 is locked" in desk.get(f"/bookings/{one.pk}/cancellation").content.decode()
    page = desk.get(f"/bookings/{alone.pk}/cancellation").content.decode()
    assert "to keep a fee, cancel it and make a new one first" in page
    assert 'name="fee"' not in page
    for booking, kept in ((one, None), (one, fee), (alone, fee)):
        with pytest.raises(RuleBroken) as refused:
            transact(partial(cancel_booking, booking.pk, fee=kept, reason="Ill", by=ana, now=NOW))
        assert refused.value.code == "invoice_locked"
    told = desk.post(f"/bookings/{alone.pk}/cancellation", {"reason": "Ill", "fee": "30"}).content.decode()
    assert f'href="/payments/invoices/{alone_on}/cancellation">Cancel and make a new one</a>' in told
    transact(lambda: cancel_booking(alone.pk, fee=None, reason="Ill", by=ana, now=NOW))

    assert dict(Invoice.objects.values_list("number", "status")) == {
        "INV-2026-00001": "cancelled",
        "INV-2026-00002": "partially_paid",
    }


@pytest.mark.parametrize(
    "fields", [{"start_time": time(9, 30)}, {"service_address": {**ELSEWHERE}}], ids=["hour", "place"]
)
def test_the_hour_and_the_place_are_no_part_of_what_an_invoice_claims(
    ana: Actor,
    company: Company,
    desk: Client,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    fields: dict[str, Any],
) -> None:
    """domain.md §3 locks items, discount, tax, date and customer; what is not locked does not make it *changed* either."""
    booking = make_booking()
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    Company.objects.update(after_sending=AfterSending.LOCK_ONCE_SENT)
    edit(ana, booking, BookingEdit(fields))
    invoice.refresh_from_db()
    assert invoice.live_claim == invoice.sent_claim
    billed = Customer.objects.get(pk=invoice.customer_id)
    printed = {"phone": "+1 514 555 0100", "billing_email": "bills@maple.example"}
    transact(lambda: edit_customer(billed.pk, printed, by=ana, now=NOW))
    till = add_member(company, "Till", Role.OFFICE)
    unprinted = {"payment_terms_days": 30, "email": "private@maple.example"}
    transact(lambda: edit_customer(billed.pk, unprinted, by=till, now=NOW))
    page = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert "Billing details changed, by Ana" in page
    assert f"{booking.number}: details changed" not in page
    with pytest.raises(RuleBroken) as refused:
        edit(ana, booking, BookingEdit({"service_date": TODAY + timedelta(days=1)}))
    assert refused.value.code == "invoice_locked"


def test_the_date_is_part_of_what_an_invoice_claims(
    ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    edit(ana, booking, BookingEdit({"service_date": TODAY + timedelta(days=1)}))
    invoice.refresh_from_db()
    assert invoice.live_claim != invoice.sent_claim


def test_a_booking_at_its_customers_address_moves_to_that_of_the_new_customer(
    ana: Actor, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    maple = make_customer(service_address=address("1 Maple Street"))
    oak = make_customer("Oak Dental", service_address=address("2 Oak Road"))
    at_maple, elsewhere = make_booking(maple), make_booking(maple, service_address=ELSEWHERE)
    assert edit(ana, at_maple, BookingEdit({"customer_id": oak.pk})).service_address == oak.service_address
    assert edit(ana, elsewhere, BookingEdit({"customer_id": oak.pk})).service_address == ELSEWHERE
    told = BookingEdit({"customer_id": maple.pk, "service_address": oak.service_address})
    assert edit(ana, at_maple, told).service_address == oak.service_address


def test_what_lowered_the_claim_on_one_customer_does_not_lower_that_on_another(
    ana: Actor, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    booking, oak = make_booking(), make_customer("Oak Dental")
    transact(lambda: reduce_claim(booking.pk, amount_minor=3_000, reason="Kind", by=ana, now=NOW))
    transact(lambda: write_off(booking.pk, amount_minor=2_000, reason="Lost", by=ana, now=NOW))
    moved = edit(ana, booking, BookingEdit({"customer_id": oak.pk}))
    assert (moved.reduced_minor, moved.written_off_minor, moved.due()) == (0, 0, 10_000)
    assert Entry.objects.filter(type="booking.cover_released").get().subject_id == booking.pk
    assert not [finding for finding in verify() if finding.bad]


def test_what_is_on_an_invoice_is_not_held_back_from_an_old_page(
    desk: Client, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    booking = make_booking()
    make_invoice(booking)
    refused = desk.post(f"/bookings/{booking.pk}/hold?held=yes")
    assert refused.status_code == 409
    assert f"{booking.number} is on an invoice. Take it off that first" in refused.content.decode()
    assert not Booking.objects.get().held_back


def test_a_cancelled_booking_with_a_fee_can_be_held_back_and_taken_up_again(
    ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    fee = ItemDraft(description="Late cancellation", unit_price=Decimal(40))
    booking = make_booking()
    transact(lambda: cancel_booking(booking.pk, fee=fee, reason="too late", by=ana, now=NOW))

    def hold(held: bool) -> None:
        transact(lambda: edit_booking(booking.pk, BookingEdit({"held_back": held}), by=ana, now=NOW))

    for held in (True, False):
        hold(held)
        assert Booking.objects.to_invoice().filter(pk=booking.pk).exists() is not held
    with pytest.raises(RuleBroken) as refused:
        transact(
            lambda: edit_booking(booking.pk, BookingEdit({"note": "x", "held_back": True}), by=ana, now=NOW)
        )
    assert refused.value.code == "booking_cancelled"


def test_lines_that_name_their_tax_code_keep_it_when_the_bookings_own_changes(
    ana: Actor, company: Company, make_booking: Callable[..., Booking]
) -> None:
    gst, pst = make_tax_code(company, "GST", "5"), make_tax_code(company, "PST", "7")
    lines = (ItemDraft(description="Work", unit_price=Decimal(100), tax_code_id=gst.pk),)
    booking = make_booking(items=lines, tax_code_id=gst.pk)
    transact(lambda: edit_booking(booking.pk, BookingEdit({"tax_code_id": pst.pk}, lines), by=ana, now=NOW))
    assert Booking.objects.get(pk=booking.pk).total_minor == 10_500


@pytest.mark.parametrize("fee", [None, ItemDraft(description="Late", unit_price=Decimal(20))])
def test_a_copy_of_a_cancelled_booking_is_the_work_as_it_was(
    ana: Actor,
    desk: Client,
    company: Company,
    make_booking: Callable[..., Booking],
    fee: ItemDraft | None,
) -> None:
    service = transact(lambda: create_service(name="Clean", unit_price=Decimal(100), by=ana, now=NOW))
    line = ItemDraft(service_id=service.pk, quantity=Decimal(2))
    tax = make_tax_code(company)
    booking = make_booking(items=(line,), tax_code_id=tax.pk, discount=Discount("percent", Decimal(10)))
    said = [item.said() for item in booking.items.all()]
    transact(lambda: cancel_booking(booking.pk, fee=fee, reason="Rain", by=ana, now=NOW))

    (copy,) = transact(lambda: duplicate_bookings([booking.pk], service_date=TODAY, by=ana, now=NOW))
    assert (copy.total_minor, copy.state, copy.discount()) == (
        booking.total_minor,
        "scheduled",
        booking.discount(),
    )
    assert [item.said() for item in copy.items.all()] == said

    page = desk.get(f"/bookings/new?copy={booking.pk}")
    assert page.context["form"].initial["discount_value"] == 10
    assert 'value="100.00"' in page.content.decode()
    assert not [finding for finding in verify() if finding.bad]


def test_a_copy_does_without_a_provider_who_left_and_a_tax_that_is_offered_no_more(
    ana: Actor, desk: Client, company: Company, make_booking: Callable[..., Booking]
) -> None:
    gone, usual = make_tax_code(company, "GST"), make_tax_code(company, "HST")
    Company.objects.filter(pk=company.pk).update(default_tax_code=usual)
    provider = add_member(company, "pat", Role.PROVIDER)
    booking = make_booking(tax_code_id=gone.pk, provider_id=provider.member_id)
    Member.objects.filter(user__name="Pat").update(is_active=False)
    transact(lambda: archive_tax_code(gone.pk, archived=True, by=ana, now=NOW))

    (copy,) = transact(lambda: duplicate_bookings([booking.pk], service_date=TODAY, by=ana, now=NOW))
    assert (copy.provider_id, copy.tax_code_id) == (None, usual.pk)
    assert copy.items.get().tax_code_id == usual.pk
    page = desk.get(f"/bookings/new?copy={booking.pk}")
    assert page.context["form"].initial["tax_code"] == usual.pk
    said = page.content.decode()
    assert "Pat is no longer with you" in said
    assert "“GST” is no longer offered: the default tax takes its place." in said
    assert "could be copied" not in desk.get(f"/bookings/new?copy={copy.pk}").content.decode()


def test_what_is_in_no_calendar_is_not_planned_again(
    ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    with pytest.raises(RuleBroken) as refused:
        edit(ana, make_booking(is_instant=True), BookingEdit({"state": "scheduled"}))
    assert refused.value.code == "booking_in_no_calendar"
