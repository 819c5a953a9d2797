"""The API of bookings and of the catalogue they are priced from."""

from bookbill.bookings.api.bookings import router as bookings
from bookbill.bookings.api.catalogue import router as catalogue

__all__ = ["bookings", "catalogue"]
