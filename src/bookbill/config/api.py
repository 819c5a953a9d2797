"""The HTTP API, put together from the capabilities."""

from bookbill.bookings.api import bookings, catalogue
from bookbill.companies.api import router as companies
from bookbill.companies.doors.api import ApiKeyAuth, in_company
from bookbill.customers.api import router as customers
from bookbill.web.api.building import make_api

api = make_api(auth=ApiKeyAuth(), around=in_company)
for router in (companies, customers, catalogue, bookings):
    api.add_router("", router)
