"""An invoice over bookings, its frozen versions, and what it claims over time."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Greatest, Least, Upper

from bookbill.bookings.rules import State
from bookbill.companies.models import AfterSending, Company
from bookbill.customers.models import Customer
from bookbill.invoices.rules import Status, status_of
from bookbill.lib.fields import PrefixTextField, prefix_range
from bookbill.lib.ids import new_id, new_link_token
from bookbill.lib.tenancy import tenant_manager

COVERED = F("paid_minor") + F("reduced_minor") + F("written_off_minor")

# The SQL twin of rules.status_of; a test holds the two equal.
STATUS_SQL = Case(
    When(cancelled_at__isnull=False, then=Value(Status.CANCELLED.value)),
    When(sent_at__isnull=True, then=Value(Status.DRAFT.value)),
    When(total_minor=COVERED, then=Value(Status.PAID.value)),
    When(paid_minor__gt=0, then=Value(Status.PARTIALLY_PAID.value)),
    default=Value(Status.SENT.value),
)
# What the customer knows of and still owes: the smaller of the last sent version's total and the live one, less what is covered.
PAYABLE_SQL = Case(
    When(Q(cancelled_at__isnull=False) | Q(sent_at__isnull=True), then=Value(0)),
    default=Greatest(Least(F("sent_total_minor"), F("total_minor")) - COVERED, Value(0)),
)
DUE_SQL = Case(When(cancelled_at__isnull=False, then=Value(0)), default=F("total_minor") - COVERED)


AHEAD = "-ahead"


class Kind(models.TextChoices):
    INVOICE = "invoice"


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    def live(self) -> InvoiceQuerySet:
        return self.filter(cancelled_at=None)

    def sent_and_live(self) -> InvoiceQuerySet:
        """What a customer owes on: sent and not cancelled."""
        return self.filter(cancelled_at=None, sent_at__isnull=False)

    def store(self, invoices: Sequence[Invoice], fields: Sequence[str]) -> None:
        """Update these fields of rows that the caller has locked: one that is deleted meanwhile would come back.

        As an upsert: an update in bulk tells rows apart by CASE, which took 1.4 s for 500.
        """
        self.bulk_create(
            invoices, update_conflicts=True, unique_fields=["id"], update_fields=fields, batch_size=500
        )

    def numbered(self, beginning: str) -> InvoiceQuerySet:
        """Whose number begins so, in capitals or not: a range of an index."""
        return self.alias(capitals=Upper("number")).filter(prefix_range("capitals", beginning.upper()))


class Invoice(models.Model):
    """A live view over its bookings. The sums are theirs, kept by `actions.refresh` in the transaction that changes them.

    A cancelled one keeps the figures of its last sent version.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="invoices")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.INVOICE)
    number = PrefixTextField(max_length=40, blank=True)
    number_n = models.PositiveBigIntegerField(null=True)
    issue_date = models.DateField(null=True)
    due_date = models.DateField(null=True)
    terms_days = models.PositiveSmallIntegerField(null=True)
    """Those chosen for it. None: its customer's, whatever they are when it is first sent."""
    sent_terms_days = models.PositiveSmallIntegerField(null=True)
    """What they were then, whichever way: fixed from the first sending on."""
    note = models.TextField(blank=True)
    extra_recipients = models.JSONField(default=list)
    payment_link = models.BooleanField(default=True)
    link_token = models.CharField(max_length=40, unique=True, default=new_link_token)
    is_instant = models.BooleanField(default=False)
    currency = models.CharField(max_length=3)
    bookings_count = models.PositiveIntegerField(default=0)
    subtotal_minor = models.BigIntegerField(default=0)
    discount_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    reduced_minor = models.BigIntegerField(default=0)
    written_off_minor = models.BigIntegerField(default=0)
    charged_minor = models.BigIntegerField(default=0)
    due_minor = models.GeneratedField(
        expression=DUE_SQL, output_field=models.BigIntegerField(), db_persist=True
    )
    status = models.GeneratedField(
        expression=STATUS_SQL, output_field=models.CharField(max_length=16), db_persist=True
    )
    sent_total_minor = models.BigIntegerField(default=0)
    payable_minor = models.GeneratedField(
        expression=PAYABLE_SQL, output_field=models.BigIntegerField(), db_persist=True
    )
    live_claim = models.CharField(max_length=64, blank=True)
    sent_claim = models.CharField(max_length=64, blank=True)
    last_version_n = models.PositiveIntegerField(default=0)
    sending_at = models.DateTimeField(null=True)
    sending_refused = models.CharField(max_length=500, blank=True, default="")
    sent_at = models.DateTimeField(null=True)
    viewed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, related_name="replaces")
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = tenant_manager(InvoiceQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "kind", "number"], condition=~Q(number=""), name="invoice_number"
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None, number="") | (Q(sent_at__isnull=False) & ~Q(number="")),
                name="sent_invoice_has_number",
            ),
            models.CheckConstraint(
                condition=Q(sent_at=None)
                | Q(
                    issue_date__isnull=False,
                    due_date__isnull=False,
                    due_date__gte=F("issue_date"),
                    sent_terms_days__isnull=False,
                ),
                name="sent_invoice_has_dates",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at=None) | Q(sent_at__isnull=False), name="only_sent_is_cancelled"
            ),
            models.CheckConstraint(
                condition=Q(
                    total_minor__gte=0, paid_minor__gte=0, reduced_minor__gte=0, written_off_minor__gte=0
                )
                & Q(total_minor__gte=COVERED),
                name="invoice_covered_within_total",
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") - F("discount_minor") + F("tax_minor")),
                name="invoice_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "id"], name="invoice_list"),
            models.Index(fields=["company", "status", "id"], name="invoice_by_status"),
            models.Index(fields=["company", "customer", "id"], name="invoice_by_customer"),
            models.Index(
                fields=["company", "due_date"],
                condition=Q(payable_minor__gt=0),
                name="invoice_overdue",
            ),
            models.Index(
                fields=["company"],
                condition=Q(sent_at__isnull=False, cancelled_at=None) & ~Q(live_claim=F("sent_claim")),
                name="invoice_changed",
            ),
            models.Index(fields=["company"], condition=~Q(sending_refused=""), name="invoice_refused"),
            models.Index("company", Upper("number"), name="invoice_by_number"),
            models.Index(fields=["company", "total_minor"], name="invoice_by_total"),
        ]

    def __str__(self) -> str:
        return self.number or "Draft"

    def status_now(self) -> Status:
        """The status from the facts in hand, before the database has worked its own out."""
        return status_of(
            cancelled=self.cancelled_at is not None,
            sent=self.sent_at is not None,
            total_minor=self.total_minor,
            covered_minor=self.paid_minor + self.reduced_minor + self.written_off_minor,
            paid_minor=self.paid_minor,
        )

    def due(self) -> int:
        """What is still owed, from the facts in hand."""
        if self.cancelled_at is not None:
            return 0
        return self.total_minor - self.paid_minor - self.reduced_minor - self.written_off_minor

    def payable(self) -> int:
        """What the customer knows of and still owes, from the facts in hand: overdue, reminders and payment ask for this."""
        if self.cancelled_at is not None or self.sent_at is None:
            return 0
        return max(0, min(self.sent_total_minor, self.total_minor) - (self.total_minor - self.due()))

    def terms_by_now(self, customer: Customer, company: Company) -> int:
        """The payment terms in days: as first sent, else those chosen for it, else its customer's."""
        fixed = self.terms_days if self.sent_terms_days is None else self.sent_terms_days
        return customer.terms_days(company) if fixed is None else fixed

    def is_locked(self, after_sending: str) -> bool:
        """Whether the company's choice refuses changes of its bookings by now."""
        if self.sent_at is None or self.cancelled_at is not None:
            return False
        return after_sending == AfterSending.LOCK_ONCE_SENT or (
            after_sending == AfterSending.LOCK_ONCE_PAID and self.paid_minor > 0
        )

    def is_changed(self) -> bool:
        """Whether what it claims or whom it bills differs from its last sent version."""
        return self.sent_at is not None and self.cancelled_at is None and self.live_claim != self.sent_claim

    def bills_ahead(self) -> bool:
        """Whether it is a draft over work that is not done yet. One query."""
        return self.sent_at is None and self.bookings.filter(state=State.SCHEDULED).exists()

    def as_seen(self, *, is_ahead: bool) -> str:
        """What a page that sends it sends back to say what somebody looked at.

        That is what was sent, what it claims, whether it waits to leave, and whether it bills ahead (`bills_ahead`).
        """
        waits = f"-{self.sending_at.isoformat()}" if self.sending_at else ""
        return f"{self.last_version_n}-{self.live_claim}{waits}{AHEAD if is_ahead else ''}"

    def as_seen_with_money(self) -> str:
        """The same of a page that ends it: with the money on it."""
        return f"{self.as_seen(is_ahead=False)} {self.paid_minor}"


