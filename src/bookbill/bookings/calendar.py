"""Reading the days of a calendar: at most so many bookings a day, in as many queries for one as for ten thousand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, F, Sum, Window
from django.db.models.functions import RowNumber

from bookbill.bookings.models import Booking
from bookbill.bookings.models.booking import BookingQuerySet
from bookbill.bookings.reading import services_of, with_row_parts
from bookbill.bookings.rules import Span, View
from bookbill.bookings.words import Word, standing, state_word
from bookbill.lib.addresses import address_lines

SHOWN_A_DAY = {View.DAY: 200, View.WEEK: 12, View.MONTH: 4}
BY_THE_CLOCK = (F("start_time").asc(nulls_last=True), F("number_n").asc())


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """A booking on its day. ``words`` say what became of it, the last of them in the entry's tone."""

    booking: Booking
    services: str
    place: str
    words: Sequence[Word]

    @property
    def tone(self) -> str:
        return self.words[-1].tone


@dataclass(frozen=True, slots=True)
class CalendarDay:
    day: date
    entries: Sequence[CalendarEntry]
    count: int
    total_minor: int
    is_today: bool
    is_beside: bool

    @property
    def more(self) -> int:
        """How many are not shown here."""
        return self.count - len(self.entries)


def read_days(rows: BookingQuerySet, span: Span, *, today: date, priced: bool) -> list[CalendarDay]:
    """Every day of ``span`` with its first bookings by the clock, and how many there are. Three queries.

    Where a day has more than fit, one fewer is shown and the rest is counted. ``priced``: whether the reader may know what
    is invoiced and paid; else only the state of the work is said.
    """
    rows = rows.filter(service_date__range=(span.first, span.last))
    sums = {
        day: (count, total)
        for day, count, total in rows.order_by()
        .values_list("service_date")
        .annotate(Count("pk"), Sum("total_minor"))
    }
    entries: dict[date, list[CalendarEntry]] = defaultdict(list)
    for booking in _first_of_each_day(rows, SHOWN_A_DAY[span.view]):
        entries[booking.service_date].append(entry_of(booking, priced=priced))
    days = []
    for day in span.days():
        count, total_minor = sums.get(day, (0, 0))
        fits = count <= SHOWN_A_DAY[span.view]
        days.append(
            CalendarDay(
                day=day,
                entries=entries[day] if fits else entries[day][:-1],
                count=count,
                total_minor=total_minor,
                is_today=day == today,
                is_beside=span.is_beside(day),
            )
        )
    return days


def entry_of(booking: Booking, *, priced: bool) -> CalendarEntry:
    return CalendarEntry(
        booking=booking,
        services=services_of(booking),
        place=", ".join(address_lines(booking.service_address)),
        words=standing(booking) if priced else [state_word(booking.state)],
    )


def _first_of_each_day(rows: BookingQuerySet, most: int) -> BookingQuerySet:
    place = Window(RowNumber(), partition_by="service_date", order_by=BY_THE_CLOCK)
    ranked = with_row_parts(rows).annotate(place_in_day=place).filter(place_in_day__lte=most)
    return ranked.order_by("service_date", *BY_THE_CLOCK)
