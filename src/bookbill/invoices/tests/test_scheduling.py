"""Sending at a time: the clock on the wall, the promise, taking it back, and what cannot leave when its time comes."""

import datetime as dt
import html
import re
from collections.abc import Callable
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from bookbill.bookings.actions.booking import complete_bookings
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company, Member
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.invoices import tasks
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import SEND_JOB, edit_invoice
from bookbill.invoices.actions.holding import hold_sending, undo_sending
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.marks import needs_attention_q
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.reading import read_marks
from bookbill.invoices.rules import Mark, Status, instant_of
from bookbill.invoices.tasks import EARLIER_MAX, send_held
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.work.claims import Turns, claim
from bookbill.work.models import Job
from bookbill.work.registry import JobView
from bookbill.work.running import return_lapsed, run_database_jobs
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

TORONTO = ZoneInfo("America/Toronto")
TOMORROW = NOW + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("wall", "instant"),
    [
        ("2026-07-01T09:00", "2026-07-01T13:00+00:00"),
        ("2026-03-08T02:30", "2026-03-08T07:00+00:00"),  # skipped: 03:00 is the next that exists
        ("2026-03-08T03:00", "2026-03-08T07:00+00:00"),
        ("2026-11-01T01:30", "2026-11-01T05:30+00:00"),  # twice: the first
    ],
)
def test_a_wall_clock_time_has_one_instant(wall: str, instant: str) -> None:
    assert instant_of(dt.datetime.fromisoformat(wall), TORONTO) == dt.datetime.fromisoformat(instant)


def hold(invoice: Invoice, by: Actor, run_at: dt.datetime = TOMORROW, **options: Any) -> None:
    transact(lambda: hold_sending([invoice.pk], run_at=run_at, by=by, now=NOW, **options))


def run_promise() -> None:
    """What the worker does when the time has come."""
    job = Job.objects.get(kind=SEND_JOB)
    view = JobView(id=job.pk, kind=job.kind, company_id=job.company_id, args=job.args, attempt=1)
    Job.objects.filter(pk=job.pk).delete()
    transact(lambda: send_held(view))


def test_it_leaves_as_it_stands_then(ana: Actor, make_invoice: Callable[..., Invoice]) -> None:
    invoice = make_invoice()
    hold(invoice, ana)
    transact(lambda: edit_customer(invoice.customer_id, {"email": "new@maple.example"}, by=ana, now=NOW))

    run_promise()

    assert Invoice.objects.get().status == Status.SENT
    assert Message.objects.values_list("recipient", flat=True).get() == "new@maple.example"


def test_taken_back_it_never_leaves(ana: Actor, make_invoice: Callable[..., Invoice]) -> None:
    invoice = make_invoice()
    hold(invoice, ana)
    transact(lambda: undo_sending([invoice.pk], by=ana, now=NOW))

    assert Invoice.objects.get().sending_at is None
    assert not Job.objects.filter(kind=SEND_JOB).exists()


def test_sent_meanwhile_its_promise_is_gone_and_another_may_be_made(
    ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()
    hold(invoice, ana)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert not Job.objects.filter(kind=SEND_JOB).exists()

    hold(invoice, ana, NOW + dt.timedelta(days=30))
    assert Job.objects.get(kind=SEND_JOB).run_at > TOMORROW


def test_what_cannot_leave_then_asks_for_attention_until_it_is_edited(
    ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()
    hold(invoice, ana)
    Customer.objects.update(email="")

    run_promise()

    asking = Invoice.objects.filter(needs_attention_q(TODAY)).get()
    assert (asking.status, asking.sending_at) == (Status.DRAFT, None)
    assert "has nobody to go to" in asking.sending_refused
    assert read_marks([asking], now=NOW)[asking.pk] == [Mark.SENDING_REFUSED]
    assert not Version.objects.exists()
    transact(lambda: edit_invoice(invoice.pk, {"note": "Hello"}, by=ana, now=NOW))
    assert not Invoice.objects.filter(needs_attention_q(TODAY)).exists()


@pytest.mark.parametrize("run_at", [NOW, NOW - dt.timedelta(days=1), NOW + dt.timedelta(days=400)])
def test_only_a_moment_within_the_next_year(
    ana: Actor, make_invoice: Callable[..., Invoice], run_at: dt.datetime
) -> None:
    with pytest.raises(RuleBroken) as refused:
        hold(make_invoice(), ana, run_at)
    assert refused.value.code == "send_at_out_of_range"


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"issue_date": TODAY - dt.timedelta(days=1)}, "issue_date_out_of_range"),
        ({"issue_date": TODAY + dt.timedelta(days=2)}, "issue_date_out_of_range"),  # after the day it leaves
        ({"due_date": TODAY}, "due_before_issue"),
    ],
)
def test_dates_that_cannot_be_then_are_refused_when_the_sending_is_promised(
    ana: Actor, make_invoice: Callable[..., Invoice], dates: dict[str, dt.date], code: str
) -> None:
    earlier, invoice = make_invoice(), make_invoice()
    transact(lambda: send_invoices([earlier.pk], by=ana, now=NOW))
    transact(lambda: edit_invoice(invoice.pk, dates, by=ana, now=NOW))
    with pytest.raises(RuleBroken) as refused:
        hold(invoice, ana)
    assert refused.value.code == code
    assert not Job.objects.filter(kind=SEND_JOB).exists()


