"""The API of bookings, of the catalogue they are priced from, and of repricing them."""

from bookbill.bookings.api.bookings import router as bookings
from bookbill.bookings.api.repricings import router as repricings
from bookbill.bookings.api.services import router as services
from bookbill.bookings.api.tax_codes import router as tax_codes

__all__ = ["bookings", "repricings", "services", "tax_codes"]
