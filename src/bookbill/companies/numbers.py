"""Taking numbers: from rows that the transaction locks, without gaps, never twice, dates going up with them."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Max
from django.utils.translation import gettext as _

from bookbill.companies.models import Company, NumberSeries, SeriesKind
from bookbill.companies.number_formats import format_number, number_pattern
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import assert_in_transaction
from bookbill.web.formatting import day

BOOKING_FORMAT = "B-{n}"
BOOKING_FIRST = 1001
FIRST_MAX = 10**9


@dataclass(frozen=True, slots=True)
class Numbered:
    """A number taken, and the issue date it was taken for."""

    number: str
    n: int
    date: dt.date


def take_invoice_numbers(
    company: Company, *, wished: Sequence[dt.date | None], today: dt.date
) -> list[Numbered]:
    """A number and an issue date for each wish, in the order of the wishes; ``None`` wishes the first date allowed from today.

    Locks the company's row and its invoice series until the commit: call it last, when nothing can be refused any
    more, and write only what carries the numbers afterwards. The issue date is the later of ``today`` and the series'
    last date (a clock that was set back is clamped), or a wished one between those two; earlier dates get the lower
    numbers. At most five queries for any count. Raises BadInput ``issue_date_out_of_range``.
    """
    assert_in_transaction()
    company = _locked_company(company)
    series, dates = _dated(company, wished, today)
    missing = sorted({_series_year(company, date.year, series) for date in dates} - series.keys())
    if missing:
        _insert(company, SeriesKind.INVOICE, missing)
        # Dated again: somebody else may have begun the series meanwhile, on a later date than ours.
        series, dates = _dated(company, wished, today)
    rows = [series[_series_year(company, date.year, series)] for date in dates]
    order = sorted(range(len(dates)), key=lambda place: dates[place])
    moved = _move_first(series, to=rows[order[0]]) if order else []
    taken: dict[int, Numbered] = {}
    for place in order:
        date, row = dates[place], rows[place]
        taken[place] = Numbered(
            format_number(company.number_format, n=row.next_n, year=date.year), row.next_n, date
        )
        row.next_n += 1
        row.last_date = date
    NumberSeries.objects.bulk_update({*rows, *moved}, ["first_n", "next_n", "last_date"])
    return [taken[place] for place in range(len(dates))]


def take_booking_numbers(company: Company, *, count: int) -> list[str]:
    """The next booking numbers (``B-1001`` …). Locks the company's booking series until the commit."""
    assert_in_transaction()
    rows = _locked(company, SeriesKind.BOOKING)
    if not rows:
        _insert(company, SeriesKind.BOOKING, [0])
        rows = _locked(company, SeriesKind.BOOKING)
    row = rows[0]
    first = row.next_n
    row.next_n = first + count
    row.save(update_fields=["next_n"])
    return [format_number(BOOKING_FORMAT, n=n, year=0) for n in range(first, first + count)]


def earliest_issue_date(company: Company) -> dt.date | None:
    """The last date of the company's invoice numbers: no issue date may lie before it. Read without the lock, for forms."""
    latest: dt.date | None = NumberSeries.objects.filter(company=company, kind=SeriesKind.INVOICE).aggregate(
        date=Max("last_date")
    )["date"]
    return latest


def issue_dates_by_now(
    company: Company, wished: Sequence[dt.date | None], *, today: dt.date
) -> list[dt.date]:
    """What `take_invoice_numbers` would date them on ``today`` as the series stands. Read without the lock.

    Raises BadInput ``issue_date_out_of_range``.
    """
    return _allowed_dates(wished, last=earliest_issue_date(company), today=today)


@dataclass(frozen=True, slots=True)
class NextNumber:
    """What the next invoice would be called. ``is_open``: the series has given none yet, so its first may be chosen."""

    number: str
    n: int
    is_open: bool


def next_invoice_number(
    company: Company,
    *,
    today: dt.date,
    number_format: str,
    restarts_yearly: bool,
    first_n: int | None = None,
) -> NextNumber:
    """For the settings page, without the lock. Format, restart and ``first_n`` may be such as are not saved yet."""
    year = max(today, earliest_issue_date(company) or today).year
    series = NumberSeries.objects.filter(company=company, kind=SeriesKind.INVOICE)
    rows = {row.year: row for row in series}
    row = rows.get(year if restarts_yearly else 0)
    is_open = row is None or row.next_n == row.first_n
    row = _first_elsewhere(rows, than=row) or row
    n = first_n if first_n and is_open else row.next_n if row else 1
    return NextNumber(format_number(number_format, n=n, year=year), n, is_open)


