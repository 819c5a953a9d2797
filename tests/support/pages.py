"""Every page a person can open, named once: the browser tests walk them and `./dev shots` takes their pictures.

A test compares this with the addresses of the product, so that no page is added without being looked at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import F
from django.urls import reverse

from bookbill.bookings.models import Booking, Repricing, Service, TaxCode
from bookbill.companies.models import ApiKey, Member
from bookbill.customers.models import Customer
from bookbill.delivery.models import MailboxItem, Message
from bookbill.invoices.models import Invoice
from bookbill.ledger.models import Payment
from bookbill.work.models import Job

Arguments = Callable[[], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Page:
    """One page in one state. ``opens`` is a link (CSS) that is followed first, as dialogs are opened from a page."""

    name: str
    route: str
    of: Arguments = tuple
    query: str = ""
    visitor: bool = False
    """Opened by somebody who is not signed in."""
    opens: str = ""
    status: int = 200


def first(rows: Any) -> Arguments:
    """The key of the newest row, asked when the sandbox is there."""
    return lambda: [rows().order_by("-pk").values_list("pk", flat=True)[0]]


def invoice(**facts: Any) -> Arguments:
    return first(lambda: Invoice.objects.filter(**facts))


def link(**facts: Any) -> Arguments:
    """The token of a sent invoice's link."""
    return lambda: [
        Invoice.objects.filter(sent_at__isnull=False, **facts)
        .order_by("-pk")
        .values_list("link_token", flat=True)[0]
    ]


def changed() -> Sequence[Any]:
    sent = Invoice.objects.sent_and_live().exclude(live_claim=F("sent_claim"))
    return [sent.order_by("-pk").values_list("pk", flat=True)[0]]


def undelivered() -> Sequence[Any]:
    """An invoice with a mail that did not arrive."""
    return undelivered_mail()[:1]


def undelivered_mail() -> Sequence[Any]:
    mail = Message.objects.filter(state="failed", subject_id__isnull=False).order_by("-pk")[0]
    return [mail.subject_id, mail.pk]


def overdue() -> Sequence[Any]:
    rows = Invoice.objects.sent_and_live().filter(due_minor__gt=0).order_by("due_date")
    return [rows.values_list("pk", flat=True)[0]]


def booking(**facts: Any) -> Arguments:
    return first(lambda: Booking.objects.filter(**facts))


def one_to_invoice() -> Sequence[Any]:
    return [Booking.objects.to_invoice().order_by("-pk").values_list("pk", flat=True)[0]]


tax_code_in_use = first(lambda: TaxCode.objects.current())
replaced_tax_code = first(lambda: TaxCode.objects.filter(successor__isnull=False))
maple = first(lambda: Customer.objects.filter(company_name__startswith="Maple"))
payment = first(lambda: Payment.objects.filter(allocations__isnull=False))
draft = invoice(status="draft")
sent = invoice(status="sent")
part_paid = invoice(status="partially_paid")
scheduled = booking(state="scheduled")
on_invoice = booking(state="completed", invoice__sent_at__isnull=False)
mail = first(lambda: MailboxItem.objects.all())

WORK = [
    Page("dashboard", "operations:dashboard"),
    Page("mailbox", "operations:mailbox"),
    Page("mail", "operations:mail", mail),
    Page("mail-text", "operations:mail", mail, query="?part=text"),
    Page("mail-headers", "operations:mail", mail, query="?part=headers"),
    Page("operations", "operations:work"),
    Page("retry-mail", "operations:retry-mail", first(lambda: Message.objects.filter(state="unknown"))),
    Page("discard-job", "operations:discard-job", first(lambda: Job.objects.set_aside())),
]

BOOKINGS = [
    Page("bookings", "bookings:list"),
    Page("bookings-to-invoice", "bookings:list", query="?tab=to_invoice"),
    Page("calendar", "bookings:calendar"),
    Page("calendar-week", "bookings:calendar", query="?view=week"),
    Page("calendar-day", "bookings:calendar", query="?view=day"),
    Page("booking-new", "bookings:new"),
    Page("booking-scheduled", "bookings:detail", scheduled),
    Page("booking-to-invoice", "bookings:detail", one_to_invoice),
    Page("booking-on-invoice", "bookings:detail", on_invoice),
    Page("booking-cancelled", "bookings:detail", booking(state="cancelled")),
    Page("booking-edit", "bookings:edit", on_invoice),
    Page("booking-cancel", "bookings:cancel", scheduled),
    Page("booking-delete", "bookings:delete", scheduled),
    Page("booking-payments", "ledger:of-booking", on_invoice),
    Page("write-off", "ledger:write-off", one_to_invoice),
    Page("reduce", "ledger:reduce", one_to_invoice),
    Page("services", "bookings:services"),
    Page("service-new", "bookings:new-service"),
    Page("taxes", "bookings:tax-codes"),
    Page("services-archived", "bookings:services", query="?tab=archived"),
    Page("service-edit", "bookings:edit-service", first(lambda: Service.objects.all())),
    Page("tax-new", "bookings:new-tax-code"),
    Page("tax-edit", "bookings:edit-tax-code", tax_code_in_use),
    Page("taxes-replaced", "bookings:tax-codes", query="?tab=archived"),
    Page("priced-with", "bookings:priced-with", tax_code_in_use),
    Page("repriced-with", "bookings:priced-with", replaced_tax_code),
    Page("repricing", "bookings:repricing", first(lambda: Repricing.objects.all())),
]

