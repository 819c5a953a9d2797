"""What the composite pages hold: tabs and figures of higher capabilities in the frames of lower ones."""

from django.utils.translation import gettext_lazy as _

from bookbill.bookings.views.frame import PAGE as BOOKING
from bookbill.companies.navigation import allowed
from bookbill.companies.rights import Right
from bookbill.customers.views.frame import LIST as CUSTOMERS
from bookbill.customers.views.frame import PAGE as CUSTOMER
from bookbill.invoices.views.of_customer import customer_columns, customer_figures
from bookbill.web.tabs import Tab, register_figures, register_tabs
from bookbill.web.ways import register_ways


def wire_pages() -> None:
    """Who adds what to whose page."""
    register_tabs(
        CUSTOMER,
        [
            Tab(_("Invoices"), "invoices:of-customer", allowed(Right.VIEW_INVOICES)),
            Tab(_("Payment Transactions"), "ledger:of-customer", allowed(Right.VIEW_MONEY)),
            Tab(_("Bookings to invoice"), "bookings:of-customer", allowed(Right.VIEW_PRICES)),
            Tab(_("Billing Information"), "customers:billing", allowed(Right.VIEW_CUSTOMERS)),
        ],
    )
    register_tabs(
        BOOKING,
        [
            Tab(_("History"), "bookings:detail", allowed(Right.VIEW_HISTORY)),
            Tab(_("Payment Transactions"), "ledger:of-booking", allowed(Right.VIEW_MONEY)),
        ],
    )
    register_figures(CUSTOMER, customer_figures)
    register_figures(CUSTOMERS, customer_columns)
    register_ways(
        {
            "invoice_id": (_("Open the invoice"), "invoices:detail"),
            "locked_invoice_id": (_("Cancel and make a new one"), "invoices:cancel"),
            "booking_id": (_("Open the booking"), "bookings:detail"),
            "customer_id": (_("Open the customer"), "customers:detail"),
        }
    )
