"""The rules of bookings, as pure functions."""

from bookbill.bookings.rules.calendar import Span, View, span_of
from bookbill.bookings.rules.catalogue import last_successor
from bookbill.bookings.rules.life import DiscountKind, State, is_invoiceable, may_delete

__all__ = [
    "DiscountKind",
    "Span",
    "State",
    "View",
    "is_invoiceable",
    "last_successor",
    "may_delete",
    "span_of",
]