class VersionKind(models.TextChoices):
    SENT = "sent"
    CANCELLED = "cancelled"


class Version(models.Model):
    """What was sent, frozen: the document's bytes, and after the commit its PDF. The database refuses any other change."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="versions")
    n = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, choices=VersionKind.choices, default=VersionKind.SENT)
    document = models.TextField()
    sha256 = models.CharField(max_length=64)
    claim = models.CharField(max_length=64)
    language = models.CharField(max_length=10, default="")  # of the document
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField()
    pdf = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, related_name="+")
    pdf_sha256 = models.CharField(max_length=64, null=True)  # noqa: DJ001 - null until made, then never changed
    sent_at = models.DateTimeField()
    sent_by = models.CharField(max_length=200)

    objects = tenant_manager(models.QuerySet["Version"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "invoice", "n"], name="version_n"),
            models.CheckConstraint(
                condition=Q(pdf=None, pdf_sha256=None) | Q(pdf__isnull=False, pdf_sha256__isnull=False),
                name="version_pdf_with_hash",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.n}"


class FreedBooking(models.Model):
    """A booking that a cancelled invoice billed, as it was then: the booking goes its own way, and may be deleted."""

    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="freed_bookings", db_index=False)
    booking = models.ForeignKey(
        "bookings.Booking", models.DO_NOTHING, related_name="+", db_constraint=False, db_index=False
    )
    number = PrefixTextField(max_length=20)
    service_date = models.DateField()
    provider = models.ForeignKey("companies.Member", models.PROTECT, null=True, related_name="+")

    objects = tenant_manager(models.QuerySet["FreedBooking"])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["invoice", "booking"], name="freed_booking")]
        indexes = [
            models.Index(fields=["company", "number"], name="freed_booking_by_number"),
            models.Index(fields=["company", "service_date"], name="freed_booking_by_date"),
        ]

    def __str__(self) -> str:
        return self.number


class Reminder(models.Model):
    """A reminder of a version, as a person sent it: what was asked for, and what covered the rest then, stays written.

    Cause of its mails.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="reminders")
    version = models.ForeignKey(Version, models.PROTECT, related_name="reminders")
    currency = models.CharField(max_length=3)
    payable_minor = models.BigIntegerField()
    paid_minor = models.BigIntegerField(default=0)
    reduced_minor = models.BigIntegerField(default=0)
    written_off_minor = models.BigIntegerField(default=0)
    days_overdue = models.PositiveIntegerField()
    sent_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = tenant_manager(models.QuerySet["Reminder"])

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(payable_minor__gt=0), name="reminder_asks_for_something"),
        ]
        indexes = [models.Index(fields=["company", "invoice", "created_at"], name="reminder_by_invoice")]

    def __str__(self) -> str:
        return f"{self.invoice_id} {self.created_at}"


class ChargeCause(models.TextChoices):
    SENT = "sent"
    CHANGED = "changed"
    CANCELLED = "cancelled"


class Charge(models.Model):
    """What an invoice claims from a date on, as the difference to before. Statements and accrual reports sum these."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    invoice = models.ForeignKey(Invoice, models.PROTECT, related_name="charges")
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="+")
    charge_date = models.DateField()
    cause = models.CharField(max_length=10, choices=ChargeCause.choices)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    created_at = models.DateTimeField()

    objects = tenant_manager(models.QuerySet["Charge"])

    class Meta:
        indexes = [
            models.Index(fields=["company", "invoice"], name="charge_by_invoice"),
            models.Index(fields=["company", "customer", "charge_date"], name="charge_by_customer"),
            models.Index(fields=["company", "charge_date"], name="charge_by_date"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"
