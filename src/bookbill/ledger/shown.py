"""Payments as lists show them: with the names of their customers and the numbers of the bookings they lie on."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bookbill.bookings.models import Booking
from bookbill.customers.models import Customer
from bookbill.ledger.models import Payment
from bookbill.ledger.reading import PaymentRow, rows_of
from bookbill.ledger.words import Word, method_word, payment_word


@dataclass(frozen=True, slots=True)
class Placing:
    """A part of a payment on a booking."""

    booking: Booking
    amount_minor: int


@dataclass(frozen=True, slots=True)
class ShownPayment:
    row: PaymentRow
    customer: Customer
    method: str
    word: Word
    placings: tuple[Placing, ...]

    def first_placings(self) -> tuple[Placing, ...]:
        """As many as a list has room for."""
        return self.placings[:3]

    def more_placings(self) -> int:
        return max(0, len(self.placings) - 3)


def shown(payments: Sequence[Payment]) -> list[ShownPayment]:
    """The payments of one page. Nine queries for 1 and for 200."""
    rows = rows_of(payments)
    customers = Customer.objects.in_bulk({payment.customer_id for payment in payments})
    keys: set[UUID] = {booking_id for row in rows for booking_id, _amount in row.placed}
    bookings = {
        booking.pk: booking for booking in Booking.objects.filter(pk__in=keys).select_related("invoice")
    }
    return [
        ShownPayment(
            row=row,
            customer=customers[row.payment.customer_id],
            method=method_word(row.payment.method),
            word=payment_word(row),
            placings=tuple(Placing(bookings[booking_id], amount) for booking_id, amount in row.placed),
        )
        for row in rows
    ]
