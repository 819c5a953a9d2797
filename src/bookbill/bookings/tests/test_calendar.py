"""Bookings as a day, a week and a month."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import View, span_of
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.customers.models import Customer
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.web.formatting import first_weekday
from tests.support.cast import NOW, TODAY, add_member

DAYS = st.dates(dt.date(1990, 1, 1), dt.date(2199, 12, 31))


@pytest.fixture
def desk(ana: Actor, page_of: Callable[[Actor], Client], time_machine: Any) -> Client:
    """Ana's browser, on the day of the story, a Tuesday."""
    time_machine.move_to(NOW, tick=False)
    return page_of(ana)


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def entries(answer: Any) -> dict[str, list[str]]:
    """The customers of each day that has some, in the order shown."""
    return {
        day.day.isoformat(): [str(entry.booking.customer) for entry in day.entries]
        for day in answer.context["days"]
        if day.count
    }


@given(DAYS, st.integers(0, 6))
def test_a_month_is_shown_in_whole_weeks_and_no_week_too_many(day: dt.date, first_weekday: int) -> None:
    span = span_of(View.MONTH, day, first_weekday=first_weekday)
    days = span.days()
    assert len(days) % 7 == 0
    assert days[0].weekday() == first_weekday
    inside = [shown for shown in days if not span.is_beside(shown)]
    assert day in inside
    assert {(shown.year, shown.month) for shown in inside} == {(day.year, day.month)}
    assert inside[0].day == 1
    assert (inside[-1] + dt.timedelta(days=1)).day == 1
    assert inside[0] in days[:7]
    assert inside[-1] in days[-7:]


@given(DAYS, st.sampled_from(View), st.integers(0, 6))
def test_the_next_span_begins_where_one_ends_and_the_one_before_leads_back(
    day: dt.date, view: View, first_weekday: int
) -> None:
    span = span_of(view, day, first_weekday=first_weekday)
    after = span_of(view, span.following, first_weekday=first_weekday)
    assert span_of(view, after.previous, first_weekday=first_weekday).first == span.first
    assert span.holds(day)
    assert not after.holds(day)
    if view != View.MONTH:
        assert after.first == span.last + dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("zone", "weekday"),
    [("America/Toronto", 6), ("Europe/Paris", 0), ("Africa/Cairo", 5), ("UTC", 0), ("Antarctica/Troll", 0)],
)
def test_weeks_begin_as_in_the_country_of_the_companys_clock(zone: str, weekday: int) -> None:
    assert first_weekday(zone) == weekday


