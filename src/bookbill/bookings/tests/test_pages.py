"""A booking's page and its acts, through a browser without JavaScript."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.bookings.tests.reading import primary, text_of
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY, add_member


def test_the_booking_offers_what_comes_next(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    scheduled, done = make_booking(completed=False), make_booking()
    assert primary(desk.get(f"/bookings/{scheduled.pk}")) == "Complete"
    assert primary(desk.get(f"/bookings/{done.pk}")) == "Generate Invoice"
    invoice = make_invoice(done)
    assert primary(desk.get(f"/bookings/{done.pk}")) == "Send Invoice"
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert primary(desk.get(f"/bookings/{done.pk}")) == "View Invoice"


def test_deleting_is_not_offered_once_money_was_on_it(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(completed=False)
    assert "Delete booking" in text_of(desk.get(f"/bookings/{booking.pk}/menu"))
    draft = PaymentDraft(booking.customer_id, "cash", 1_000, "CAD", TODAY, fill=(booking.pk,))
    (payment,) = transact(lambda: record_payments([draft], by=ana, now=NOW))
    transact(lambda: reverse_payment(payment.pk, reason="Somebody else's", by=ana, now=NOW))
    assert "Delete booking" not in text_of(desk.get(f"/bookings/{booking.pk}/menu"))


def test_completing_is_not_the_first_act_on_a_booking_of_a_later_day(
    company: Company,
    desk: Client,
    make_booking: Callable[..., Booking],
    page_of: Callable[[Actor], Client],
    time_machine: Any,
) -> None:
    time_machine.move_to(NOW)
    pat = add_member(company, "pat", Role.PROVIDER)
    day = {"service_date": TODAY + dt.timedelta(days=1), "provider_id": pat.member_id}
    ahead = make_booking(completed=False, **day)
    act = f'action="/bookings/{ahead.pk}/completion"'
    assert act not in text_of(desk.get("/bookings"))
    assert act in text_of(desk.get(f"/bookings/{ahead.pk}/menu"))
    page = desk.get(f"/bookings/{ahead.pk}")
    assert "data-primary" not in text_of(page)
    assert act in text_of(page)
    # A provider has no menu.
    assert act in text_of(page_of(pat).get(f"/bookings/{ahead.pk}"))
    Booking.objects.filter(pk=ahead.pk).update(service_date=TODAY)
    assert act in text_of(desk.get("/bookings"))
    assert act not in text_of(desk.get(f"/bookings/{ahead.pk}/menu"))


def test_a_booking_shows_what_is_paid_and_who_did_what(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    draft = PaymentDraft(booking.customer_id, "cash", 4_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    shown = text_of(desk.get(f"/bookings/{booking.pk}"))
    assert "$40.00" in shown
    assert "$60.00" in shown
    assert "Partially paid" in shown
    assert "Ana created the booking" in shown
    assert "On this booking" in text_of(desk.get(f"/bookings/{booking.pk}/payments"))


def test_acts_of_the_menu_change_the_booking(desk: Client, make_booking: Callable[..., Booking]) -> None:
    booking = make_booking(completed=False)
    here = f"/bookings/{booking.pk}"
    assert (
        desk.post(f"{here}/completion", {"next": "/bookings?tab=scheduled"})["Location"]
        == "/bookings?tab=scheduled"
    )
    desk.post(f"{here}/hold", {"held": "yes"})
    booking.refresh_from_db()
    assert (booking.state, booking.held_back) == (State.COMPLETED, True)
    assert "Stop holding back" in text_of(desk.get(f"{here}/menu"))
    desk.post(f"{here}/reopening")
    desk.post(f"{here}/hold?held=no")  # Undo of the toast
    booking.refresh_from_db()
    assert (booking.state, booking.held_back) == (State.SCHEDULED, False)
    assert desk.post(f"{here}/deletion")["Location"] == "/bookings"
    assert not Booking.objects.exists()


def test_cancelling_with_a_fee_replaces_all_lines(desk: Client, make_booking: Callable[..., Booking]) -> None:
    booking = make_booking()
    assert "Cancel B-1001?" in text_of(desk.get(f"/bookings/{booking.pk}/cancellation"))
    desk.post(f"/bookings/{booking.pk}/cancellation", {"reason": "Ill", "fee": "25"})
    booking.refresh_from_db()
    assert (booking.state, booking.total_minor, booking.cancel_reason) == (State.CANCELLED, 2_500, "Ill")
    answer = desk.post(f"/bookings/{booking.pk}/cancellation", {"reason": "Again"})
    assert answer.status_code == 422
    assert "already cancelled" in text_of(answer)
