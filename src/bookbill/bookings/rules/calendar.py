"""The days that a calendar shows at once. Weeks begin on a weekday from 0, Monday, to 6, Sunday."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

WEEK = timedelta(days=7)


class View(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Span:
    """The days of one view, both ends included: a month is shown in whole weeks."""

    view: View
    first: date
    last: date
    previous: date
    """A day of the span before, which `span_of` turns into that span."""
    following: date
    month: date | None = None
    """The first of the month that is shown; days beside it only fill its weeks."""

    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]

    def is_beside(self, day: date) -> bool:
        return self.month is not None and (day.year, day.month) != (self.month.year, self.month.month)

    def holds(self, day: date) -> bool:
        return self.first <= day <= self.last and not self.is_beside(day)


def span_of(view: View, day: date, *, first_weekday: int) -> Span:
    """What ``view`` shows around ``day``."""
    if view == View.DAY:
        return Span(view, day, day, day - timedelta(days=1), day + timedelta(days=1))
    if view == View.WEEK:
        first = week_start(day, first_weekday)
        return Span(view, first, first + WEEK - timedelta(days=1), day - WEEK, day + WEEK)
    month = day.replace(day=1)
    following = (month + timedelta(days=31)).replace(day=1)
    return Span(
        view,
        first=week_start(month, first_weekday),
        last=week_start(following - timedelta(days=1), first_weekday) + WEEK - timedelta(days=1),
        previous=(month - timedelta(days=1)).replace(day=1),
        following=following,
        month=month,
    )


def week_start(day: date, first_weekday: int) -> date:
    return day - timedelta(days=(day.weekday() - first_weekday) % 7)
