import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from bookbill.companies.actions import choose_first_number, update_company
from bookbill.companies.events import CompanyChanged
from bookbill.companies.models import Company, NumberSeries, SeriesKind
from bookbill.companies.numbers import (
    earliest_issue_date,
    first_met_again,
    next_invoice_number,
    set_first_number,
    take_booking_numbers,
    take_invoice_numbers,
)
from bookbill.companies.triggers import TRIGGERS
from bookbill.lib import events
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.lib.triggers import install, remove_all

pytestmark = pytest.mark.both_databases

TODAY = dt.date(2026, 11, 22)


def take(company: Company, *wished: dt.date | None, today: dt.date = TODAY) -> list[tuple[str, dt.date]]:
    with transaction.atomic():
        return [
            (taken.number, taken.date) for taken in take_invoice_numbers(company, wished=wished, today=today)
        ]


def test_numbers_start_at_one_and_leave_no_gap(scoped: Company) -> None:
    assert take(scoped, None) == [("INV-2026-00001", TODAY)]
    assert take(scoped, None, None) == [("INV-2026-00002", TODAY), ("INV-2026-00003", TODAY)]


def test_a_refused_act_takes_no_number(scoped: Company) -> None:
    def refused_late() -> None:
        take_invoice_numbers(scoped, wished=[None], today=TODAY)
        raise RuleBroken("late", "Refused after the number was taken.")

    with pytest.raises(RuleBroken), transaction.atomic():
        refused_late()
    assert take(scoped, None) == [("INV-2026-00001", TODAY)]


def test_a_new_year_starts_again_only_where_the_company_says_so(scoped: Company) -> None:
    new_year = dt.date(2027, 1, 1)
    take(scoped, None, None)
    assert take(scoped, None, today=new_year) == [("INV-2027-00001", new_year)]


def test_without_a_yearly_restart_the_count_goes_on(make_company: Callable[..., Company]) -> None:
    company = make_company(number_restarts_yearly=False)
    with scope(company=company):
        take(company, None)
        assert take(company, None, today=dt.date(2027, 1, 1)) == [("INV-2027-00002", dt.date(2027, 1, 1))]


def test_a_clock_set_back_is_clamped_to_the_last_date(scoped: Company) -> None:
    take(scoped, None, today=dt.date(2027, 1, 1))
    assert take(scoped, None, today=dt.date(2026, 12, 31)) == [("INV-2027-00002", dt.date(2027, 1, 1))]
    assert earliest_issue_date(scoped) == dt.date(2027, 1, 1)


def test_an_earlier_wished_date_gets_the_lower_number(scoped: Company) -> None:
    yesterday = TODAY - dt.timedelta(days=1)
    assert take(scoped, TODAY, yesterday) == [("INV-2026-00002", TODAY), ("INV-2026-00001", yesterday)]


def test_a_wished_date_may_lie_in_the_year_before(scoped: Company) -> None:
    december, january = dt.date(2026, 12, 30), dt.date(2027, 1, 2)
    assert take(scoped, None, december, today=january) == [
        ("INV-2027-00001", january),
        ("INV-2026-00001", december),
    ]


@pytest.mark.parametrize("restarts", [True, False])
def test_a_year_stays_with_its_series_when_the_restart_was_switched_after_it(
    make_company: Callable[..., Company], restarts: bool
) -> None:
    company = make_company(number_restarts_yearly=restarts)
    december, january = dt.date(2026, 12, 31), dt.date(2027, 1, 5)
    with scope(company=company):
        take(company, None)
        Company.objects.filter(pk=company.pk).update(number_restarts_yearly=not restarts)
        company.refresh_from_db()
        assert take(company, december, None, today=january) == [
            ("INV-2026-00002", december),
            ("INV-2027-00001", january),
        ]


@pytest.mark.parametrize("days", [-2, 1])
def test_a_wished_date_outside_the_last_number_and_today_is_refused(scoped: Company, days: int) -> None:
    take(scoped, TODAY - dt.timedelta(days=1))
    with pytest.raises(BadInput) as refused:
        take(scoped, TODAY + dt.timedelta(days=days))
    assert (refused.value.code, refused.value.field) == ("issue_date_out_of_range", "issue_date")
    assert take(scoped, None)[0][0] == "INV-2026-00002"


@pytest.mark.parametrize(
    ("language", "range_", "until"),
    [
        ("en", "between Nov 21, 2026 and Nov 22, 2026,", "not be after Nov 22, 2026."),
        ("fr", "entre le 21 nov. 2026 et le 22 nov. 2026,", "après le 22 nov. 2026."),
    ],
)
def test_a_refused_issue_date_names_the_allowed_days_as_people_write_them(
    scoped: Company, language: str, range_: str, until: str
) -> None:
    with override(language):
        with pytest.raises(BadInput) as refused:
            take(scoped, TODAY + dt.timedelta(days=1))
        assert until in str(refused.value)
        take(scoped, TODAY - dt.timedelta(days=1))
        with pytest.raises(BadInput) as refused:
            take(scoped, TODAY + dt.timedelta(days=1))
        assert range_ in str(refused.value)


def test_the_first_number_is_chosen_before_the_first_use_only(scoped: Company) -> None:
    with transaction.atomic():
        set_first_number(scoped, year=2026, first=1042)
    assert take(scoped, None) == [("INV-2026-01042", TODAY)]
    with pytest.raises(RuleBroken) as refused, transaction.atomic():
        set_first_number(scoped, year=2026, first=7)
    assert refused.value.code == "series_in_use"
    with transaction.atomic():
        set_first_number(scoped, year=2027, first=7)
    assert take(scoped, None, today=dt.date(2027, 1, 1))[0][0] == "INV-2027-00007"


