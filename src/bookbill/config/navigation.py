"""The shell as its people find it: the navigation, the user's menu, the company's colours, and what Ctrl+K searches."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bookbill.bookings.palette import find_bookings
from bookbill.companies.look import stylesheet_url
from bookbill.companies.navigation import (
    SETTINGS,
    SETTINGS_ITEM,
    USER_MENU,
    allowed,
    companies_of,
    is_member,
    locked,
)
from bookbill.companies.rights import Feature, Right
from bookbill.customers.palette import find_customers
from bookbill.invoices.palette import find_invoices
from bookbill.operations.views.mailbox import has_mailbox
from bookbill.web.context import register_company_stylesheet
from bookbill.web.navigation import Item, register_navigation, register_places, register_user_menu
from bookbill.web.palette import Act, register_palette_acts, register_palette_sources

Allowed = Callable[[HttpRequest], bool]


def wire_navigation() -> None:
    """Said once, at start."""
    with_mailbox = both(allowed(Right.USE_OPERATIONS), has_mailbox)
    register_navigation(
        [
            Item(_("Dashboard"), "operations:dashboard", "layout-dashboard", key="d", on_phone=True, allowed=is_member),
            Item(_("Bookings"), "bookings:list", "calendar-check", key="b", on_phone=True, allowed=allowed(Right.VIEW_BOOKINGS)),
            Item(_("Customers"), "customers:list", "users", key="c", on_phone=True, allowed=allowed(Right.VIEW_CUSTOMERS)),
            Item(
                _("Payments"),
                children=[
                    Item(_("Invoices"), "invoices:list", "receipt-text", key="i", on_phone=True, allowed=allowed(Right.VIEW_INVOICES)),
                    Item(_("Transactions"), "ledger:list", "wallet", key="t", allowed=allowed(Right.VIEW_MONEY)),
                ],
            ),
            Item(
                _("Company"),
                children=[
                    Item(_("Mailbox"), "operations:mailbox", "inbox", key="m", allowed=with_mailbox),
                    Item(_("Operations"), "operations:work", "activity", key="o", allowed=allowed(Right.USE_OPERATIONS)),
                    SETTINGS_ITEM,
                ],
            ),
        ]
    )  # fmt: skip
    register_user_menu(USER_MENU)
    register_places(companies_of)
    register_company_stylesheet(stylesheet_url)
    register_palette_sources(find_invoices, find_customers, find_bookings)
    register_palette_acts(acts(), [*SETTINGS, *USER_MENU])


def acts() -> list[Act]:
    """What Ctrl+K offers to whoever may do it."""
    edits_invoices = allowed(Right.EDIT_INVOICES)
    by_plan: Any = {"locked": locked(Feature.INVOICING), "locked_url_name": "companies:plan"}
    takes_money = both(allowed(Right.RECORD_PAYMENTS), allowed(Right.VIEW_CUSTOMERS))
    return [
        Act(_("New booking"), "bookings:new", "plus", also=_("add make job"), allowed=allowed(Right.EDIT_BOOKINGS)),
        Act(_("Create Instant Invoice"), "invoices:instant", "zap", also=_("new make bill"), allowed=edits_invoices, **by_plan),
        Act(_("Generate Invoice"), "invoices:choose", "file-plus", also=_("new create batch bill"), detail=_("choose bookings"), allowed=edits_invoices, **by_plan),
        Act(_("Record payment"), "ledger:new", "banknote", also=_("pay paid money received cheque cash"), detail=_("choose the customer"), allowed=takes_money),
        Act(_("Add a customer"), "customers:new", "user-plus", also=_("new create client"), allowed=allowed(Right.EDIT_CUSTOMERS)),
    ]  # fmt: skip


def both(one: Allowed, other: Allowed) -> Allowed:
    return lambda request: one(request) and other(request)
