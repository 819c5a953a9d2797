"""Who may do what, and which plan has what: data, and nothing else."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMINISTRATOR = "administrator"
    OFFICE = "office"
    ACCOUNTANT = "accountant"
    PROVIDER = "provider"


class Plan(StrEnum):
    FREE = "free"
    STARTUP = "startup"
    GROW = "grow"


class Feature(StrEnum):
    """What a plan may leave out. Reading what exists and booking money that arrives are never features."""

    INVOICING = "invoicing"
    BATCH = "batch"
    SCHEDULES = "schedules"
    ACCOUNTING_EXPORT = "accounting_export"
    PROVIDER_SIGN_IN = "provider_sign_in"


PLANS: dict[str, frozenset[Feature]] = {
    Plan.FREE: frozenset(),
    Plan.STARTUP: frozenset({Feature.INVOICING}),
    Plan.GROW: frozenset(Feature),
}


class Right(StrEnum):
    VIEW_CUSTOMERS = "view_customers"
    EDIT_CUSTOMERS = "edit_customers"
    VIEW_BOOKINGS = "view_bookings"  # a provider: only the own ones, without prices
    EDIT_BOOKINGS = "edit_bookings"
    COMPLETE_BOOKINGS = "complete_bookings"  # a provider: only the own ones
    VIEW_PRICES = "view_prices"  # prices, totals and customers' emails, wherever they stand
    VIEW_MONEY = "view_money"
    VIEW_INVOICES = "view_invoices"
    EDIT_INVOICES = "edit_invoices"
    SEND_INVOICES = "send_invoices"
    CANCEL_INVOICES = "cancel_invoices"
    RECORD_PAYMENTS = "record_payments"
    PLACE_PAYMENTS = "place_payments"
    REVERSE_PAYMENTS = "reverse_payments"
    REFUND = "refund"
    WRITE_OFF = "write_off"  # and other reductions of a claim
    VIEW_REPORTS = "view_reports"
    VIEW_HISTORY = "view_history"
    EXPORT = "export"
    IMPORT = "import"
    VIEW_SETTINGS = "view_settings"
    EDIT_SETTINGS = "edit_settings"
    MANAGE_MEMBERS = "manage_members"
    MANAGE_API_KEYS = "manage_api_keys"
    USE_OPERATIONS = "use_operations"  # mailbox, set-aside work


_SETTINGS = {Right.EDIT_SETTINGS, Right.MANAGE_MEMBERS, Right.MANAGE_API_KEYS}
_READING = {
    Right.VIEW_CUSTOMERS,
    Right.VIEW_BOOKINGS,
    Right.VIEW_PRICES,
    Right.VIEW_MONEY,
    Right.VIEW_INVOICES,
    Right.VIEW_REPORTS,
    Right.VIEW_HISTORY,
    Right.VIEW_SETTINGS,
}

# The one permission table (domain.md §1).
RIGHTS: dict[str, frozenset[Right]] = {
    Role.OWNER: frozenset(Right),
    Role.ADMINISTRATOR: frozenset(Right),
    Role.OFFICE: frozenset(Right) - _SETTINGS - {Right.REFUND, Right.WRITE_OFF},
    Role.ACCOUNTANT: frozenset(_READING | {Right.EXPORT, Right.RECORD_PAYMENTS, Right.PLACE_PAYMENTS}),
    Role.PROVIDER: frozenset({Right.VIEW_BOOKINGS, Right.COMPLETE_BOOKINGS}),
}


def has_right(role: str, right: Right) -> bool:
    """Whether the table gives this role the right. An unknown or empty role has none."""
    return right in RIGHTS.get(role, frozenset())


def has_feature(plan: str, feature: Feature) -> bool:
    return feature in PLANS.get(plan, frozenset())


def first_plan_with(feature: Feature) -> Plan:
    """The smallest plan that has a feature, for the sentence that says so."""
    return next(plan for plan in Plan if has_feature(plan, feature))
