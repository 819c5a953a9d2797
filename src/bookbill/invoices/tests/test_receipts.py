"""Receipts: asked for with a payment or later, frozen when sent, at most once per recipient."""

import datetime as dt
import email
import re
from collections.abc import Callable
from email import policy
from typing import Any

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.delivery.composing import MailCause
from bookbill.delivery.models import Message
from bookbill.invoices.actions.receipting import send_receipts
from bookbill.invoices.emails import compose_receipt_mail
from bookbill.invoices.models import Invoice, Receipt
from bookbill.ledger.actions.payments import record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY, add_member
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]


def pay(by: Actor, booking: Booking, amount: int = 4_000, **fields: Any) -> Payment:
    draft = PaymentDraft(
        booking.customer_id, "cheque", amount, "CAD", TODAY, reference="884", fill=(booking.pk,), **fields
    )
    return transact(lambda: record_payments([draft], by=by, now=NOW))[0]


def receipts(by: Actor, *payments: Payment, now: dt.datetime = NOW) -> list[Receipt]:
    return transact(lambda: send_receipts([payment.pk for payment in payments], by=by, now=now))


def text_of(message: Message) -> str:
    return compose_receipt_mail(MailCause.of(message)).text


def test_a_server_gets_the_receipt_that_was_asked_for_with_the_payment(
    ana: Actor,
    company: Company,
    make_sent: Make,
    make_booking: Callable[..., Booking],
    smtp_server: SmtpServer,
    drain: Callable[[], None],
) -> None:
    with scope(company=company):
        booking = make_booking()
        make_sent(booking)
        Message.objects.all().delete()
        pay(ana, booking, tip_minor=500, send_receipt=True)
    drain()

    (got,) = smtp_server.messages()
    mail: Any = email.message_from_bytes(got.raw, policy=policy.default)
    assert (got.recipient, mail["Subject"]) == (
        "maple@customer.example",
        "Receipt from Bright Home Co.: $40.00",
    )
    text = mail.get_body(("plain",)).get_content()
    for said in (
        "Amount received: $40.00",
        "Jun 30, 2026 · Cheque · 884",
        "Invoice INV-2026-00001: $40.00",
        "Tip, thank you: $5.00",
        "Still due: $60.00",
        "Bright Home Co.",
        "office@bright.example",
    ):
        assert said in text
    assert list(mail.iter_attachments()) == []


def test_without_the_wish_nothing_is_sent(ana: Actor, make_booking: Callable[..., Booking]) -> None:
    pay(ana, make_booking())
    assert not Message.objects.exists()