def first_met_again(company: Company, numbers: Iterable[str]) -> str | None:
    """The first of the company's invoice numbers that its format, as it is in hand, would come to once more.

    Locks the series. A year in which nothing was numbered yet is taken to begin with 1, wherever it will.
    """
    assert_in_transaction()
    series = {row.year: row for row in _locked(company, SeriesKind.INVOICE)}
    last = max((row.last_date for row in series.values() if row.last_date), default=None)
    pattern = number_pattern(company.number_format)
    if last is None:
        return None
    for number in numbers:
        if match := pattern.fullmatch(number):
            year = int(match.groupdict().get("year") or last.year)
            row = series.get(_series_year(company, year, series))
            if year >= last.year and int(match["n"]) >= (row.next_n if row and row.last_date else 1):
                return number
    return None


def set_first_number(company: Company, *, year: int, first: int) -> None:
    """Let a series that has given no number yet start elsewhere. ``year`` 0 when numbers do not restart yearly."""
    assert_in_transaction()
    if not 1 <= first <= FIRST_MAX:
        raise BadInput(
            "bad_first_number",
            _("The first number must lie between 1 and 1,000,000,000."),
            field="first_number",
        )
    _insert(company, SeriesKind.INVOICE, [year])
    series = {row.year: row for row in _locked(company, SeriesKind.INVOICE)}
    row = series[year]
    is_used = row.next_n != row.first_n
    if is_used and row.first_n != first:
        raise RuleBroken(
            "series_in_use",
            _("The first number can be set only before the first invoice is sent."),
            field="first_number",
        )
    moved = _move_first(series, to=row)
    if not is_used:
        row.first_n = row.next_n = first
    NumberSeries.objects.bulk_update({row, *moved}, ["first_n", "next_n"])


def _first_elsewhere(series: Mapping[int, NumberSeries], *, than: NumberSeries | None) -> NumberSeries | None:
    """The series that holds the number chosen for the first invoice of all, where that will be in another."""
    is_begun = any(row.last_date for row in series.values())
    if is_begun or (than and than.first_n != 1):
        return None
    return next((row for row in series.values() if row.first_n != 1), None)


def _move_first(series: Mapping[int, NumberSeries], *, to: NumberSeries) -> list[NumberSeries]:
    """The chosen number holds whatever year the first invoice falls in, whatever was switched since. Which rows changed."""
    if (chosen := _first_elsewhere(series, than=to)) is None:
        return []
    to.first_n = to.next_n = chosen.first_n
    chosen.first_n = chosen.next_n = 1
    return [chosen, to]


def _locked_company(company: Company) -> Company:
    """As it stands. A format or restart that was changed since it was read was held against the numbers of then.

    Its row, because before the first number there is none of a series that a change of settings could wait for.
    """
    return Company.objects.select_for_update(no_key=True).get(pk=company.pk)


def _locked(company: Company, kind: SeriesKind) -> list[NumberSeries]:
    return list(NumberSeries.objects.select_for_update().filter(company=company, kind=kind).order_by("year"))


def _dated(
    company: Company, wished: Sequence[dt.date | None], today: dt.date
) -> tuple[dict[int, NumberSeries], list[dt.date]]:
    """The locked series by year, and the issue date of each wish after what they say."""
    series = {row.year: row for row in _locked(company, SeriesKind.INVOICE)}
    last = max((row.last_date for row in series.values() if row.last_date), default=None)
    return series, _allowed_dates(wished, last=last, today=today)


def _allowed_dates(
    wished: Sequence[dt.date | None], *, last: dt.date | None, today: dt.date
) -> list[dt.date]:
    latest = max(today, last) if last else today
    return [_allowed(date or latest, earliest=last, latest=latest) for date in wished]


def _insert(company: Company, kind: SeriesKind, years: Sequence[int]) -> None:
    """Make the rows unless someone else just did: then wait for them instead of failing."""
    first = BOOKING_FIRST if kind == SeriesKind.BOOKING else 1
    rows = [
        NumberSeries(company=company, kind=kind, year=year, first_n=first, next_n=first) for year in years
    ]
    NumberSeries.objects.bulk_create(rows, ignore_conflicts=True)


def _series_year(company: Company, year: int, series: Mapping[int, NumberSeries]) -> int:
    """A year goes on in the series that began it, whatever was switched since: another would give its numbers again."""
    begun = [row.year for row in series.values() if row.last_date and row.last_date.year == year]
    return begun[0] if begun else year if company.number_restarts_yearly else 0


def _allowed(date: dt.date, *, earliest: dt.date | None, latest: dt.date) -> dt.date:
    if earliest and not earliest <= date <= latest:
        message = _(
            "The issue date must lie between %(earliest)s and %(latest)s, so that numbers and dates go up together."
        ) % {"earliest": day(earliest), "latest": day(latest)}
    elif date > latest:
        message = _("The issue date must not be after %(latest)s.") % {"latest": day(latest)}
    else:
        return date
    raise BadInput("issue_date_out_of_range", message, field="issue_date")