def test_a_date_that_became_too_old_meanwhile_asks_for_attention(
    ana: Actor, make_invoice: Callable[..., Invoice], time_machine: Any
) -> None:
    invoice, other = make_invoice(), make_invoice()
    transact(lambda: edit_invoice(invoice.pk, {"issue_date": TODAY}, by=ana, now=NOW))
    hold(invoice, ana)
    transact(lambda: send_invoices([other.pk], by=ana, now=TOMORROW))
    time_machine.move_to(TOMORROW, tick=False)

    run_promise()

    asking = Invoice.objects.filter(needs_attention_q(TODAY)).get()
    assert (asking.pk, asking.status) == (invoice.pk, Status.DRAFT)
    assert "The issue date must lie between" in asking.sending_refused


def run_first_promise() -> int:
    """What a worker does next when the time of all has come."""
    jobs = transact(lambda: claim(Turns([SEND_JOB]), holder="worker", limit=1))
    return run_database_jobs(jobs) if jobs else 0


def run_all_promises() -> None:
    while run_first_promise():
        pass


@pytest.mark.parametrize("at_once", [True, False])
def test_those_that_leave_at_the_same_time_leave_in_the_order_of_their_dates(
    ana: Actor, make_invoice: Callable[..., Invoice], time_machine: Any, at_once: bool
) -> None:
    today, later, earlier = make_invoice(), make_invoice(), make_invoice()
    for invoice, days in ((later, -1), (earlier, -3)):
        dated = {"issue_date": TODAY + dt.timedelta(days=days)}
        transact(partial(edit_invoice, invoice.pk, dated, by=ana, now=NOW))
    if at_once:
        ids = [today.pk, later.pk, earlier.pk]
        transact(lambda: hold_sending(ids, run_at=TOMORROW, by=ana, now=NOW))
    else:
        for invoice in (today, later, earlier):
            hold(invoice, ana)
    time_machine.move_to(TOMORROW, tick=False)

    run_all_promises()

    sent = Invoice.objects.order_by("number_n")
    assert [(each.pk, each.sending_refused) for each in sent] == [
        (earlier.pk, ""),
        (later.pk, ""),
        (today.pk, ""),
    ]


def test_one_before_which_many_have_to_leave_lets_them_leave_in_turns(
    ana: Actor, make_invoice: Callable[..., Invoice], time_machine: Any
) -> None:
    """The customers and the series stay locked for a turn, not until all have left."""
    today, *earlier = (make_invoice() for _ in range(EARLIER_MAX + 3))
    for place, invoice in enumerate(earlier):
        dated = {"issue_date": TODAY - dt.timedelta(days=len(earlier) - place)}
        transact(partial(edit_invoice, invoice.pk, dated, by=ana, now=NOW))
    for invoice in (today, *reversed(earlier)):
        hold(invoice, ana)
    time_machine.move_to(TOMORROW, tick=False)

    run_first_promise()
    assert Invoice.objects.exclude(sent_at=None).count() == EARLIER_MAX
    assert Invoice.objects.get(pk=today.pk).sending_at
    run_all_promises()

    sent = Invoice.objects.order_by("number_n").values_list("pk", "sending_refused")
    assert list(sent) == [(each.pk, "") for each in (*earlier, today)]
    assert Version.objects.count() == len(sent)


