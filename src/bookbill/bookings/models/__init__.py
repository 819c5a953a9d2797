"""Services, tax codes, bookings, and repricing them."""

from bookbill.bookings.models.booking import Booking, BookingItem, BookingQuerySet, BookingTax
from bookbill.bookings.models.catalogue import Service, TaxCode, TaxComponent
from bookbill.bookings.models.repricing import Outcome, RepricedBooking, Repricing

__all__ = [
    "Booking",
    "BookingItem",
    "BookingQuerySet",
    "BookingTax",
    "Outcome",
    "RepricedBooking",
    "Repricing",
    "Service",
    "TaxCode",
    "TaxComponent",
]