CUSTOMERS = [
    Page("customers", "customers:list"),
    Page("customer-new", "customers:new"),
    Page("customer", "customers:detail", maple),
    Page("customer-edit", "customers:edit", maple),
    Page("customer-billing", "customers:billing", maple),
    Page("customer-bookings", "bookings:of-customer", maple),
    Page("customer-invoices", "invoices:of-customer", maple),
    Page("customer-payments", "ledger:of-customer", maple),
    Page("record-payment", "ledger:record", maple),
    Page("record-payment-dialog", "customers:detail", maple, opens="a.btn[href$='/payments/new']"),
]

PAYMENTS = [
    Page("transactions", "ledger:list"),
    Page("payers", "ledger:new"),
    Page("payment", "ledger:detail", payment),
    Page("payment-place", "ledger:place", payment),
    Page("payment-reference", "ledger:reference", payment),
    Page("payment-reverse", "ledger:reverse", payment),
    Page("payment-receipt", "invoices:receipt", payment),
]

SETTINGS = [
    Page("settings", "companies:settings"),
    Page("settings-company", "companies:company"),
    Page("settings-invoicing", "companies:invoicing"),
    Page("settings-look", "companies:look"),
    Page("mail-texts", "invoices:mail-texts"),
    Page("mail-text-edit", "invoices:mail-text", lambda: ["reminder", "en"]),
    Page("mail-text-standard", "invoices:mail-text-standard", lambda: ["invoice", "en"]),
    Page("settings-members", "companies:members"),
    Page("settings-member", "companies:member", first(lambda: Member.objects.all())),
    Page("settings-member-new", "companies:member-new"),
    Page("settings-keys", "companies:keys"),
    Page("settings-key-new", "companies:key-new"),
    Page("settings-key-revoke", "companies:key-revoke", first(lambda: ApiKey.objects.all())),
    Page("settings-plan", "companies:plan"),
    Page("profile", "companies:profile"),
    Page("security", "companies:security"),
    Page("password-change", "account_change_password"),
    Page("two-factor", "mfa_index"),
    Page("two-factor-activate", "mfa_activate_totp"),
    Page("passkeys", "mfa_list_webauthn"),
    Page("passkey-add", "mfa_add_webauthn"),
    Page("sessions", "usersessions_list"),
    Page("sign-out", "account_logout"),
    Page("api-reference", "api-reference"),
]

INVOICES = [
    Page("invoices", "invoices:list"),
    Page("invoices-overdue", "invoices:list", query="?tab=overdue"),
    Page("invoices-nothing-found", "invoices:list", query="?q=nothing+like+it"),
    Page("choose", "invoices:choose"),
    Page("choose-of-customer", "invoices:choose", query="?customer={maple}"),
    Page("generate", "invoices:generate", query="?bookings={booking}"),
    Page("instant", "invoices:instant"),
    Page("draft", "invoices:detail", draft),
    Page("draft-edit", "invoices:edit", draft),
    Page("draft-dates", "invoices:dates", draft),
    Page("invoice", "invoices:detail", part_paid),
    Page("invoice-changed", "invoices:detail", changed),
    Page("invoice-paid", "invoices:detail", invoice(status="paid")),
    Page("invoice-cancelled", "invoices:detail", invoice(status="cancelled")),
    Page("versions", "invoices:versions", changed),
    Page("compare", "invoices:compare", changed),
    Page("emails", "invoices:emails", undelivered),
    Page("history", "invoices:history", part_paid),
    Page("send", "invoices:send", draft),
    Page("send-dialog", "invoices:detail", draft, opens="a[href$='/sendings']"),
    Page("pay", "invoices:pay", part_paid),
    Page("pay-dialog", "invoices:detail", part_paid, opens="a.btn[href$='/payments']"),
    Page("place-credit", "invoices:place-credit", part_paid),
    Page("write-off-invoice", "invoices:write-off", part_paid),
    Page("edit-sent", "invoices:edit-sent", sent),
    Page("note", "invoices:note", sent),
    Page("send-copy", "invoices:send-copy", invoice(status="cancelled")),
    Page("remind", "invoices:remind", overdue),
    Page("retry", "invoices:retry", undelivered_mail),
    Page("new-link", "invoices:new-link", sent),
    Page("cancel", "invoices:cancel", sent),
    Page("delete", "invoices:delete", draft),
]

