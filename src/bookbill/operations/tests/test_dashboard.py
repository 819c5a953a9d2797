"""The first page."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company, Member
from bookbill.companies.rules import Role
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.invoices.actions.drafting import SEND_JOB
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.invoices.tasks import send_held
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.operations.months import last_months, read_chart
from bookbill.work.models import Job
from bookbill.work.registry import JobView
from tests.support.cast import NOW, TODAY, add_member


@pytest.fixture(autouse=True)
def _on_the_day_of_the_story(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def dashboard(client: Client) -> str:
    answer = client.get("/")
    assert answer.status_code == 200
    return answer.content.decode()


def send(by: Actor, *invoices: Invoice) -> None:
    transact(lambda: send_invoices([invoice.pk for invoice in invoices], by=by, now=NOW))


def test_an_empty_company_is_led_to_its_first_invoice_step_by_step(
    desk: Client, ana: Actor, make_customer: Any, make_booking: Callable[..., Booking], make_invoice: Any
) -> None:
    assert 'href="/customers/new"' in dashboard(desk)
    customer = make_customer()
    assert "Add booking" in dashboard(desk)
    scheduled = make_booking(customer, completed=False)
    assert "Go to bookings" in dashboard(desk)
    booking = make_booking(customer)
    page = dashboard(desk)
    assert "To your first invoice" in page
    assert "One click makes it from the booking" in page
    send(ana, make_invoice(booking))
    page = dashboard(desk)
    assert "To your first invoice" not in page
    assert "Needs attention" in page
    assert scheduled.number in page


@pytest.mark.both_databases
def test_it_names_what_needs_somebody_and_where(
    desk: Client,
    ana: Actor,
    make_booking: Any,
    make_invoice: Callable[..., Invoice],
    undelivered: Callable[..., Message],
    set_aside: Callable[..., Job],
    time_machine: Any,
) -> None:
    send(ana, make_invoice())
    make_invoice()
    make_booking()
    undelivered()
    set_aside()
    Message.objects.filter(state="queued").update(
        state="accepted", next_at=None, ready_at=NOW, accepted_at=NOW
    )
    Job.objects.filter(state="queued").delete()
    time_machine.move_to(NOW + dt.timedelta(days=20), tick=False)
    desk.force_login(Member.objects.get(name="Ana").user)
    page = dashboard(desk)
    for words, url in (
        ("1 invoice is overdue", "/payments/invoices?tab=overdue"),
        ("1 booking is ready to invoice", "/payments/invoices/choose"),
        ("1 draft is not sent yet", "/payments/invoices?tab=draft"),
        ("1 email was not delivered", "/operations"),
        ("1 task failed", "/operations"),
    ):
        assert words in page
        assert f'href="{url}"' in page
    assert "not moving" not in page


@pytest.mark.parametrize(
    ("count", "days", "words"),
    [
        (1, 1, "1 invoice, 1 day"),
        (1, 2, "1 invoice, 2 days"),
        (2, 1, "2 invoices, oldest 1 day"),
        (2, 3, "2 invoices, oldest 3 days"),
    ],
)
def test_how_many_are_overdue_and_since_when_have_a_plural_each(
    desk: Client,
    ana: Actor,
    make_invoice: Callable[..., Invoice],
    time_machine: Any,
    *,
    count: int,
    days: int,
    words: str,
) -> None:
    send(ana, *(make_invoice() for _ in range(count)))
    Invoice.objects.update(due_date=TODAY)
    time_machine.move_to(NOW + dt.timedelta(days=days), tick=False)
    desk.force_login(Member.objects.get(name="Ana").user)
    for page in (dashboard(desk), desk.get("/payments/invoices").content.decode()):
        assert re.search(rf"{words}\s*<", page)


def test_what_is_paid_and_not_billed_yet_is_to_invoice_with_nothing_due(
    desk: Client, ana: Actor, make_booking: Any, make_invoice: Callable[..., Invoice]
) -> None:
    send(ana, make_invoice())
    booking = make_booking()
    draft = PaymentDraft(booking.customer_id, "cash", 10_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    page = dashboard(desk)
    assert "1 booking, $0.00 due" in page
    assert "$100.00, $0.00 due" in page


@pytest.mark.parametrize("sent_before", [False, True])
def test_a_scheduled_sending_that_was_refused_is_named(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice], time_machine: Any, *, sent_before: bool
) -> None:
    invoice = make_invoice()
    if sent_before:
        send(ana, invoice)
    at = NOW + dt.timedelta(hours=1)
    transact(lambda: hold_sending([invoice.pk], run_at=at, by=ana, now=NOW))
    Customer.objects.update(email="")
    assert "could not be sent" not in dashboard(desk)
    time_machine.move_to(at + dt.timedelta(minutes=1), tick=False)
    job = Job.objects.get(kind=SEND_JOB)
    view = JobView(id=job.pk, kind=job.kind, company_id=job.company_id, args=job.args, attempt=1)
    transact(lambda: send_held(view))
    page = dashboard(desk)
    assert "1 invoice could not be sent when its time came" in page
    (address,) = re.findall(r'href="(/payments/invoices\?mark=[^"]+)"', page)
    assert str(invoice.pk) in desk.get(address).content.decode()


def test_a_queue_that_does_not_move_is_the_first_thing_said(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice], time_machine: Any
) -> None:
    send(ana, make_invoice())
    assert "not moving" not in dashboard(desk)
    time_machine.move_to(NOW + dt.timedelta(minutes=6), tick=False)
    assert "1 task is not moving" in dashboard(desk)


def test_a_provider_sees_the_own_bookings_and_no_money(
    company: Company, ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    provider = add_member(company, "pat", Role.PROVIDER)
    tomorrow = TODAY + dt.timedelta(days=1)
    own = make_booking(completed=False, service_date=tomorrow, provider_id=provider.member_id, price="77.00")
    other = make_booking(completed=False, service_date=tomorrow, price="88.00")
    send(ana, make_invoice())
    client = Client()
    client.force_login(Member.objects.get(name="Pat").user)
    page = dashboard(client)
    assert own.number in page
    assert other.number not in page
    for hidden in ("77.00", "88.00", "Outstanding", "Needs attention", "Transactions", "Mailbox"):
        assert hidden not in page


@pytest.mark.parametrize(("role", "plan"), [(Role.ACCOUNTANT, "grow"), (Role.OWNER, "free")])
def test_who_may_not_invoice_is_led_to_no_page_that_refuses(
    company: Company,
    page_of: Callable[[Actor], Client],
    make_invoice: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    role: Role,
    plan: str,
) -> None:
    draft, waiting = make_invoice(), make_booking()
    client = page_of(add_member(company, "ada", role))
    Company.objects.filter(pk=company.pk).update(plan=plan)
    invoice = f"/payments/invoices/{draft.pk}"
    for address in ("/", "/payments/invoices", invoice, f"/customers/{waiting.customer_id}/menu"):
        page = client.get(address)
        assert page.status_code == 200
        for refused in ("/payments/invoices/choose", f"{invoice}/note", f"{invoice}/dates"):
            assert f'"{refused}' not in page.content.decode(), address
    assert "/bookings?tab=to_invoice" in client.get("/").content.decode()


@pytest.mark.both_databases
def test_it_takes_as_many_queries_for_thirty_invoices_as_for_one(
    desk: Client, ana: Actor, make_invoice: Any, make_booking: Any, django_assert_max_num_queries: Any
) -> None:
    send(ana, make_invoice())
    make_booking(completed=False)
    dashboard(desk)
    with django_assert_max_num_queries(40) as one:
        dashboard(desk)
    send(ana, *[make_invoice() for _ in range(29)])
    for _ in range(5):
        make_booking(completed=False)
    with django_assert_max_num_queries(len(one)):
        dashboard(desk)


def test_the_months_of_the_chart_cross_the_year() -> None:
    months = last_months(dt.date(2026, 2, 28))
    assert [month.isoformat() for month in months] == [
        "2025-09-01", "2025-10-01", "2025-11-01", "2025-12-01", "2026-01-01", "2026-02-01",
    ]  # fmt: skip


@pytest.mark.both_databases
def test_ctrl_k_finds_customers_bookings_and_invoices(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    send(ana, invoice)
    for words in ("maple", booking.number, "INV-2026-00001"):
        assert f"/payments/invoices/{invoice.pk}" in desk.get("/search", {"q": words}).content.decode()
    found = desk.get("/search", {"q": "maple"}).content.decode()
    assert f"/customers/{invoice.customer_id}" in found
    assert f"/bookings/{booking.pk}" in found


def test_ctrl_k_respects_rights_and_tenants(
    company: Company, ana: Actor, make_invoice: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    invoice = make_invoice(make_booking())
    add_member(company, "pat", Role.PROVIDER)
    client = Client()
    client.force_login(Member.objects.get(name="Pat").user)
    found = client.get("/search", {"q": "maple"}).content.decode()
    for hidden in ("/payments/invoices/", "/customers/", "/bookings/", str(invoice.pk)):
        assert hidden not in found


def test_the_chart_begins_with_the_first_month_in_which_something_happened(
    company: Company, ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    assert read_chart(company, today=TODAY) is None
    send(ana, make_invoice())
    chart = read_chart(company, today=TODAY)
    assert chart is not None
    assert [group.label for group in chart.wide.groups] == ["Jun"]


def test_ctrl_k_offers_what_its_reader_may_do(desk: Client, company: Company) -> None:
    acts = ("/bookings/new", "/payments/invoices/instant", "/payments/invoices/choose", "/customers/new")
    found = desk.get("/search").content.decode()
    assert [path for path in acts if f'href="{path}"' not in found] == []
    assert "/settings/taxes" in desk.get("/search", {"q": "tax"}).content.decode()
    add_member(company, "pat", Role.PROVIDER)
    client = Client()
    client.force_login(Member.objects.get(name="Pat").user)
    found = client.get("/search").content.decode()
    assert [path for path in acts if f'href="{path}"' in found] == []


@pytest.mark.both_databases
def test_ctrl_k_puts_the_booking_of_a_typed_number_first(
    desk: Client, make_invoice: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    found = desk.get("/search", {"q": booking.number}).content.decode()
    assert found.index(f"/bookings/{booking.pk}") < found.index(f"/payments/invoices/{invoice.pk}")


def test_what_was_made_for_an_instant_invoice_does_not_come_up_as_work(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    planned = make_booking(completed=False)
    instant = make_booking(completed=False, is_instant=True)
    page = dashboard(desk)
    assert planned.number in page
    assert instant.number not in page
