"""Editing a booking: what counts as a change, and what a locked invoice lets through."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from bookbill.activity.models import Entry
from bookbill.bookings.actions.booking import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import AfterSending, Company
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

LINE = ItemDraft(description="Office clean", unit_price=Decimal("100.00"))


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
