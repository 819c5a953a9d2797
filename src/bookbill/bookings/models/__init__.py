"""Services, tax codes, bookings, and repricing them."""

from bookbill.bookings.models.booking import Booking, BookingItem, BookingTax
from bookbill.bookings.models.catalogue import Service, TaxCode, TaxComponent
from bookbill.bookings.models.repricing import Outcome, RepricedBooking, Repricing

__all__ = [
    "Booking",
    "BookingItem",
    "BookingTax",
    "Outcome",
    "RepricedBooking",
    "Repricing",
    "Service",
    "TaxCode",
    "TaxComponent",
]
