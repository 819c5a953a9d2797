"""The HTTP API, put together from the capabilities."""

import json

from bookbill.bookings.api import bookings, repricings, services, tax_codes
from bookbill.companies.api import router as companies
from bookbill.companies.doors.api import ApiKeyAuth, in_company
from bookbill.customers.api import router as customers
from bookbill.invoices.api import balance, documents, invoices, mail_texts, payments, sendings
from bookbill.ledger.api import router as ledger
from bookbill.operations.api import router as operations
from bookbill.web.api.building import make_api

ROUTERS = (
    companies,
    customers,
    balance,
    services,
    tax_codes,
    repricings,
    bookings,
    invoices,
    sendings,
    documents,
    payments,
    mail_texts,
    ledger,
    operations,
)

api = make_api(auth=ApiKeyAuth(), around=in_company)
for router in ROUTERS:
    api.add_router("", router)


def openapi_json() -> str:
    """The document of the whole API as `openapi.json` keeps it."""
    return json.dumps(api.get_openapi_schema(), indent=2, ensure_ascii=False) + "\n"
