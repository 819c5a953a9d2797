"""The list of bookings, through a browser without JavaScript."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.bookings.tests.reading import numbers, text_of
from bookbill.customers.models import Customer
from tests.support.cast import NOW


def test_the_list_says_the_year_only_of_another_one(
    desk: Client, make_booking: Callable[..., Booking], time_machine: Any
) -> None:
    time_machine.move_to(NOW)
    make_booking(service_date=dt.date(2026, 5, 4))
    make_booking(service_date=dt.date(2025, 12, 30))
    shown = text_of(desk.get("/bookings"))
    assert "May 4<" in shown
    assert "Dec 30, 2025<" in shown


def test_the_list_shows_each_state_under_its_tab(desk: Client, make_booking: Callable[..., Booking]) -> None:
    for completed in (False, True):
        make_booking(completed=completed)
    assert numbers(desk.get("/bookings")) == ["B-1002", "B-1001"]
    assert numbers(desk.get("/bookings?tab=scheduled")) == ["B-1001"]
    assert numbers(desk.get("/bookings?tab=to_invoice")) == ["B-1002"]
    assert "None here" in text_of(desk.get("/bookings?tab=cancelled"))


def test_the_list_finds_by_number_customer_and_day(
    desk: Client, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    make_booking(make_customer("Oak Dental"), service_date=dt.date(2026, 5, 4))
    make_booking(make_customer("Joëlle Tremblay"))
    assert numbers(desk.get("/bookings?q=1001")) == ["B-1001"]
    assert numbers(desk.get("/bookings?q=joelle")) == ["B-1002"]
    assert numbers(desk.get("/bookings?date_from=2026-05-01&date_to=2026-05-31")) == ["B-1001"]
    assert "No booking matches" in text_of(desk.get("/bookings?q=nobody"))


def test_ticked_bookings_are_completed_together_or_not_at_all(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    first, second, third = make_booking(completed=False), make_booking(completed=False), make_booking()
    answer = desk.post("/bookings/completions", {"ids": [first.pk, third.pk]})
    assert answer.status_code in (409, 422)
    assert "already completed" in text_of(answer)
    assert Booking.objects.filter(state=State.SCHEDULED).count() == 2
    assert desk.post("/bookings/completions", {"ids": [first.pk, second.pk]}).status_code == 303
    assert not Booking.objects.filter(state=State.SCHEDULED).exists()


@pytest.mark.parametrize("path", ["/bookings", "/bookings?tab=to_invoice"])
def test_the_list_takes_as_many_queries_for_one_booking_as_for_thirty(
    desk: Client, make_booking: Callable[..., Booking], django_assert_max_num_queries: Any, path: str
) -> None:
    make_booking()
    desk.get(path)
    with django_assert_max_num_queries(15) as one:
        desk.get(path)
    for _ in range(29):
        make_booking()
    with django_assert_max_num_queries(len(one)):
        assert len(numbers(desk.get(path))) == 30