def test_the_three_views_show_their_days_by_the_clock(
    desk: Client, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    make_booking(make_customer("Whenever"))
    make_booking(make_customer("Noon"), start_time=dt.time(12))
    make_booking(make_customer("Morning"), start_time=dt.time(8))
    make_booking(make_customer("Thursday"), service_date=dt.date(2026, 7, 2))
    make_booking(make_customer("Earlier"), service_date=dt.date(2026, 6, 1))
    today = {"2026-06-30": ["Morning", "Noon", "Whenever"]}
    assert entries(desk.get("/bookings/calendar?view=day")) == today
    week = {**today, "2026-07-02": ["Thursday"]}
    assert entries(desk.get("/bookings/calendar?view=week")) == week
    assert entries(desk.get("/bookings/calendar")) == {"2026-06-01": ["Earlier"], **week}
    june = desk.get("/bookings/calendar?view=month&day=2026-06-15")
    assert (june.context["days"][0].day, june.context["days"][-1].day) == (
        dt.date(2026, 5, 31),  # a Sunday: the company is in Canada
        dt.date(2026, 7, 4),
    )
    shown = text_of(june)
    for words in ("June 2026", "day=2026-05-01", "day=2026-07-01", "Today", "/bookings/new?date=2026-06-14"):
        assert words in shown


def test_what_was_made_for_an_instant_invoice_is_in_the_list_with_its_mark_and_in_no_calendar(
    desk: Client, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    make_booking(make_customer("Planned"))
    instant = make_booking(make_customer("Instant"), is_instant=True)
    for view in View:
        answer = desk.get(f"/bookings/calendar?view={view}")
        assert entries(answer) == {TODAY.isoformat(): ["Planned"]}
        assert sum(day.total_minor for day in answer.context["days"]) == 10_000
    for path in ("/bookings", f"/bookings/{instant.pk}"):
        assert text_of(desk.get(path)).count("Instant Invoice</span>") == 1, path


def test_what_is_invoiced_and_paid_is_said_in_words(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    make_booking(completed=False)
    make_booking()
    make_booking(held_back=True)
    make_invoice(make_booking())
    sent = [make_booking() for _ in range(3)]
    invoices = [make_invoice(booking).pk for booking in sent]
    transact(lambda: send_invoices(invoices, by=ana, now=NOW))
    payments = [
        PaymentDraft(booking.customer_id, "cash", paid, "CAD", TODAY, fill=(booking.pk,))
        for booking, paid in zip(sent[1:], (4_000, 10_000), strict=True)
    ]
    transact(lambda: record_payments(payments, by=ana, now=NOW))
    (day,) = desk.get("/bookings/calendar?view=day").context["days"]
    assert [[word.text for word in entry.words] for entry in day.entries] == [
        ["Scheduled"],
        ["To invoice"],
        ["Held back"],
        ["On a draft"],
        ["Invoiced"],
        ["Invoiced", "Partially paid"],
        ["Invoiced", "Paid"],
    ]
    assert [entry.tone for entry in day.entries][-2:] == ["warning", "success"]


def test_the_calendar_is_narrowed_by_state_provider_and_customer(
    desk: Client,
    company: Company,
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
) -> None:
    pat = add_member(company, "pat", Role.PROVIDER)
    oak = make_customer("Oak")
    make_booking(oak, provider_id=pat.member_id, completed=False)
    make_booking(make_customer("Elm"))
    day = TODAY.isoformat()
    assert entries(desk.get("/bookings/calendar?tab=scheduled")) == {day: ["Oak"]}
    assert entries(desk.get("/bookings/calendar?tab=to_invoice")) == {day: ["Elm"]}
    narrowed = desk.get(f"/bookings/calendar?provider={pat.member_id}")
    assert entries(narrowed) == {day: ["Oak"]}
    assert f"/bookings/new?date=2026-06-14&amp;provider={pat.member_id}" in text_of(narrowed)
    assert entries(desk.get(f"/bookings/calendar?customer={oak.pk}")) == {day: ["Oak"]}
    for nonsense in ("view=year", "day=2026-02-30", "day=9999-12-31", "provider=x"):
        assert entries(desk.get(f"/bookings/calendar?{nonsense}")) == {day: ["Oak", "Elm"]}


def test_a_free_day_leads_to_a_new_booking_on_it(
    desk: Client, company: Company, make_customer: Callable[..., Customer]
) -> None:
    make_customer()
    pat = add_member(company, "pat", Role.PROVIDER)
    form = desk.get(f"/bookings/new?date=2026-06-14&provider={pat.member_id}").context["form"]
    assert form["service_date"].value() == "2026-06-14"
    assert form["provider"].value() == str(pat.member_id)


def test_a_full_day_shows_its_first_and_leads_to_the_rest(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    for hour in range(9, 15):
        make_booking(start_time=dt.time(hour))
    month = desk.get("/bookings/calendar")
    assert [len(day.entries) for day in month.context["days"] if day.count] == [3]
    assert "+3 more" in text_of(month)
    assert "?view=day&amp;day=2026-06-30" in text_of(month)
    (day,) = desk.get("/bookings/calendar?view=day").context["days"]
    assert (len(day.entries), day.more, day.total_minor) == (6, 0, 60_000)


def test_a_provider_sees_only_the_own_bookings_and_no_money(
    company: Company,
    ana: Actor,
    page_of: Callable[[Actor], Client],
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
    make_invoice: Callable[..., Invoice],
    time_machine: Any,
) -> None:
    time_machine.move_to(NOW, tick=False)
    pat = add_member(company, "pat", Role.PROVIDER)
    mine = make_booking(make_customer("Mine"), provider_id=pat.member_id, price="678.90")
    make_booking(make_customer("Others"))
    invoice = make_invoice(mine)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    client = page_of(pat)
    for view in View:
        answer = client.get(f"/bookings/calendar?view={view}&tab=to_invoice&provider={ana.member_id}")
        assert entries(answer) == {TODAY.isoformat(): ["Mine"]}
        main = text_of(answer).partition("<main")[2].partition("</main>")[0]
        assert "Completed" in main
        for secret in ("678", "$", "Invoiced", "To invoice", "Others", "/bookings/new"):
            assert secret not in main, (view, secret)


@pytest.mark.parametrize("view", list(View))
def test_a_calendar_takes_as_many_queries_for_one_booking_as_for_thirty(
    desk: Client, make_booking: Callable[..., Booking], django_assert_max_num_queries: Any, view: View
) -> None:
    path = f"/bookings/calendar?view={view}"
    make_booking()
    desk.get(path)
    with django_assert_max_num_queries(16) as one:
        desk.get(path)
    for n in range(30):
        make_booking(service_date=TODAY + dt.timedelta(days=n % 3))
    with django_assert_max_num_queries(len(one)):
        desk.get(path)
