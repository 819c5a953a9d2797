"""What the shell and the composite pages hold: tabs and figures of higher capabilities in the frames of lower ones."""

from collections.abc import Callable

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookbill.bookings.views.frame import PAGE as BOOKING
from bookbill.companies.look import stylesheet_url
from bookbill.companies.navigation import USER_MENU, companies_of
from bookbill.companies.rights import Right, may
from bookbill.customers.views.frame import LIST as CUSTOMERS
from bookbill.customers.views.frame import PAGE as CUSTOMER
from bookbill.invoices.views.of_customer import customer_columns, customer_figures
from bookbill.web.context import register_company_stylesheet
from bookbill.web.navigation import register_places, register_user_menu
from bookbill.web.tabs import Tab, register_figures, register_tabs


def wire_pages() -> None:
    """Who adds what to whose page."""
    register_tabs(
        CUSTOMER,
        [
            Tab(_("Invoices"), "invoices:of-customer", with_right(Right.VIEW_INVOICES)),
            Tab(_("Payment Transactions"), "ledger:of-customer", with_right(Right.VIEW_MONEY)),
            Tab(_("Bookings to invoice"), "bookings:of-customer", with_right(Right.VIEW_PRICES)),
            Tab(_("Billing Information"), "customers:billing", with_right(Right.VIEW_CUSTOMERS)),
        ],
    )
    register_tabs(
        BOOKING,
        [
            Tab(_("History"), "bookings:detail", with_right(Right.VIEW_HISTORY)),
            Tab(_("Payment Transactions"), "ledger:of-booking", with_right(Right.VIEW_MONEY)),
        ],
    )
    register_figures(CUSTOMER, customer_figures)
    register_figures(CUSTOMERS, customer_columns)
    register_user_menu(USER_MENU)
    register_places(companies_of)
    register_company_stylesheet(stylesheet_url)


def with_right(right: Right) -> Callable[[HttpRequest], bool]:
    """For pages of members: whether the one who asks has the right."""

    def allowed(request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        return actor is not None and may(actor, right)

    return allowed
