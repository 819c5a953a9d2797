"""A booking with its items, and what it costs."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from bookbill.bookings.rules import DiscountKind, State, is_invoiceable
from bookbill.lib.fields import ExactDecimalField, PrefixTextField
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager
from bookbill.money.pricing import Discount


class BookingQuerySet(models.QuerySet["Booking"]):
    def invoiceable(self) -> BookingQuerySet:
        """Work that is done (or cancelled with a fee) and on no live invoice. SQL twin of `rules.is_invoiceable`."""
        done = Q(state=State.COMPLETED) | Q(state=State.CANCELLED, total_minor__gt=0)
        return self.filter(done, invoice=None)

    def to_invoice(self) -> BookingQuerySet:
        """What the To invoice figure counts: invoiceable and not held back."""
        return self.invoiceable().filter(held_back=False)

    def on_calendar(self) -> BookingQuerySet:
        """What is work on a day: what was made for an instant invoice is in no calendar."""
        return self.filter(is_instant=False)

    def oldest_first(self) -> BookingQuerySet:
        """The order in which money fills bookings and documents list them."""
        return self.order_by("service_date", "number_n")

    def with_parts(self) -> BookingQuerySet:
        return self.prefetch_related("items", "taxes")


class Booking(models.Model):
    """One job. Its totals are worked out when it is priced and stored; its status of payment never is.

    `paid_minor`, `reduced_minor` and `written_off_minor` are sums of the ledger's entries, kept by the ledger
    in the transaction that writes an entry; the database holds them within the total.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="bookings")
    number = PrefixTextField(max_length=20)
    number_n = models.PositiveBigIntegerField()
    service_date = models.DateField()
    start_time = models.TimeField(null=True)
    time_zone = models.CharField(max_length=60)
    service_address = models.JSONField(default=dict)
    provider = models.ForeignKey("companies.Member", models.PROTECT, null=True, related_name="+")
    state = models.CharField(
        max_length=10, choices=[(state.value, state.value) for state in State], default=State.SCHEDULED
    )
    is_instant = models.BooleanField(default=False)
    held_back = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    external_id = models.CharField(max_length=120, null=True)  # noqa: DJ001 - null keeps the unique key open
    discount_kind = models.CharField(
        max_length=8, blank=True, choices=[(kind.value, kind.value) for kind in DiscountKind]
    )
    discount_value = ExactDecimalField(places=4, default=Decimal(0))
    tax_code = models.ForeignKey("bookings.TaxCode", models.PROTECT, null=True, related_name="+")
    tax_exempt = models.BooleanField(default=False)
    exemption_reason = models.CharField(max_length=200, blank=True)
    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField(default=0)
    discount_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    reduced_minor = models.BigIntegerField(default=0)
    written_off_minor = models.BigIntegerField(default=0)
    due_minor = models.GeneratedField(
        expression=F("total_minor") - F("paid_minor") - F("reduced_minor") - F("written_off_minor"),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )
    invoice = models.ForeignKey("invoices.Invoice", models.PROTECT, null=True, related_name="bookings")
    # When an invoice over it was first sent, whatever became of the invoice: a price that a customer was told.
    first_sent_at = models.DateTimeField(null=True)
    completed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=300, blank=True)
    # Lines and discount that its cancellation replaced, written by `keep_replaced`: nothing is owed for them.
    replaced = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = tenant_manager(BookingQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "number_n"], name="booking_number"),
            models.UniqueConstraint(fields=["company", "external_id"], name="booking_external_id"),
            models.CheckConstraint(
                condition=Q(total_minor=F("subtotal_minor") - F("discount_minor") + F("tax_minor")),
                name="booking_total_adds_up",
            ),
            models.CheckConstraint(
                condition=Q(total_minor__gte=0, total_minor__lte=10**15), name="booking_total_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(paid_minor__gte=0, reduced_minor__gte=0, written_off_minor__gte=0)
                & Q(total_minor__gte=F("paid_minor") + F("reduced_minor") + F("written_off_minor")),
                name="booking_covered_within_total",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.SCHEDULED) | Q(completed_at=None, cancelled_at=None),
                name="booking_scheduled",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.COMPLETED) | Q(completed_at__isnull=False), name="booking_completed"
            ),
            models.CheckConstraint(
                condition=Q(state=State.CANCELLED, cancelled_at__isnull=False)
                | (~Q(state=State.CANCELLED) & Q(cancelled_at=None)),
                name="booking_cancelled",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "service_date", "number_n"], name="booking_by_date"),
            models.Index(fields=["company", "customer", "service_date"], name="booking_by_customer"),
            models.Index(fields=["company", "number"], name="booking_by_number"),
            models.Index(
                fields=["company", "customer"], condition=Q(invoice=None), name="booking_not_invoiced"
            ),
        ]

    def __str__(self) -> str:
        return self.number

    def discount(self) -> Discount | None:
        return Discount(self.discount_kind, self.discount_value) if self.discount_kind else None  # type: ignore[arg-type]

    def keep_replaced(self, items: Iterable[BookingItem]) -> None:
        """Remember its lines and the discount, which a cancellation is about to replace."""
        self.replaced = {
            "items": [dict(zip(BookingItem.SAID, item.said(), strict=True)) for item in items],
            "discount_kind": self.discount_kind,
            "discount_value": self.discount_value,
        }

    def as_stored(self) -> tuple[list[BookingItem], Discount | None]:
        """The lines in order and the discount. Reads `items`."""
        return sorted(self.items.all(), key=lambda item: item.position), self.discount()

    def as_planned(self) -> tuple[list[BookingItem], Discount | None]:
        """The lines in order and the discount, as they were before it was cancelled. Reads `items`."""
        if not self.replaced:
            return self.as_stored()
        kept = self.replaced
        items = [
            BookingItem(
                booking=self,
                currency=self.currency,
                position=position,
                **line
                | {name: Decimal(line[name]) for name in ("quantity", "unit_price")}
                | {name: line[name] and UUID(line[name]) for name in ("service_id", "tax_code_id")},
            )
            for position, line in enumerate(kept["items"])
        ]
        kind = kept["discount_kind"]
        return items, Discount(kind, Decimal(kept["discount_value"])) if kind else None

    def is_at_customers(self) -> bool:
        """Whether the work is done where this customer has it done. Reads the customer."""
        return bool(self.service_address == self.customer.service_address)

    def is_kept(self) -> bool:
        """Whether money or a write-off was once entered on it: what tells so stays, so it cannot be deleted."""
        keepers: list[Any] = [
            field
            for field in self._meta.get_fields(include_hidden=True)
            if isinstance(field, models.ManyToOneRel) and field.on_delete is models.PROTECT
        ]
        return any(each.related_model.objects.filter(**{each.field.name: self}).exists() for each in keepers)

    def may_be_invoiced(self) -> bool:
        return is_invoiceable(
            state=self.state, total_minor=self.total_minor, on_invoice=self.invoice_id is not None
        )

    def due(self) -> int:
        """What is still owed, from the facts in hand (`due_minor` is the same, worked out by the database)."""
        return self.total_minor - self.paid_minor - self.reduced_minor - self.written_off_minor


