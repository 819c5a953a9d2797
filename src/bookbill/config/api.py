"""The HTTP API, put together from the capabilities."""

from bookbill.companies.api import router as companies
from bookbill.companies.doors.api import ApiKeyAuth, in_company
from bookbill.web.api.building import make_api

api = make_api(auth=ApiKeyAuth(), around=in_company)
api.add_router("", companies)
