"""Every address of the product."""

from django.urls import URLPattern, URLResolver, include, path

from bookbill.config.api import api
from bookbill.config.reference import reference_page

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("bookbill.operations.urls")),
    path("", include("bookbill.mail_events.urls")),
    path("", include("bookbill.portal.urls")),
    path("", include("bookbill.invoices.urls")),
    path("", include("bookbill.ledger.urls")),
    path("", include("bookbill.bookings.urls")),
    path("", include("bookbill.customers.urls")),
    path("api/v1/docs", reference_page, name="api-reference"),
    path("api/v1/", api.urls),
    path("accounts/", include("bookbill.companies.account_urls")),
    path("accounts/", include("allauth.urls")),
    path("", include("bookbill.companies.urls")),
    path("", include("bookbill.web.urls")),
]

handler400 = "bookbill.web.problems.bad_request"
handler403 = "bookbill.web.problems.permission_denied"
handler404 = "bookbill.web.problems.not_found"
handler500 = "bookbill.web.problems.server_error"