class BookingItem(models.Model):
    """One line: what, how much of it, at which price. `net_minor` is after discount and without tax."""

    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    booking = models.ForeignKey(Booking, models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    description = models.CharField(max_length=500)
    quantity = ExactDecimalField(places=3)
    unit = models.CharField(max_length=20, blank=True)
    unit_price = ExactDecimalField(places=4)
    service = models.ForeignKey("bookings.Service", models.PROTECT, null=True, related_name="+")
    tax_code = models.ForeignKey("bookings.TaxCode", models.PROTECT, null=True, related_name="+")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()

    SAID = ("description", "quantity", "unit", "unit_price", "service_id", "tax_code_id")

    objects = tenant_manager(models.QuerySet["BookingItem"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "booking", "position"], name="booking_item_position")
        ]

    def __str__(self) -> str:
        return self.description

    def said(self) -> tuple[object, ...]:
        """What somebody entered; the amounts follow from it."""
        return tuple(getattr(self, name) for name in self.SAID)


class BookingTax(models.Model):
    """One tax of a booking, with the rate as it was when the booking was priced."""

    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    booking = models.ForeignKey(Booking, models.CASCADE, related_name="taxes")
    position = models.PositiveSmallIntegerField()
    tax_code = models.ForeignKey("bookings.TaxCode", models.PROTECT, related_name="+")
    name = models.CharField(max_length=40)
    rate = ExactDecimalField(places=4)
    category = models.CharField(max_length=16)
    inclusive = models.BooleanField()
    currency = models.CharField(max_length=3)
    base_minor = models.BigIntegerField()
    amount_minor = models.BigIntegerField()

    objects = tenant_manager(models.QuerySet["BookingTax"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "booking", "position"], name="booking_tax_position")
        ]

    def __str__(self) -> str:
        return self.name
