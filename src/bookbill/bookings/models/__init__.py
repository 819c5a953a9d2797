"""The catalogue (services, tax codes) and bookings."""

from bookbill.bookings.models.booking import Booking, BookingItem, BookingTax
from bookbill.bookings.models.catalogue import Service, TaxCode, TaxComponent

__all__ = ["Booking", "BookingItem", "BookingTax", "Service", "TaxCode", "TaxComponent"]