def test_one_that_left_with_a_later_dated_one_does_not_leave_twice(
    ana: Actor, make_invoice: Callable[..., Invoice], time_machine: Any
) -> None:
    today, earlier, not_yet = make_invoice(), make_invoice(), make_invoice()
    for invoice in (earlier, not_yet):
        dated = {"issue_date": TODAY}
        transact(partial(edit_invoice, invoice.pk, dated, by=ana, now=NOW))
    for invoice in (today, earlier):
        hold(invoice, ana)
    hold(not_yet, ana, TOMORROW + dt.timedelta(hours=1))
    # Another worker has the earlier one in hand.
    taken = Job.objects.filter(unique_key=str(earlier.pk))
    taken.update(state="running", lease_holder="other", lease_until=TOMORROW)
    time_machine.move_to(TOMORROW, tick=False)

    for job in (Job.objects.get(unique_key=str(today.pk)), taken.get()):
        view = JobView(id=job.pk, kind=job.kind, company_id=job.company_id, args=job.args, attempt=1)
        transact(partial(send_held, view))

    assert list(Version.objects.order_by("pk").values_list("invoice_id", "n")) == [
        (earlier.pk, 1),
        (today.pk, 1),
    ]
    assert Invoice.objects.get(pk=not_yet.pk).sending_at


def page(invoice: Invoice) -> str:
    return f"/payments/invoices/{invoice.pk}/sendings"