def test_what_lies_on_no_invoice_is_named_by_booking_and_the_rest_is_credit(
    ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    pay(ana, booking, 13_000, send_receipt=True)

    text = text_of(Message.objects.get())
    assert f"Booking {booking.number}, Jun 30, 2026: $100.00" in text
    assert "Kept as credit for you: $30.00" in text
    assert "Still due: $0.00" in text


def test_a_late_retry_says_what_was_due_when_it_was_sent(
    ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    pay(ana, booking, send_receipt=True)
    message = Message.objects.get()
    before = compose_receipt_mail(MailCause.of(message))

    pay(ana, booking, 6_000)
    Customer.objects.update(name="Renamed")
    Company.objects.update(name="Renamed")

    assert compose_receipt_mail(MailCause.of(message)) == before


def test_a_receipt_sent_again_says_what_is_due_today(
    ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    payment = pay(ana, booking, send_receipt=True)
    pay(ana, booking, 6_000)
    receipts(ana, payment)

    messages = Message.objects.order_by("step")
    assert [(one.cause_kind, one.cause_id, one.kind, one.step) for one in messages] == [
        ("payment", payment.pk, "receipt", 1),
        ("payment", payment.pk, "receipt", 2),
    ]
    assert "Still due: $0.00" in text_of(messages[1])
    assert Entry.objects.filter(type="payment.receipt_sent", subject_id=payment.pk).count() == 2


def test_it_speaks_the_customers_language(
    ana: Actor, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    pay(ana, make_booking(make_customer("Tremblay", language="fr")), send_receipt=True)
    text = text_of(Message.objects.get()).replace("\u00a0", " ").replace("\u202f", " ")
    assert "Bonjour Tremblay," in text
    assert "Montant reçu : 40,00 $" in text
    assert "Chèque" in text


def test_every_recipient_of_bills_gets_one(
    ana: Actor, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    customer = make_customer(billing_email="bills@customer.example", always_copy=["copy@customer.example"])
    pay(ana, make_booking(customer), send_receipt=True)
    assert set(Message.objects.values_list("recipient", flat=True)) == {
        "maple@customer.example",
        "bills@customer.example",
        "copy@customer.example",
    }


def test_nobody_to_thank_means_no_payment_either(
    ana: Actor, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    booking = make_booking(make_customer(email=""))
    with pytest.raises(RuleBroken) as refused:
        pay(ana, booking, send_receipt=True)
    assert (refused.value.code, refused.value.field) == ("no_recipient", "send_receipt")
    assert not Payment.objects.exists()


def test_no_receipt_goes_to_more_than_twenty(
    ana: Actor, api: ApiClient, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    many = [f"copy{n}@customer.example" for n in range(20)]
    booking = make_booking(make_customer(billing_email="bills@customer.example"))
    Customer.objects.update(always_copy=many)  # as before a customer was held to twenty
    with pytest.raises(RuleBroken, match="At most 20 recipients; this has 22") as refused:
        pay(ana, booking, send_receipt=True)
    assert (refused.value.code, refused.value.field) == ("too_many_recipients", "send_receipt")
    assert not Payment.objects.exists()

    answer = api.post(f"/payments/{pay(ana, booking).pk}/receipts")
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_recipients")
    assert not Message.objects.exists()


def test_a_receipt_goes_to_whom_its_page_named(
    ana: Actor, desk: Client, make_booking: Callable[..., Booking]
) -> None:
    payment = pay(ana, make_booking())
    at = f"/payments/transactions/{payment.pk}/receipts"
    (seen,) = re.findall(r'name="seen_list" value="([^"]+)"', desk.get(at).content.decode())
    transact(lambda: edit_customer(payment.customer_id, {"email": "new@maple.example"}, by=ana, now=NOW))

    refused = desk.post(at, {"seen_list": seen})

    page = refused.content.decode()
    assert (refused.status_code, Message.objects.count()) == (409, 0)
    assert "It goes to other recipients by now." in page
    (seen,) = re.findall(r'name="seen_list" value="([^"]+)"', page)
    assert "new@maple.example" in page
    assert desk.post(at, {"seen_list": seen}).status_code == 303
    assert Message.objects.get().recipient == "new@maple.example"


def test_a_reversed_payment_has_no_receipt(ana: Actor, make_booking: Callable[..., Booking]) -> None:
    payment = pay(ana, make_booking())
    transact(lambda: reverse_payment(payment.pk, reason="typed twice", by=ana, now=NOW))
    with pytest.raises(RuleBroken) as refused:
        receipts(ana, payment)
    assert refused.value.code == "payment_reversed"
    assert not Message.objects.exists()


def test_a_receipt_that_still_waits_does_not_leave_once_its_payment_is_reversed(
    ana: Actor, desk: Client, make_booking: Callable[..., Booking]
) -> None:
    payment = pay(ana, make_booking(), send_receipt=True)
    waiting = Message.objects.get()
    Message.objects.update(state="deferred", first_try_at=NOW, next_at=NOW, lease_holder=new_id())
    transact(lambda: reverse_payment(payment.pk, reason="typed twice", by=ana, now=NOW))

    waiting.refresh_from_db()
    assert (waiting.state, waiting.next_at, waiting.lease_holder) == ("failed", None, None)
    assert waiting.trouble_at is None
    page = desk.get(f"/payments/transactions/{payment.pk}").content.decode()
    assert "Not sent, because the payment was reversed first." in page
    assert "1 earlier email that had not left was called off" in page


def test_a_receipt_that_is_leaving_when_its_payment_is_reversed_is_not_called_off(
    ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    payment = pay(ana, make_booking(), send_receipt=True)
    Message.objects.update(state="sending", lease_holder=new_id())
    transact(lambda: reverse_payment(payment.pk, reason="typed twice", by=ana, now=NOW))
    assert Message.objects.get().state == "sending"
    assert "called_off_count" not in Entry.objects.get(type="payment.reversed").after


def test_an_undelivered_receipt_of_a_reversed_payment_asks_for_nobody_and_is_not_sent_again(
    ana: Actor, desk: Client, make_booking: Callable[..., Booking]
) -> None:
    payment = pay(ana, make_booking(), send_receipt=True)
    Message.objects.update(state="failed", next_at=None, trouble_at=NOW)
    transact(lambda: reverse_payment(payment.pk, reason="typed twice", by=ana, now=NOW))
    mail = Message.objects.get()
    assert mail.trouble_at is None

    refused = desk.post(f"/operations/mails/{mail.pk}/sendings")

    assert refused.status_code == 409
    assert "This payment was reversed, so it has no receipt to send." in refused.content.decode()
    assert Message.objects.get().state == "failed"


def test_a_receipt_that_bounces_after_the_reversal_can_be_marked_as_resolved(
    ana: Actor, desk: Client, make_booking: Callable[..., Booking]
) -> None:
    payment = pay(ana, make_booking(), send_receipt=True)
    transact(lambda: reverse_payment(payment.pk, reason="typed twice", by=ana, now=NOW))
    Message.objects.update(state="bounced", trouble_at=NOW, dealt_with_at=None)
    at = f"/operations/mails/{Message.objects.get().pk}/dismissal"
    assert at in desk.get("/operations").content.decode()

    assert desk.post(at).status_code == 303

    assert Message.objects.get().trouble_at is None
    page = desk.get(f"/payments/transactions/{payment.pk}").content.decode()
    assert "Ana marked an undelivered email as resolved" in page


def test_operations_send_an_undelivered_receipt_again(
    ana: Actor, desk: Client, make_booking: Callable[..., Booking]
) -> None:
    pay(ana, make_booking(), send_receipt=True)
    Message.objects.update(state="failed", next_at=None, trouble_at=NOW)
    assert desk.post(f"/operations/mails/{Message.objects.get().pk}/sendings").status_code == 303
    assert Message.objects.get().state == "queued"
    assert Entry.objects.get(type="payment.message_retried").subject_label == "884"


def test_five_receipts_within_an_hour_are_enough(ana: Actor, make_booking: Callable[..., Booking]) -> None:
    payment = pay(ana, make_booking())
    for minute in range(5):
        receipts(ana, payment, now=NOW + dt.timedelta(minutes=minute))
    with pytest.raises(RuleBroken) as refused:
        receipts(ana, payment, now=NOW + dt.timedelta(minutes=10))
    assert (refused.value.code, refused.value.details["retry_after"]) == ("too_many_requests", 50 * 60)


def test_thirty_receipts_take_as_many_queries_as_one(
    ana: Actor, make_booking: Callable[..., Booking], django_assert_max_num_queries: Any
) -> None:
    one, many = pay(ana, make_booking()), [pay(ana, make_booking()) for _ in range(30)]
    with django_assert_max_num_queries(30) as for_one:
        receipts(ana, one)
    with django_assert_max_num_queries(len(for_one)):
        receipts(ana, *many)


def test_the_dialogs_send_one_with_the_payment(desk: Client, make_sent: Make) -> None:
    invoice = make_sent()
    form = {
        "amount": "40.00",
        "received_on": "2026-06-30",
        "method": "cash",
        "way": "oldest",
        "send_receipt": "on",
    }
    for at in (f"/payments/invoices/{invoice.pk}/payments", f"/customers/{invoice.customer_id}/payments/new"):
        assert "Send receipt" in desk.get(at).content.decode()
        assert desk.post(at, form).status_code == 303
    assert Receipt.objects.count() == 2


def test_the_payments_page_sends_one_and_shows_what_became_of_it(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    payment = pay(ana, make_booking())
    page = f"/payments/transactions/{payment.pk}"
    assert f"{page}/receipts" in desk.get(page).content.decode()
    assert "maple@customer.example" in desk.get(f"{page}/receipts").content.decode()

    assert desk.post(f"{page}/receipts").status_code == 303
    shown = desk.get(page).content.decode()
    assert "maple@customer.example" in shown
    assert "Waiting to be sent" in shown
    assert "sent a receipt" in shown


def test_programs_send_one_with_the_payment_or_later_once_per_key(
    api: ApiClient, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    body = {
        "customer_id": str(booking.customer_id),
        "method": "cash",
        "amount_minor": 4_000,
        "send_receipt": True,
    }
    made = api.post("/payments", body, key="pay")
    assert made.status_code == 201
    first = api.post(f"/payments/{made.json()['id']}/receipts", {}, key="again")
    twice = api.post(f"/payments/{made.json()['id']}/receipts", {}, key="again")
    assert (first.status_code, first.json()["recipients"]) == (201, ["maple@customer.example"])
    assert twice.content == first.content
    assert Receipt.objects.count() == 2


def test_the_accountant_who_may_record_payments_may_thank_for_them(
    ana: Actor, company: Company, make_booking: Callable[..., Booking]
) -> None:
    payment = pay(ana, make_booking())
    receipts(add_member(company, "acc", Role.ACCOUNTANT), payment)
    with pytest.raises(RuleBroken) as refused:
        receipts(add_member(company, "pro", Role.PROVIDER), payment)
    assert refused.value.code == "forbidden"
