"""What the database itself refuses, whatever the code believes."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, Model

from bookbill.bookings.models import Booking
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.reminding import remind_invoices
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Charge, FreedBooking, Invoice, Reminder, Version
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Allocation, Payment, Reduction, Reversal, WriteOff
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases


def more_paid_than_a_booking_costs() -> None:
    Booking.objects.update(paid_minor=F("total_minor") + 1)


def a_total_that_is_not_its_sum() -> None:
    Booking.objects.update(subtotal_minor=F("subtotal_minor") + 1)


def more_paid_than_an_invoice_claims() -> None:
    Invoice.objects.update(paid_minor=F("total_minor") + 1)


def two_invoices_of_one_number() -> None:
    Invoice.objects.update(number="INV-1")


def a_sent_invoice_without_a_number() -> None:
    Invoice.objects.update(number="")


def a_version_twice() -> None:
    version = Version.objects.order_by("pk")[0]
    version.pk = Version().pk
    version.save(force_insert=True)


@pytest.mark.parametrize(
    ("damage", "name"),
    [
        (more_paid_than_a_booking_costs, "booking_covered_within_total"),
        (a_total_that_is_not_its_sum, "booking_total_adds_up"),
        (more_paid_than_an_invoice_claims, "invoice_covered_within_total"),
        (two_invoices_of_one_number, "invoice_number|invoices_invoice.number"),
        (a_sent_invoice_without_a_number, "sent_invoice_has_number"),
        (a_version_twice, "version_n|invoices_version.n"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_database_refuses(
    ana: Actor, make_invoice: Callable[..., Invoice], damage: Callable[[], None], name: str
) -> None:
    sent = [make_invoice().pk, make_invoice().pk]
    transact(lambda: send_invoices(sent, by=ana, now=NOW))
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        damage()


@pytest.mark.parametrize(
    ("model", "changed"),
    [
        (Version, {"document": "{}"}),
        (Charge, {"amount_minor": 1}),
        (FreedBooking, {"number": "B-1"}),
        (Reminder, {"payable_minor": 1}),
        (Payment, {"amount_minor": 1}),
        (Allocation, {"amount_minor": 1}),
        (Reversal, {"reason": "Other"}),
        (Reduction, {"reason": "Other"}),
        (WriteOff, {"reason": "Other"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_was_written_down_is_neither_changed_nor_deleted(
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    model: type[Model],
    changed: dict[str, object],
) -> None:
    booking = make_booking()
    invoice, cancelled = make_invoice(booking), make_invoice()
    money = PaymentDraft(booking.customer_id, "cash", 1_000, "CAD", TODAY, fill=(booking.pk,))

    def acts() -> None:
        send_invoices([invoice.pk, cancelled.pk], by=ana, now=NOW)
        cancel_invoice(cancelled.pk, reason="Wrong", by=ana, now=NOW)
        remind_invoices([invoice.pk], by=ana, now=NOW)
        _kept, wrong = record_payments([money, money], by=ana, now=NOW)
        reverse_payment(wrong.pk, reason="Twice", by=ana, now=NOW)
        for lower in (reduce_claim, write_off):
            lower(booking.pk, amount_minor=500, reason="Late", by=ana, now=NOW)

    transact(acts)
    rows = model._default_manager.all()
    assert rows.exists()
    with pytest.raises(IntegrityError, match="bookbill:"), transaction.atomic():
        rows.update(**changed)
    with pytest.raises(IntegrityError, match="bookbill:"), transaction.atomic():
        rows._raw_delete(rows.db)
