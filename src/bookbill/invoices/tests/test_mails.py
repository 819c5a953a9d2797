"""What mails about invoices say, reminding by hand, and which mails do not leave any more."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.delivery.claims import Settlement, begin, settle
from bookbill.delivery.composing import MailCause
from bookbill.delivery.mime import read_mail
from bookbill.delivery.models import Message
from bookbill.delivery.rules import Outcome, State
from bookbill.documents.document import from_json_bytes
from bookbill.documents.printed import printed
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.linking import renew_link
from bookbill.invoices.actions.reminding import remind_invoices
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.emails import compose_reminder_mail, compose_version_mail
from bookbill.invoices.models import Invoice, Reminder, Version
from bookbill.invoices.tasks import ensure_pdf
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]


def test_what_is_sent_after_a_new_link_leads_to_the_page(
    ana: Actor,
    desk: Client,
    company: Company,
    make_sent: Make,
    smtp_server: SmtpServer,
    drain: Callable[[], None],
) -> None:
    smtp_server.rule("rcpt", recipient="second@*", answer="550 No")
    with scope(company=company):
        invoice = make_sent(extra_recipients=("second@customer.example",))
        version = Version.objects.get()
        ensure_pdf(version)
    drain()
    smtp_server.forget_rules()
    with scope(company=company):
        dead = f"/i/{invoice.link_token}"
        transact(lambda: renew_link(invoice.pk, by=ana, now=NOW))
        failed = Message.objects.get(state="failed")
        desk.post(f"/payments/invoices/{invoice.pk}/emails/{failed.pk}")
    drain()

    first, again = [read_mail(got.raw) for got in smtp_server.messages()]
    assert (dead in first.text, dead in again.text) == (True, False)
    link = re.search(r"/i/[\w-]+", again.text)
    assert link
    assert desk.get(link[0]).status_code == 200
    assert again.attachments[0].content == first.attachments[0].content


def remind(by: Actor, *invoices: Invoice, now: dt.datetime = NOW) -> list[Reminder]:
    return transact(lambda: remind_invoices([invoice.pk for invoice in invoices], by=by, now=now))


def test_a_reminder_carries_the_same_pdf_and_asks_for_what_is_left(
    ana: Actor, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    version = Version.objects.get()
    ensure_pdf(version)
    paid = PaymentDraft(invoice.customer_id, "cash", 4_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([paid], by=ana, now=NOW))

    (reminder,) = remind(ana, invoice, now=NOW + dt.timedelta(days=20))

    message = Message.objects.get(cause_kind="reminder")
    assert (message.cause_id, message.kind, message.version_n, message.state) == (
        reminder.pk,
        "reminder",
        1,
        "queued",
    )
    assert message.ready_at is not None
    assert (reminder.payable_minor, reminder.days_overdue) == (6_000, 6)
    mail = compose_reminder_mail(MailCause.of(message))
    version.refresh_from_db()
    assert mail.subject == "Reminder: invoice INV-2026-00001 from Bright Home Co., $60.00 to pay"
    assert "6 days overdue" in mail.text
    assert "$60.00" in mail.text
    assert f"/i/{invoice.link_token}" in mail.text
    assert [attachment.filename for attachment in mail.attachments] == ["INV-2026-00001.pdf"]
    assert Entry.objects.filter(type="invoice.reminded").count() == 1


def test_a_reminder_waits_for_a_pdf_that_is_not_made_yet(ana: Actor, make_sent: Make) -> None:
    remind(ana, make_sent())
    assert Message.objects.get(cause_kind="reminder").ready_at is None

    ensure_pdf(Version.objects.get())
    assert Message.objects.get(cause_kind="reminder").ready_at is not None


def test_it_speaks_the_customers_language(
    ana: Actor, make_sent: Make, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    invoice = make_sent(make_booking(make_customer("Tremblay", language="fr")))
    ensure_pdf(Version.objects.get())
    remind(ana, invoice)

    mail = compose_reminder_mail(MailCause.of(Message.objects.get(cause_kind="reminder")))
    assert "100,00 $" in mail.text.replace("\xa0", " ").replace("\u202f", " ")


def test_only_what_the_customer_was_told_is_asked_for(
    ana: Actor, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    dearer = BookingEdit({}, (ItemDraft(description="Clean", unit_price=Decimal(150)),))
    transact(lambda: edit_booking(booking.pk, dearer, by=ana, now=NOW))

    (reminder,) = remind(ana, invoice)
    assert reminder.payable_minor == 10_000


def test_the_figures_of_a_reminder_add_up_also_when_the_price_fell_and_money_came(
    ana: Actor, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    ensure_pdf(Version.objects.get())
    cheaper = BookingEdit({}, (ItemDraft(description="Clean", unit_price=Decimal(80)),))
    transact(lambda: edit_booking(booking.pk, cheaper, by=ana, now=NOW))
    pay(ana, booking, 3_000)
    remind(ana, invoice)
    pay(ana, booking, 1_000)

    mail = compose_reminder_mail(MailCause.of(Message.objects.get(cause_kind="reminder")))
    assert mail.subject.endswith("$50.00 to pay")
    assert (
        "Total: $100.00\nPaid: −$30.00\nChanged since this invoice was sent: −$20.00\nBalance due: $50.00\n"
    ) in mail.text


def test_a_reminder_says_what_was_credited_and_written_off_when_it_was_sent(
    ana: Actor, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    ensure_pdf(Version.objects.get())

    def lower(amount_minor: int) -> None:
        for act in (reduce_claim, write_off):
            act(booking.pk, amount_minor=amount_minor, reason="Late", by=ana, now=NOW)
            amount_minor //= 2

    transact(lambda: lower(2_000))
    remind(ana, invoice)
    transact(lambda: lower(500))

    mail = compose_reminder_mail(MailCause.of(Message.objects.get(cause_kind="reminder")))
    assert "Credited: −$20.00\nWritten off: −$10.00\nBalance due: $70.00\n" in mail.text


def pay(by: Actor, booking: Booking, amount_minor: int) -> None:
    payment = PaymentDraft(booking.customer_id, "cash", amount_minor, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([payment], by=by, now=NOW))


def draft(make_invoice: Make, **_: Any) -> Invoice:
    return make_invoice()


def cancelled(make_sent: Make, ana: Actor, **_: Any) -> Invoice:
    invoice = make_sent()
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))
    return invoice


def paid(make_sent: Make, ana: Actor, make_booking: Callable[..., Booking], **_: Any) -> Invoice:
    booking = make_booking()
    invoice = make_sent(booking)
    payment = PaymentDraft(invoice.customer_id, "cash", 10_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([payment], by=ana, now=NOW))
    return invoice


def silent(make_sent: Make, **_: Any) -> Invoice:
    invoice = make_sent()
    Customer.objects.update(email="")
    return invoice


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (draft, "not_sent"),
        (cancelled, "invoice_cancelled"),
        (paid, "nothing_due"),
        (silent, "no_recipient"),
    ],
)
def test_nobody_is_reminded_without_a_reason(
    api: ApiClient,
    desk: Client,
    ana: Actor,
    make_sent: Make,
    make_invoice: Make,
    make_booking: Callable[..., Booking],
    make: Callable[..., Invoice],
    code: str,
) -> None:
    invoice = make(make_sent=make_sent, make_invoice=make_invoice, make_booking=make_booking, ana=ana)
    refused = api.post(f"/invoices/{invoice.pk}/reminders")
    assert (refused.status_code, refused.json()["code"]) == (409, code)
    assert not Reminder.objects.exists()
    assert "Send reminder" not in desk.get(f"/payments/invoices/{invoice.pk}").content.decode()


@pytest.mark.parametrize(
    ("cancels", "path", "body"),
    [
        (False, "reminders", {}),
        (False, "cancellation", {"reason": "Wrong date", "notify": True}),
        (True, "sendings", {}),
    ],
)
def test_no_mail_about_an_invoice_goes_to_more_than_twenty(
    api: ApiClient,
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Make,
    cancels: bool,
    path: str,
    body: dict[str, object],
) -> None:
    many = [f"copy{n}@customer.example" for n in range(20)]
    invoice = make_invoice(make_booking(make_customer()), extra_recipients=tuple(many[:1]))
    copies = {"always_copy": many[1:]}  # since it was made
    transact(lambda: edit_customer(invoice.customer_id, copies, by=ana, now=NOW))
    transact(lambda: send_invoices([invoice.pk], mark_only=True, by=ana, now=NOW))
    if cancels:
        transact(lambda: cancel_invoice(invoice.pk, reason="Wrong date", by=ana, now=NOW))

    refused = api.post(f"/invoices/{invoice.pk}/{path}", body)

    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_recipients")
    assert not Message.objects.exists()


def test_no_more_than_twenty_are_kept_for_an_invoice(
    api: ApiClient, desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_sent: Make
) -> None:
    invoice = make_sent()
    many = [f"copy{n}@x.example" for n in range(20)]
    form = {"extra_recipients": ", ".join(many), "payment_link": "on"}
    told = desk.post(f"/payments/invoices/{invoice.pk}/details", form)
    refused, kept = (
        api.patch(f"/invoices/{invoice.pk}", {"extra_recipients": ", ".join(some)})
        for some in (many, many[1:])
    )
    assert told.status_code == 422
    assert "At most 20 recipients; this has 21." in told.content.decode()
    assert (refused.status_code, refused.json()["code"]) == (422, "too_many_recipients")
    booking = make_booking()
    own = {"always_copy": [f"own{n}@x.example" for n in range(19)]}
    transact(lambda: edit_customer(booking.customer_id, own, by=ana, now=NOW))
    typed = {"recipients": ", ".join(many), "act": "send"}  # in place of those
    assert desk.post(f"/payments/invoices/new?bookings={booking.pk}", typed).status_code == 303
    assert Message.objects.filter(recipient__in=many).count() == 20
    assert (kept.status_code, len(kept.json()["recipients"])) == (200, 20)


def test_programs_remind_once_per_key(api: ApiClient, make_sent: Make) -> None:
    invoice = make_sent()
    first = api.post(f"/invoices/{invoice.pk}/reminders", {}, key="once")
    again = api.post(f"/invoices/{invoice.pk}/reminders", {}, key="once")
    assert (first.status_code, first.json()["payable_minor"]) == (201, 10_000)
    assert again.content == first.content
    assert Reminder.objects.count() == 1
    assert [message["kind"] for message in api.get(f"/invoices/{invoice.pk}").json()["messages"]] == [
        "invoice",
        "reminder",
    ]


def test_five_reminders_within_an_hour_are_enough(ana: Actor, make_sent: Make) -> None:
    invoice = make_sent()
    for minute in range(5):
        remind(ana, invoice, now=NOW + dt.timedelta(minutes=minute))
    with pytest.raises(RuleBroken) as refused:
        remind(ana, invoice, now=NOW + dt.timedelta(minutes=10))
    assert (refused.value.code, refused.value.details["retry_after"]) == ("too_many_requests", 50 * 60)
    remind(ana, invoice, now=NOW + dt.timedelta(minutes=61))


def test_a_page_that_is_behind_does_not_remind_twice(desk: Client, make_sent: Make) -> None:
    at = f"/payments/invoices/{make_sent().pk}/reminders"
    seen = seen_in(desk.get(at))
    assert desk.post(at, seen).status_code == 303

    behind = desk.post(at, seen)

    assert (behind.status_code, Reminder.objects.count()) == (409, 1)
    assert "This has changed meanwhile." in behind.content.decode()
    assert desk.post(at, seen_in(behind)).status_code == 303


def test_another_amount_or_other_people_than_were_shown_are_not_reminded(
    desk: Client, ana: Actor, make_sent: Make
) -> None:
    invoice = make_sent()
    at = f"/payments/invoices/{invoice.pk}/reminders"
    seen = seen_in(desk.get(at))
    copy = {"always_copy": ["stranger@other.example"]}
    transact(lambda: edit_customer(invoice.customer_id, copy, by=ana, now=NOW))
    behind = desk.post(at, seen)
    assert behind.status_code == 409
    assert "stranger@other.example" in behind.content.decode()

    pay(ana, Booking.objects.get(), 4_000)
    behind = desk.post(at, seen_in(behind))
    assert (behind.status_code, Reminder.objects.count()) == (409, 0)
    assert "asks for $60.00" in behind.content.decode()


def seen_in(answer: Any) -> dict[str, str]:
    return dict(re.findall(r'name="(seen)" value="([^"]+)"', answer.content.decode()))


def test_the_page_says_what_is_asked_for_then_sends(desk: Client, make_sent: Make) -> None:
    at = f"/payments/invoices/{make_sent().pk}/reminders"
    shown = desk.get(at).content.decode()
    assert "asks for $100.00" in shown
    assert "maple@customer.example" in shown
    assert desk.post(at).status_code == 303
    assert Reminder.objects.count() == 1


def test_thirty_reminders_take_as_many_queries_as_one(
    ana: Actor, make_sent: Make, django_assert_max_num_queries: Any
) -> None:
    one, many = make_sent(), [make_sent() for _ in range(30)]
    with django_assert_max_num_queries(20) as for_one:
        remind(ana, one)
    with django_assert_max_num_queries(len(for_one)):
        remind(ana, *many)


def test_the_mail_to_an_exempt_customer_says_why_no_tax_is_charged(
    make_customer: Callable[..., Customer], make_booking: Callable[..., Booking], make_sent: Make
) -> None:
    customer = make_customer(tax_exempt=True, exemption_reason="Charity no. 7")
    make_sent(make_booking(customer))
    ensure_pdf(Version.objects.get())
    mail = compose_version_mail(MailCause.of(Message.objects.get()))
    assert "Tax exempt: Charity no. 7" in mail.text
    assert "Tax exempt: Charity no. 7" in mail.html


@pytest.mark.parametrize(
    ("unit", "price", "said"),
    [("", "50", ""), ("visit", "50", "1 visit × $50.00"), ("", "50.0012", "1 × $50.0012")],
)
def test_how_much_at_which_price_is_told_unless_the_amount_says_it(
    desk: Client,
    client: Client,
    make_booking: Callable[..., Booking],
    make_sent: Make,
    unit: str,
    price: str,
    said: str,
) -> None:
    line = ItemDraft(description="Windows", unit=unit, unit_price=Decimal(price))
    invoice = make_sent(make_booking(items=(line,)))
    ensure_pdf(Version.objects.get())
    mail = compose_version_mail(MailCause.of(Message.objects.get()))
    pages = [desk.get(f"/payments/invoices/{invoice.pk}"), client.get(f"/i/{invoice.link_token}")]
    for shown in (mail.text, mail.html, *(page.content.decode() for page in pages)):
        assert said in shown
        assert ("×" in shown) is bool(said)


def test_a_price_for_one_carries_the_sign_that_the_figures_beside_it_carry(
    desk: Client, client: Client, company: Company, make_booking: Callable[..., Booking], make_sent: Make
) -> None:
    carpet = ItemDraft(description="Carpet", quantity=Decimal(44), unit="m²", unit_price=Decimal("4.2525"))
    invoice = make_sent(make_booking(items=(carpet,)))
    ensure_pdf(Version.objects.get())
    mail = compose_version_mail(MailCause.of(Message.objects.get()))
    assert "44 m² × $4.2525" in mail.text
    assert "44 m² × $4.2525" in mail.html
    assert "44 m² × $4.2525" in desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert "44 m² × $4.2525" in client.get(f"/i/{invoice.link_token}").content.decode()
    (row,) = printed(from_json_bytes(Version.objects.get().document.encode())).rows
    # The columns of paper go without; their foot says which currency.
    assert (row.price, row.amount) == ("4.2525", "187.11")


def test_the_mail_of_an_older_version_that_has_not_left_does_not_arrive_beside_the_newer(
    desk: Client, ana: Actor, make_sent: Make
) -> None:
    invoice = make_sent(extra_recipients=("second@customer.example",))
    transact(lambda: remind_invoices([invoice.pk], by=ana, now=NOW))
    first = Message.objects.get(recipient="maple@customer.example", kind="invoice")
    to = {invoice.pk: ["Maple@customer.example"]}
    transact(lambda: send_invoices([invoice.pk], recipients=to, by=ana, now=NOW))

    waiting = Message.objects.filter(state="queued").values_list("recipient", "version_n", "kind")
    assert set(waiting) == {
        ("Maple@customer.example", 2, "invoice"),
        ("second@customer.example", 1, "invoice"),  # nothing newer goes there
        ("second@customer.example", 1, "reminder"),
    }
    first.refresh_from_db()
    assert (first.state, first.trouble_at) == ("failed", None)
    assert first.server_answer == "Not sent, because a newer version of the invoice was sent."
    page = desk.get(f"/payments/invoices/{invoice.pk}/history").content.decode()
    assert "2 earlier emails that had not left were called off" in page


def test_a_mail_that_is_leaving_when_a_newer_version_is_sent_is_not_called_off(
    ana: Actor, make_sent: Make
) -> None:
    invoice = make_sent()
    Message.objects.update(state="sending", ready_at=NOW, next_at=NOW, lease_holder=new_id())
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert set(Message.objects.values_list("version_n", "state")) == {(1, "sending"), (2, "queued")}


@pytest.mark.parametrize(("answer", "ends"), [("451 Later", "failed"), ("250 OK", "accepted")])
def test_an_outdated_mail_that_was_leaving_is_not_tried_again_when_it_is_refused_for_now(
    ana: Actor, make_sent: Make, answer: str, ends: str
) -> None:
    invoice = make_sent()
    Message.objects.update(ready_at=NOW, next_at=NOW, lease_holder=new_id())
    leaving = Message.objects.get()
    assert begin(leaving, lease=dt.timedelta(seconds=30))
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    outcome = State.ACCEPTED if answer.startswith("250") else State.DEFERRED
    settle([Settlement(leaving, Outcome(outcome, answer), NOW)])
    leaving.refresh_from_db()
    assert (leaving.state, leaving.trouble_at) == (ends, None)
    if ends == "failed":
        assert leaving.server_answer == "Not sent, because a newer version of the invoice was sent."
        assert leaving.tries.get().answer == answer


def test_a_claimed_mail_that_was_called_off_cannot_begin(ana: Actor, make_sent: Make) -> None:
    invoice = make_sent()
    Message.objects.update(ready_at=NOW, next_at=NOW, lease_holder=new_id())
    claimed = Message.objects.get()
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert not begin(claimed, lease=dt.timedelta(seconds=30))
    claimed.refresh_from_db()
    assert claimed.state == "failed"


@pytest.mark.parametrize(
    ("changed", "mark_only", "waits"),
    [(True, True, 0), (False, True, 0), (True, False, 0), (False, False, 1)],
)
def test_mails_of_a_version_that_was_replaced_do_not_leave(
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_sent: Make,
    *,
    changed: bool,
    mark_only: bool,
    waits: int,
) -> None:
    """By one that claims something else, whoever got it, or by one that went by hand."""
    booking = make_booking()
    invoice = make_sent(booking)
    if changed:
        transact(lambda: edit_booking(booking.pk, priced("80"), by=ana, now=NOW))
    other = {} if mark_only else {invoice.pk: ["boss@customer.example"]}
    transact(lambda: send_invoices([invoice.pk], recipients=other, mark_only=mark_only, by=ana, now=NOW))
    first = Message.objects.filter(version_n=1)
    assert first.filter(state="queued").count() == waits
    assert (
        Entry.objects.get(type="invoice.sent", after__version=2).after.get("called_off_count", 0) == 1 - waits
    )


@pytest.mark.parametrize(
    ("became", "kind"),
    [
        ("queued", "invoice"),
        ("failed", "invoice"),
        ("bounced", "invoice"),
        ("unknown", "updated"),
        ("accepted", "updated"),
        ("", "updated"),
    ],
)
def test_the_first_mail_that_can_arrive_is_no_update(
    ana: Actor, make_booking: Callable[..., Booking], make_invoice: Make, became: str, kind: str
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], mark_only=not became, by=ana, now=NOW))
    settled = {"state": became, "ready_at": NOW, "next_at": None}
    if became == "accepted":
        Message.objects.update(**settled, accepted_at=NOW)
    elif became not in ("", "queued"):
        Message.objects.update(**settled, trouble_at=NOW, accepted_at=NOW if became == "bounced" else None)
    transact(lambda: edit_booking(booking.pk, priced("80"), by=ana, now=NOW))
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert Message.objects.get(version_n=2).kind == kind


def test_what_was_handed_over_is_updated_though_no_mail_of_it_arrived(
    ana: Actor, make_booking: Callable[..., Booking], make_invoice: Make
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], mark_only=True, by=ana, now=NOW))
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    Message.objects.update(state="failed", trouble_at=NOW, ready_at=NOW, next_at=None)
    transact(lambda: edit_booking(booking.pk, priced("80"), by=ana, now=NOW))
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert Message.objects.get(version_n=3).kind == "updated"


def priced(amount: str) -> BookingEdit:
    return BookingEdit({}, (ItemDraft(description="Clean", unit_price=Decimal(amount)),))


def test_a_reminder_that_still_waits_does_not_leave_once_it_asks_for_more_than_is_due(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_sent: Make
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    remind(ana, invoice)
    reminder = Message.objects.get(kind="reminder")
    Message.objects.filter(kind="reminder").update(
        state="deferred", ready_at=NOW, first_try_at=NOW, next_at=NOW, lease_holder=new_id()
    )
    pay(ana, booking, 4_000)

    reminder.refresh_from_db()
    assert (reminder.state, reminder.lease_holder, reminder.trouble_at) == ("failed", None, None)
    assert Message.objects.get(kind="invoice").state == "queued"
    emails = desk.get(f"/payments/invoices/{invoice.pk}/emails").content.decode()
    assert "Not sent, because it asked for more than was still due." in emails


@pytest.mark.parametrize("how", ["reduced", "written off", "cheaper", "left"])
def test_whatever_lowers_what_is_due_calls_a_waiting_reminder_off(
    ana: Actor, make_booking: Callable[..., Booking], make_sent: Make, how: str
) -> None:
    booking = make_booking()
    invoice = make_sent(booking, make_booking(booking.customer))
    remind(ana, invoice)
    lower: dict[str, Callable[[], object]] = {
        "reduced": lambda: reduce_claim(booking.pk, amount_minor=1, reason="kind", by=ana, now=NOW),
        "written off": lambda: write_off(booking.pk, amount_minor=1, reason="lost", by=ana, now=NOW),
        "cheaper": lambda: edit_booking(booking.pk, priced("99.99"), by=ana, now=NOW),
        "left": lambda: cancel_booking(booking.pk, fee=None, reason="rain", by=ana, now=NOW),
    }
    transact(lower[how])
    assert Message.objects.get(kind="reminder").state == "failed"


@pytest.mark.parametrize(("paid_minor", "asks"), [(4_000, True), (10_000, False)])
def test_nobody_has_to_look_after_a_failed_reminder_of_what_is_paid(
    ana: Actor, make_booking: Callable[..., Booking], make_sent: Make, paid_minor: int, asks: bool
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    remind(ana, invoice)
    bounced = {"state": "bounced", "trouble_at": NOW, "ready_at": NOW, "next_at": None}
    Message.objects.filter(kind="reminder").update(**bounced)
    pay(ana, booking, paid_minor)
    assert Message.objects.in_trouble().exists() is asks


def test_a_reminder_that_is_leaving_or_asks_for_no_more_than_is_due_stays(
    ana: Actor, make_booking: Callable[..., Booking], make_sent: Make
) -> None:
    booking = make_booking()
    invoice = make_sent(booking)
    remind(ana, invoice)
    leaving = Message.objects.get(kind="reminder")
    Message.objects.filter(pk=leaving.pk).update(
        state="sending", ready_at=NOW, next_at=NOW, lease_holder=new_id()
    )
    pay(ana, booking, 4_000)
    remind(ana, invoice)
    transact(lambda: edit_booking(booking.pk, priced("120"), by=ana, now=NOW))

    assert set(Message.objects.filter(kind="reminder").values_list("state", flat=True)) == {
        "sending",
        "queued",
    }