def test_the_page_schedules_in_the_companys_time_and_undoes(
    desk: Client, company: Company, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()
    day = (dt.datetime.now(TORONTO) + dt.timedelta(days=3)).date()
    form = {"recipients": "maple@customer.example", "act": "schedule", "send_on": day.isoformat()}
    assert desk.post(page(invoice), form).status_code == 422  # a day without a time
    assert desk.post(page(invoice), form | {"send_time": "09:15"}).status_code == 303

    promised = Invoice.objects.get()
    assert promised.sending_at is not None
    assert promised.sending_at.astimezone(TORONTO).strftime("%Y-%m-%d %H:%M") == f"{day} 09:15"
    assert Job.objects.get(kind=SEND_JOB).args["recipients"] == []
    shown = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert "Undo sending" in shown
    assert shown.count("/sendings/undo") == 1  # no toast beside it that offers the same
    undone = desk.post(f"{page(invoice)}/undo", follow=True).content.decode()
    assert "Not sent. It is a draft." in undone
    assert Invoice.objects.get().sending_at is None


def test_undo_takes_back_the_sending_that_the_page_showed_and_no_newer_one(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()

    def plan(days: int) -> str:
        """Where the page's Undo leads."""
        moment = NOW + dt.timedelta(days=days)
        transact(lambda: hold_sending([invoice.pk], run_at=moment, by=ana, now=NOW))
        shown = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
        return str(re.findall(r'action="([^"]+/sendings/undo[^"]*)"', shown)[0])

    left_open = plan(1)
    assert desk.post(left_open).status_code == 303
    undo = plan(2)

    refused = desk.post(left_open)

    assert refused.status_code == 409
    assert "was planned anew meanwhile" in refused.content.decode()
    assert Invoice.objects.get().sending_at == NOW + dt.timedelta(days=2)
    assert desk.post(undo).status_code == 303
    assert Invoice.objects.get().sending_at is None


@pytest.mark.parametrize("act", ["send", "mark", "draft"])
def test_a_chosen_time_is_not_passed_over_when_another_button_is_pressed(
    desk: Client, make_invoice: Callable[..., Invoice], make_booking: Callable[..., Any], act: str
) -> None:
    invoice, booking = make_invoice(), make_booking()
    form = {
        "recipients": "boss@x.example",
        "terms_days": "14",
        "note": "Mind the dog",
        "send_on": "2030-01-07",
        "send_time": "09:15",
        "act": act,
    }
    for address, more in (
        (page(invoice), {}),
        (f"/payments/invoices/{invoice.pk}/edit", {"revision": str(invoice.revision)}),
        (f"/payments/invoices/new?bookings={booking.pk}", {"bookings": str(booking.pk)}),
    ):
        answer = desk.post(address, form | more)
        shown = answer.content.decode()
        assert answer.status_code == 422
        assert "You chose a time: press Schedule, or empty it." in shown
        for typed in ("boss@x.example", "2030-01-07", "09:15"):
            assert typed in shown
        assert ("Mind the dog" in shown) == (address != page(invoice))
    assert [each.pk for each in Invoice.objects.all()] == [invoice.pk]
    assert not Version.objects.exists()


def test_undo_pressed_too_late_says_what_became_of_the_sending(
    desk: Client, ana: Actor, make_sent: Callable[..., Invoice], subtests: pytest.Subtests
) -> None:
    def cancel(invoice: Invoice) -> None:
        transact(lambda: cancel_invoice(invoice.pk, reason="Wrong date", by=ana, now=NOW))

    def undo(invoice: Invoice) -> None:
        transact(lambda: undo_sending([invoice.pk], by=ana, now=NOW))

    def leave(invoice: Invoice) -> None:
        run_promise()

    def fail(invoice: Invoice) -> None:
        Customer.objects.update(email="")
        run_promise()

    for end, said in (
        (cancel, "Nothing to undo: INV-2026-00001 was cancelled, and nothing of it waits to be sent."),
        (undo, "INV-2026-00002 is not about to be sent."),
        (leave, "Too late to undo: INV-2026-00003 was sent."),
        (fail, "Nothing to undo: INV-2026-00004 could not be sent. Its page says why."),
    ):
        with subtests.test(said):
            invoice = make_sent()
            hold(invoice, ana)
            end(invoice)
            assert said in html.unescape(desk.post(f"{page(invoice)}/undo").content.decode())


def test_generate_invoice_schedules_too(desk: Client, make_booking: Callable[..., Any]) -> None:
    booking = make_booking()
    day = (dt.datetime.now(TORONTO) + dt.timedelta(days=3)).date()
    form = {
        "bookings": str(booking.pk),
        "recipients": "maple@customer.example",
        "terms_days": "14",
        "act": "schedule",
        "send_on": day.isoformat(),
        "send_time": "09:15",
    }
    assert desk.post(f"/payments/invoices/new?bookings={booking.pk}", form).status_code == 303
    assert Invoice.objects.get().sending_at is not None


def test_to_whom_a_sending_was_promised_is_told_everywhere_and_edited(
    desk: Client, api: ApiClient, make_invoice: Callable[..., Invoice], time_machine: Any
) -> None:
    time_machine.move_to(NOW, tick=False)
    invoice = make_invoice()
    at = f"/payments/invoices/{invoice.pk}"
    when = {"send_on": TOMORROW.date().isoformat(), "send_time": "09:00"}
    desk.post(f"{at}/sendings", {"recipients": "bob@x.example", "act": "schedule", **when})
    assert "It goes only to bob@x.example" in desk.get(at).content.decode()
    edit = desk.get(f"{at}/edit").content.decode()
    assert "maple@customer.example" not in edit.split('id="sending"')[1].split("bill-to")[0]
    assert "Sending on Jul 1, 2026" in edit
    assert re.findall(r'name="act" value="(\w+)"', edit) == [
        "draft",
        "draft",
        "preview",
    ]  # on its way already
    assert api.get(f"/invoices/{invoice.pk}").json()["recipients"] == ["bob@x.example"]
    history = desk.get(f"{at}/history").content.decode()
    assert "To bob@x.example" in history
    assert re.search(r"For Jul 1.{1,8}9:00", html.unescape(history))

    form = {"terms_days": "14", "act": "draft", "note": "Ring", "recipients": "bob@x.example"}
    emptied = desk.post(f"{at}/edit", form | {"recipients": ""})
    assert emptied.status_code == 422
    assert "Name at least one recipient, or undo the sending." in emptied.content.decode()
    assert "Saved. It leaves as planned." in desk.post(f"{at}/edit", form, follow=True).content.decode()
    assert Invoice.objects.get().extra_recipients == []
    desk.post(f"{at}/edit", {**form, "recipients": "bob@x.example, boss@x.example"})

    assert Invoice.objects.get().sending_at == dt.datetime(2026, 7, 1, 13, tzinfo=dt.UTC)
    run_promise()
    assert set(Message.objects.values_list("recipient", flat=True)) == {"bob@x.example", "boss@x.example"}


def test_a_waiting_draft_takes_no_date_with_which_it_could_not_leave(
    desk: Client,
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    make_sent: Callable[..., Invoice],
) -> None:
    invoice = make_invoice()
    make_booking(invoice.customer)
    transact(lambda: hold_sending([invoice.pk], run_at=NOW + dt.timedelta(days=3), by=ana, now=NOW))
    form = {"act": "draft", "recipients": "maple@customer.example", "note": "Ring twice"}
    at = f"/payments/invoices/{invoice.pk}"
    form["revision"] = str(Invoice.objects.get().revision)
    early, late = {"due_date": "2026-07-01"}, {"issue_date": "2026-07-20"}
    for where, dates in (("edit", early), ("dates", late), ("bookings", early)):
        refused = desk.post(f"{at}/{where}", form | dates)
        assert refused.status_code == 422
        assert ("Ring twice" in refused.content.decode()) is (where != "dates")
    kept = Invoice.objects.get()
    assert (kept.due_date, kept.issue_date, kept.bookings_count) == (None, None, 1)

    del form["revision"]
    fine = form | {"issue_date": "2026-06-30", "due_date": "2026-07-03"}
    assert desk.post(f"{at}/edit", fine).status_code == 303
    Invoice.objects.filter(pk=invoice.pk).update(issue_date=dt.date(2026, 6, 1))
    make_sent()  # the series has passed that day: no reason to keep a note out
    assert desk.post(f"{at}/edit", fine | {"issue_date": "2026-06-01", "note": "Ring"}).status_code == 303


def test_a_list_that_nobody_touched_follows_the_customer_also_from_a_page_left_open(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()
    hold(invoice, ana)
    at = f"/payments/invoices/{invoice.pk}/edit"
    began = dict(re.findall(r'type="hidden" name="(own|to)" value="([^"]*)"', desk.get(at).content.decode()))
    transact(lambda: edit_customer(invoice.customer_id, {"email": "new@maple.example"}, by=ana, now=NOW))
    form = {"act": "draft", "note": "Ring twice", "recipients": "maple@customer.example"}

    assert desk.post(at, form | began).status_code == 303

    assert Invoice.objects.get().note == "Ring twice"
    run_promise()
    assert list(Message.objects.values_list("recipient", flat=True)) == ["new@maple.example"]


def test_a_booking_that_is_planned_again_is_not_billed_by_a_promise(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = make_invoice(booking)
    hold(invoice, ana)
    edit = BookingEdit({"state": "scheduled"})
    transact(lambda: edit_booking(booking.pk, edit, by=ana, now=NOW))

    assert not Job.objects.filter(kind=SEND_JOB).exists()
    invoice.refresh_from_db()
    assert (invoice.sending_at, invoice.bookings_count) == (None, 1)
    assert "planned again" in desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert Invoice.objects.filter(needs_attention_q(TODAY)).exists()


def test_completing_work_that_was_billed_ahead_and_undoing_that_leaves_its_promise(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(completed=False)
    invoice = make_invoice(booking)
    hold(invoice, ana)
    later = NOW + dt.timedelta(minutes=5)
    transact(lambda: complete_bookings([booking.pk], by=ana, now=later))
    transact(lambda: edit_booking(booking.pk, BookingEdit({"state": "scheduled"}), by=ana, now=later))
    assert Invoice.objects.get(pk=invoice.pk).sending_at == TOMORROW


def test_send_with_an_emptied_box_goes_to_nobody(desk: Client, make_booking: Callable[..., Any]) -> None:
    booking = make_booking()
    form = {"bookings": str(booking.pk), "recipients": "", "terms_days": "14", "act": "send"}
    assert desk.post(f"/payments/invoices/new?bookings={booking.pk}", form).status_code == 422
    assert not Invoice.objects.exists()


def test_sending_twenty_promised_ones_takes_as_many_queries_as_one(
    ana: Actor, make_invoice: Callable[..., Invoice], django_assert_max_num_queries: Any
) -> None:
    first = make_invoice()  # it makes the row of the series too
    transact(lambda: send_invoices([first.pk], by=ana, now=NOW))
    one, many = [make_invoice()], [make_invoice() for _ in range(20)]
    for invoice in (*one, *many):
        hold(invoice, ana)
    with django_assert_max_num_queries(40) as for_one:
        transact(lambda: send_invoices([invoice.pk for invoice in one], by=ana, now=NOW))
    with django_assert_max_num_queries(len(for_one)):
        transact(lambda: send_invoices([invoice.pk for invoice in many], by=ana, now=NOW))


@pytest.mark.parametrize("ended", ["plan", "member"])
def test_what_was_promised_needs_the_rights_of_the_moment_it_leaves(
    ana: Actor, company: Company, make_invoice: Callable[..., Invoice], ended: str
) -> None:
    invoice = make_invoice()
    hold(invoice, ana)
    if ended == "plan":
        Company.objects.filter(pk=company.pk).update(plan="free")
    else:
        Member.objects.filter(role="owner").update(is_active=False)
    run_promise()
    invoice.refresh_from_db()
    assert (invoice.status, invoice.number, invoice.sending_at) == ("draft", "", None)
    said = {
        "plan": "comes with the Startup plan",
        "member": "Whoever planned this may not send invoices any more.",
    }
    assert said[ended] in invoice.sending_refused


def test_a_booking_that_is_planned_again_leaves_a_draft_over_others(
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
    make_invoice: Any,
) -> None:
    customer = make_customer()
    one, other = make_booking(customer), make_booking(customer)
    invoice = make_invoice(one, other)
    transact(lambda: edit_booking(other.pk, BookingEdit({"state": "scheduled"}), by=ana, now=NOW))
    invoice.refresh_from_db()
    assert (invoice.bookings_count, invoice.total_minor) == (1, 10_000)
    transact(lambda: edit_booking(one.pk, BookingEdit({"state": "scheduled"}), by=ana, now=NOW))
    invoice.refresh_from_db()
    assert invoice.bookings_count == 1  # alone it may be billed ahead


def fail_for_good(monkeypatch: pytest.MonkeyPatch, *, killed: bool) -> Job:
    """The last try of the promise ends in a crash, or with its worker."""
    Job.objects.filter(kind=SEND_JOB).update(attempts=4, run_at=NOW - dt.timedelta(days=1000))
    jobs = transact(lambda: claim(Turns([SEND_JOB]), holder="one", limit=1))
    if killed:
        Job.objects.update(lease_until=NOW - dt.timedelta(days=1000))
        transact(return_lapsed)
    else:
        with monkeypatch.context() as patched:
            patched.setattr(tasks, "send_invoices", lambda *_args, **_options: 1 // 0)
            run_database_jobs(jobs)
    return Job.objects.get(kind=SEND_JOB)


@pytest.mark.parametrize("killed", [False, True])
def test_a_sending_that_failed_for_good_says_so_and_can_be_asked_for_again(
    ana: Actor,
    desk: Client,
    make_invoice: Callable[..., Invoice],
    monkeypatch: pytest.MonkeyPatch,
    killed: bool,
) -> None:
    invoice = make_invoice()
    hold(invoice, ana)

    assert fail_for_good(monkeypatch, killed=killed).state == "set_aside"

    asking = Invoice.objects.filter(needs_attention_q(TODAY)).get()
    assert (asking.status, asking.sending_at) == (Status.DRAFT, None)
    shown = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()
    assert "Could not be sent" in shown
    assert "went wrong several times" in shown
    undone = desk.post(f"/payments/invoices/{invoice.pk}/sendings/undo")
    assert "could not be sent. Its page says why." in undone.content.decode()
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert Invoice.objects.get().status == Status.SENT


def test_retried_by_a_person_it_leaves_after_all_unless_it_was_edited_or_sent_since(
    ana: Actor, desk: Client, make_invoice: Callable[..., Invoice], monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = make_invoice()
    hold(invoice, ana)
    job = fail_for_good(monkeypatch, killed=False)

    assert desk.post(f"/operations/jobs/{job.pk}/tries").status_code == 303
    assert Invoice.objects.get().sending_at
    run_promise()
    assert Invoice.objects.get().status == Status.SENT

    hold(invoice, ana)
    job = fail_for_good(monkeypatch, killed=False)
    transact(lambda: edit_invoice(invoice.pk, {"note": "Hello"}, by=ana, now=NOW))
    refused = desk.post(f"/operations/jobs/{job.pk}/tries")
    assert refused.status_code == 409
    assert "Open the invoice and send it from there" in refused.content.decode()


def test_a_promise_that_nobody_keeps_can_be_undone_and_is_over_when_its_task_is_discarded(
    ana: Actor, desk: Client, make_invoice: Callable[..., Invoice]
) -> None:
    undone, discarded = make_invoice(), make_invoice()
    for invoice in (undone, discarded):
        hold(invoice, ana)
    Job.objects.update(state="set_aside", finished_at=NOW)  # as it was left before the invoice was told

    assert desk.post(f"/payments/invoices/{undone.pk}/sendings/undo").status_code == 303
    job = Job.objects.get(unique_key=str(discarded.pk))
    assert desk.post(f"/operations/jobs/{job.pk}/discard").status_code == 303

    assert not Invoice.objects.filter(sending_at__isnull=False).exists()
    assert Invoice.objects.exclude(sending_refused="").get().pk == discarded.pk
    hold(discarded, ana)