CUSTOMERS_PAGE = [
    Page("link-due", "portal:invoice", link(status="sent"), visitor=True),
    Page("link-part-paid", "portal:invoice", link(status="partially_paid"), visitor=True),
    Page("link-paid", "portal:invoice", link(status="paid"), visitor=True),
    Page("link-cancelled", "portal:invoice", link(status="cancelled"), visitor=True),
    Page("link-as-member", "portal:invoice", link(status="sent")),
    Page("link-unknown", "portal:invoice", lambda: ["x" * 27], visitor=True, status=404),
]

DOORS = [
    Page("sign-in", "account_login", visitor=True),
    Page("forgotten-password", "account_reset_password", visitor=True),
    Page("forgotten-password-sent", "account_reset_password_done", visitor=True),
    Page("password-link-used", "account_reset_password_from_key", lambda: ["x", "used-up"], visitor=True),
    Page("sign-up-closed", "account_signup", visitor=True),
]

COMPONENTS = [
    Page("components", "web:components", query="?toast=1"),
    Page("components-dialog", "web:components-dialog"),
    Page("components-states", "web:components-states"),
    Page("components-public", "web:components-page", lambda: ["public"], visitor=True),
    Page("components-plain", "web:components-page", lambda: ["plain"], visitor=True),
]

PAGES = [*WORK, *BOOKINGS, *CUSTOMERS, *INVOICES, *PAYMENTS, *SETTINGS, *CUSTOMERS_PAGE, *DOORS, *COMPONENTS]

PART = "a part of a page, not a page"
FILE = "a file, not a page"
NOT_OFFERED = "leads to the profile"
PASSKEY = "needs a passkey, which a test of its own adds"
TWO_FACTOR = "only for who has signed in with a second factor"
# Addresses that answer GET and are no page of their own.
EXCLUDED = {
    "bookings:new-line": PART,
    "bookings:no-line": PART,
    "bookings:line": PART,
    "bookings:menu": PART,
    "customers:menu": PART,
    "companies:number-example": PART,
    "companies:demo-sign-in": "every visit begins with it",
    "companies:colours": FILE,
    "companies:logo": FILE,
    "invoices:leaving": PART,
    "invoices:menu": PART,
    "invoices:export": FILE,
    "invoices:pdf": FILE,
    "invoices:version-pdf": FILE,
    "invoices:sample-pdf": FILE,
    "invoices:mail-text-preview": PART,
    "invoices:mail-text-html": "shown inside the text's page",
    "invoices:sample-picture": FILE,
    "operations:attachment": FILE,
    "operations:mail-html": "shown inside the mail's page",
    "operations:healthz": "for machines",
    "operations:readyz": "for machines",
    "operations:metrics": "for machines",
    "mail_events:events": "for machines",
    "portal:pdf": FILE,
    "portal:logo": FILE,
    "web:favicon": FILE,
    "web:search": PART,
    "account_inactive": "reached only by who was locked out while signing in",
    "account_reauthenticate": "two-factor-activate leads to it",
    "account_email": NOT_OFFERED,
    "account_confirm_email": NOT_OFFERED,
    "account_confirm_login_code": NOT_OFFERED,
    "account_email_verification_sent": NOT_OFFERED,
    "account_set_password": "leads to the profile of who has a password",
    "account_reset_password_from_key_done": "reached only with a link from a mail",
    "mfa_authenticate": TWO_FACTOR,
    "mfa_reauthenticate": TWO_FACTOR,
    "mfa_deactivate_totp": TWO_FACTOR,
    "mfa_view_recovery_codes": TWO_FACTOR,
    "mfa_generate_recovery_codes": TWO_FACTOR,
    "mfa_download_recovery_codes": TWO_FACTOR,
    "mfa_edit_webauthn": PASSKEY,
    "mfa_remove_webauthn": PASSKEY,
    "mfa_reauthenticate_webauthn": PASSKEY,
    "mfa_login_webauthn": "answers the script of the sign-in page",
}


def addresses() -> dict[str, str]:
    """Path by name of page. Needs an open scope over a seeded sandbox."""
    [to_invoice], [customer] = one_to_invoice(), maple()
    return {
        page.name: reverse(page.route, args=page.of()) + page.query.format(booking=to_invoice, maple=customer)
        for page in PAGES
    }
