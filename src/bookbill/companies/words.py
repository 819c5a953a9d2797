"""How pages name roles, plans and what plans have."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from bookbill.companies.models import AfterSending
from bookbill.companies.rules import Feature, Role

ROLES: dict[Role, Any] = {
    Role.OWNER: _("Owner"),
    Role.ADMINISTRATOR: _("Administrator"),
    Role.OFFICE: _("Office"),
    Role.ACCOUNTANT: _("Accountant"),
    Role.PROVIDER: _("Provider"),
}
ROLE_NOTES: dict[Role, Any] = {
    Role.OWNER: _("Everything. A company has at least one."),
    Role.ADMINISTRATOR: _("Everything."),
    Role.OFFICE: _("Everything but settings, members, refunds and write-offs."),
    Role.ACCOUNTANT: _("Reads, exports and records payments."),
    Role.PROVIDER: _("Sees and completes their own bookings, without prices."),
}
FEATURES: dict[Feature, tuple[Any, Any]] = {
    Feature.INVOICING: (
        _("Invoicing"),
        _("Single and instant invoices, and one over several bookings of one customer"),
    ),
    Feature.BATCH: (_("Batch invoices"), _("For many customers at once")),
    Feature.SCHEDULES: (_("Billing schedules"), _("Invoices that are made weekly or monthly by themselves")),
    Feature.ACCOUNTING_EXPORT: (_("Accounting export"), _("Journals for the accountant's program")),
    Feature.PROVIDER_SIGN_IN: (_("Sign-ins for providers"), _("They see and complete their own bookings")),
}
COMING = frozenset({Feature.BATCH, Feature.SCHEDULES, Feature.ACCOUNTING_EXPORT})
"""What plans name although it is not built yet."""
AFTER_SENDING: dict[AfterSending, tuple[Any, Any]] = {
    AfterSending.FOLLOW: (
        _("Follow"),
        _(
            "The invoice shows the change and is marked “changed since sent”. You decide when to send it again."
        ),
    ),
    AfterSending.LOCK_ONCE_SENT: (
        _("Lock once sent"),
        _(
            "A booking on a sent invoice keeps its price, tax, date and customer. Cancel the invoice to change it."
        ),
    ),
    AfterSending.LOCK_ONCE_PAID: (
        _("Lock once any money is on it"),
        _("Free to change until the first payment; locked from then on."),
    ),
}
