"""Which bookings a person sees, finding them, and the rows of a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from bookbill.bookings.models import Booking
from bookbill.bookings.models.booking import BookingQuerySet
from bookbill.bookings.rules import State, may_delete
from bookbill.bookings.words import Word, money_word, state_word
from bookbill.companies.rights import is_own_only
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.fields import prefix_range

SEARCH_MAX = 200
TO_INVOICE = "to_invoice"


def visible_bookings(by: Actor) -> BookingQuerySet:
    """All of the company's; a provider sees the own ones."""
    rows = Booking.objects.all()
    return rows.filter(provider_id=by.member_id) if is_own_only(by) else rows


@dataclass(frozen=True, slots=True)
class BookingFilter:
    """What a list is narrowed to; dates are service dates."""

    tab: str = ""
    """A state, `to_invoice`, or empty for all."""
    search: str = ""
    customer_id: UUID | None = None
    provider_id: UUID | None = None
    first_date: date | None = None
    last_date: date | None = None

    def is_narrow(self) -> bool:
        return bool(self.search or self.customer_id or self.provider_id or self.first_date or self.last_date)

    def is_oldest_first(self) -> bool:
        """What waits to be done is shown from the oldest on, the rest from the newest."""
        return self.tab in (State.SCHEDULED, TO_INVOICE)


def filtered(wanted: BookingFilter, *, by: Actor) -> BookingQuerySet:
    """What ``by`` sees, narrowed; an unknown tab narrows nothing."""
    rows = visible_bookings(by)
    if wanted.tab in {state.value for state in State}:
        rows = rows.filter(state=wanted.tab)
    elif wanted.tab == TO_INVOICE:
        rows = rows.to_invoice()
    if wanted.customer_id:
        rows = rows.filter(customer=wanted.customer_id)
    if wanted.provider_id:
        rows = rows.filter(provider=wanted.provider_id)
    if wanted.first_date:
        rows = rows.filter(service_date__gte=wanted.first_date)
    if wanted.last_date:
        rows = rows.filter(service_date__lte=wanted.last_date)
    return matching(rows, wanted.search, by=by)


def matching(rows: BookingQuerySet, text: str, *, by: Actor) -> BookingQuerySet:
    """Bookings whose number begins with the text, or whose customer it names; only who sees emails finds by them."""
    text = text.strip()
    if not text:
        return rows
    number = f"B-{text}" if text.isdecimal() else text.upper()
    by_number = rows.filter(prefix_range("number", number))
    customers = Customer.objects.matching(text)
    if is_own_only(by):
        own = customers.filter(pk__in=rows.order_by().values("customer"))
        return by_number | rows.filter(customer__in=[each.pk for each in own if each.is_named(text)])
    return by_number | rows.filter(customer__in=customers.values("pk")[:SEARCH_MAX])


@dataclass(frozen=True, slots=True)
class BookingRow:
    """A booking as a list shows it."""

    booking: Booking
    services: str
    state: Word
    money: Word | None
    may_complete: bool
    """Whether that comes next: it is planned, and its day has come."""
    may_invoice: bool


def with_row_parts(rows: BookingQuerySet) -> BookingQuerySet:
    """Everything `rows_of` reads: two queries however many rows."""
    return rows.select_related("customer", "invoice", "provider").prefetch_related("items")


def rows_of(bookings: Sequence[Booking], *, today: date) -> list[BookingRow]:
    """The rows of one page. ``bookings`` were read ``with_row_parts``."""
    return [
        BookingRow(
            booking=booking,
            services=services_of(booking),
            state=state_word(booking.state),
            money=money_word(booking),
            may_complete=booking.state == State.SCHEDULED and booking.service_date <= today,
            may_invoice=booking.may_be_invoiced(),
        )
        for booking in bookings
    ]


def services_of(booking: Booking) -> str:
    """Its lines in a few words."""
    items = sorted(booking.items.all(), key=lambda item: item.position)
    return ", ".join(item.description for item in items)


def may_reopen(booking: Booking) -> bool:
    """Whether it goes back to scheduled: it is in the calendar, and on no invoice that was sent. Read it with its invoice."""
    is_sent = booking.invoice is not None and booking.invoice.sent_at is not None
    return booking.state == State.COMPLETED and not booking.is_instant and not is_sent


def acts_of(booking: Booking, *, today: date) -> dict[str, bool]:
    """Which buttons the booking's state allows; rights are asked beside them."""
    on_invoice = booking.invoice_id is not None
    covered = booking.total_minor - booking.due()
    deletable = may_delete(state=booking.state, covered_minor=covered, on_invoice=on_invoice)
    is_ahead = booking.service_date > today
    return {
        "may_complete": booking.state == State.SCHEDULED and not is_ahead,
        "may_complete_ahead": booking.state == State.SCHEDULED and is_ahead,
        "may_reopen": may_reopen(booking),
        "may_invoice": booking.may_be_invoiced(),
        "may_invoice_ahead": booking.state == State.SCHEDULED and not on_invoice,
        "may_delete": deletable and not booking.is_kept(),
    }