@pytest.mark.parametrize(
    ("restarts_then", "numbers"),
    [
        (True, ["INV-2027-00250", "INV-2027-00251", "INV-2028-00001"]),
        (False, ["INV-2027-00250", "INV-2027-00251", "INV-2028-00252"]),
    ],
)
@pytest.mark.parametrize("restarts", [True, False])
def test_the_first_number_holds_for_the_first_invoice_in_whatever_year_it_falls(
    scoped: Company,
    owner: Actor,
    restarts: bool,
    restarts_then: bool,
    numbers: list[str],
) -> None:
    december = dt.datetime(2026, 12, 30, 15, tzinfo=dt.UTC)
    january, next_year = dt.date(2027, 1, 2), dt.date(2028, 1, 3)

    def choose() -> None:
        for switched, first in ((not restarts, 7), (restarts, 250)):
            update_company({"number_restarts_yearly": switched}, by=owner, now=december)
            choose_first_number(first, by=owner, now=december)
        update_company({"number_restarts_yearly": restarts_then}, by=owner, now=december)

    transact(choose)
    scoped.refresh_from_db()
    upcoming = next_invoice_number(
        scoped,
        today=january,
        number_format=scoped.number_format,
        restarts_yearly=restarts_then,
    )
    assert (upcoming.number, upcoming.is_open) == (numbers[0], True)
    given = [
        number for day in (january, january, next_year) for number, _day in take(scoped, None, today=day)
    ]
    assert given == numbers


def test_the_first_number_goes_to_the_earliest_of_two_years(scoped: Company) -> None:
    december, january = dt.date(2026, 12, 30), dt.date(2027, 1, 2)
    with transaction.atomic():
        set_first_number(scoped, year=2027, first=250)
    assert take(scoped, None, december, today=january) == [
        ("INV-2027-00001", january),
        ("INV-2026-00250", december),
    ]


def test_booking_numbers_are_a_series_of_their_own(scoped: Company) -> None:
    with transaction.atomic():
        assert take_booking_numbers(scoped, count=2) == ["B-1001", "B-1002"]
        assert take_booking_numbers(scoped, count=1) == ["B-1003"]
    assert take(scoped, None) == [("INV-2026-00001", TODAY)]


def test_companies_count_each_for_itself(company: Company, twin: Company) -> None:
    for each in (company, twin):
        with scope(company=each):
            assert take(each, None) == [("INV-2026-00001", TODAY)]


def test_a_format_changed_since_the_company_was_read_is_heeded(scoped: Company) -> None:
    Company.objects.filter(pk=scoped.pk).update(number_format="R{n}", number_restarts_yearly=False)
    assert take(scoped, None) == [("R1", TODAY)]


def test_taking_five_hundred_costs_as_many_queries_as_taking_one(scoped: Company) -> None:
    take(scoped, None)
    counts = []
    for wished in ([None], [None] * 500):
        with CaptureQueriesContext(connection) as queries:
            take(scoped, *wished)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 5


def test_a_series_cannot_be_deleted(scoped: Company) -> None:
    remove_all()
    install(TRIGGERS)
    take(scoped, None)
    with pytest.raises(IntegrityError), transaction.atomic():
        NumberSeries.objects.filter(kind=SeriesKind.INVOICE).delete()


MEETING = [form % digit for digit in (4, 6, 8, 9, 2027) for form in ("{n}-%d", "%d-{n}")]
FORMATS = st.sampled_from([*MEETING, "{n:02}-6", "{n}-{year}"])
STEPS = st.lists(st.tuples(FORMATS, st.integers(1, 4), st.integers(0, 1)), min_size=8, max_size=12)


@given(STEPS)
def test_no_change_of_format_ever_leads_to_a_number_twice(
    scoped: Company, owner: Actor, now: dt.datetime, steps: list[tuple[str, int, int]]
) -> None:
    """However format and restart are changed between numbers, as far as the changes are accepted."""
    given_so_far: set[str] = set()

    def no_number_twice(event: CompanyChanged) -> None:
        if first_met_again(Company.objects.get(), sorted(given_so_far)):
            raise RuleBroken("number_exists", "")

    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setitem(events._reactions, CompanyChanged, [no_number_twice])
        for number_format, count, years in steps:
            now = now.replace(year=now.year + years)
            changes = {
                "number_format": number_format,
                "number_restarts_yearly": years > 0 and "{year}" in number_format,
            }
            with suppress(RuleBroken), transaction.atomic():
                update_company(changes, by=owner, now=now)
            numbers = [number for number, _date in take(scoped, *[None] * count, today=now.date())]
            assert len({*numbers} - given_so_far) == count
            given_so_far.update(numbers)
        transaction.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_parallel_takers_get_each_number_once(company: Company, together: Callable[..., list[Any]]) -> None:
    def taker() -> list[str]:
        with scope(company=company):
            return transact(
                lambda: [
                    taken.number for taken in take_invoice_numbers(company, wished=[None, None], today=TODAY)
                ]
            )

    results = together(*[taker] * 6)
    numbers = sorted(number for result in results for number in result)
    assert numbers == [f"INV-2026-{n:05}" for n in range(1, 13)]
