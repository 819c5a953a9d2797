"""Entries of the ledger. All append-only: a mistake is undone by a contra entry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import F, Min, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce

from bookbill.ledger.rules import Cause, Method
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager


def _sums(queryset: models.QuerySet[Any], key: str, ids: Iterable[UUID]) -> dict[UUID, int]:
    rows = queryset.filter(**{f"{key}__in": list(ids)}).values_list(key).annotate(total=Sum("amount_minor"))
    return dict(rows.values_list(key, "total"))


def _takings() -> tuple[models.QuerySet[Any], ...]:
    """What takes money out of a payment's credit."""
    return (Allocation.objects.all(), Refund.objects.filter(is_tip=False), Reversal.objects.all())


class PaymentQuerySet(models.QuerySet["Payment"]):
    def credit_by_payment(self, payment_ids: Iterable[UUID]) -> dict[UUID, int]:
        """What of each payment is not placed, refunded or reversed. Four queries."""
        return self._credit("id", "payment_id", payment_ids)

    def credit_by_customer(self, customer_ids: Iterable[UUID]) -> dict[UUID, int]:
        """Each customer's credit: the sum over their payments. Four queries."""
        return self._credit("customer_id", "payment__customer_id", customer_ids)

    def with_credit(self) -> PaymentQuerySet:
        """Those of which something is placed nowhere. SQL twin of `credit_by_payment`.

        Asked only of those it can be true of, by an index: with something left over at first, or taken back later.
        """
        left_over = Payment.objects.filter(unplaced_minor__gt=0).order_by().values("pk")
        taken_back = Allocation.objects.filter(amount_minor__lt=0).order_by().values("payment")
        taken = [
            Coalesce(
                Subquery(
                    entries.filter(payment=OuterRef("pk"))
                    .order_by()
                    .values("payment")
                    .annotate(total=Sum("amount_minor"))
                    .values("total")
                ),
                0,
            )
            for entries in _takings()
        ]
        candidates = self.filter(pk__in=left_over.union(taken_back))
        return candidates.annotate(credit=F("amount_minor") - sum(taken[1:], taken[0])).filter(credit__gt=0)

    def _credit(self, own_key: str, entry_key: str, ids: Iterable[UUID]) -> dict[UUID, int]:
        ids = list(ids)
        credit = _sums(self, own_key, ids)
        for entries in _takings():
            for key, taken in _sums(entries, entry_key, ids).items():
                credit[key] -= taken
        return credit


class Payment(models.Model):
    """Money from a customer, without the tip. Only the reference may be edited."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey("customers.Customer", models.PROTECT, related_name="payments")
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=20, choices=[(method.value, method.value) for method in Method])
    amount_minor = models.BigIntegerField()
    tip_minor = models.BigIntegerField(default=0)
    unplaced_minor = models.BigIntegerField(default=0)  # what was left over when it was recorded
    received_on = models.DateField()
    reference = models.CharField(max_length=200, blank=True)
    external_id = models.CharField(max_length=120, null=True)  # noqa: DJ001 - null keeps the unique key open
    # The sent invoice it came in for, wherever its money lies.
    invoice = models.ForeignKey(
        "invoices.Invoice", models.PROTECT, null=True, related_name="+", db_index=False
    )
    recorded_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = tenant_manager(PaymentQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "external_id"], name="payment_external_id"),
            models.CheckConstraint(
                condition=Q(amount_minor__gt=0, amount_minor__lte=10**15), name="payment_amount_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(tip_minor__gte=0, tip_minor__lte=10**15), name="payment_tip_in_bounds"
            ),
            models.CheckConstraint(
                condition=Q(unplaced_minor__gte=0, unplaced_minor__lte=F("amount_minor")),
                name="payment_unplaced_in_bounds",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "id"], name="payment_list"),
            models.Index(fields=["company", "customer", "id"], name="payment_by_customer"),
            models.Index(fields=["company", "received_on"], name="payment_by_date"),
            models.Index(
                fields=["company", "id"], condition=Q(unplaced_minor__gt=0), name="payment_unplaced"
            ),
            models.Index(fields=["invoice"], condition=Q(invoice__isnull=False), name="payment_for_invoice"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.received_on}"


class AllocationQuerySet(models.QuerySet["Allocation"]):
    def placed(self) -> list[tuple[UUID, UUID, int]]:
        """What lies where now: (payment_id, booking_id, placed_minor), zeros left out, oldest placing first."""
        rows = (
            self.values("payment_id", "booking_id")
            .annotate(placed_minor=Sum("amount_minor"), first=Min("created_at"))
            .exclude(placed_minor=0)
        )
        return list(rows.order_by("first").values_list("payment_id", "booking_id", "placed_minor"))


class Allocation(models.Model):
    """A part of a payment placed on a booking, or taken back from it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="allocations")
    booking = models.ForeignKey("bookings.Booking", models.PROTECT, related_name="allocations")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    cause = models.CharField(max_length=12, choices=[(cause.value, cause.value) for cause in Cause])
    created_at = models.DateTimeField()

    objects = tenant_manager(AllocationQuerySet)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="allocation_is_not_zero")]
        indexes = [
            models.Index(fields=["company", "payment", "booking"], name="allocation_by_payment"),
            models.Index(fields=["company", "booking", "id"], name="allocation_by_booking"),
            models.Index(
                fields=["company", "payment"], condition=Q(amount_minor__lt=0), name="allocation_taken_back"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class Refund(models.Model):
    """Money given back. `from_credit_minor` came from the payment's credit, the rest from its allocations."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    payment = models.ForeignKey(Payment, models.PROTECT, related_name="refunds")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    from_credit_minor = models.BigIntegerField(default=0)
    is_tip = models.BooleanField(default=False)
    still_owed = models.BooleanField(default=False)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    objects = tenant_manager(models.QuerySet["Refund"])

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    amount_minor__gt=0, from_credit_minor__gte=0, from_credit_minor__lte=F("amount_minor")
                ),
                name="refund_parts",
            )
        ]
        indexes = [models.Index(fields=["company", "payment"], name="refund_by_payment")]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class Reversal(models.Model):
    """A payment that was entered wrongly, undone. Once per payment."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    payment = models.OneToOneField(Payment, models.PROTECT, related_name="reversal")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    objects = tenant_manager(models.QuerySet["Reversal"])

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount_minor__gte=0), name="reversal_not_negative")]
        indexes = [models.Index(fields=["company", "payment"], name="reversal_by_payment")]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class ClaimEntry(models.Model):
    """An entry that lowers what is owed without being money; negative where it is undone. Net and taxes share it pro rata."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    booking = models.ForeignKey("bookings.Booking", models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    net_minor = models.BigIntegerField()
    taxes_minor = models.JSONField(default=list)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class Reduction(ClaimEntry):
    """A lowered claim: a refund that is no longer owed, goodwill."""

    refund = models.ForeignKey(Refund, models.PROTECT, null=True, related_name="reductions")

    objects = tenant_manager(models.QuerySet["Reduction"])

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="reduction_is_not_zero")]
        indexes = [models.Index(fields=["company", "booking"], name="reduction_by_booking")]


class WriteOff(ClaimEntry):
    """A claim given up."""

    objects = tenant_manager(models.QuerySet["WriteOff"])

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(amount_minor=0), name="write_off_is_not_zero")]
        indexes = [models.Index(fields=["company", "booking"], name="write_off_by_booking")]
