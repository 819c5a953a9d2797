"""Moving chosen bookings from a tax code that was replaced to its successor, and what became of each."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager


class Outcome(models.TextChoices):
    """What became of a booking that was chosen."""

    REPRICED = "repriced"
    UNCHANGED = "unchanged"
    """It was gone, or carried the old code no more."""
    REFUSED = "refused"
    """Locked, final, or without a price under the new code; the reason says which."""


class RepricingQuerySet(models.QuerySet["Repricing"]):
    def newest_first(self) -> RepricingQuerySet:
        return self.order_by("-pk")


class Repricing(models.Model):
    """One act of repricing. The bookings were chosen by a person; a worker goes through its rows in their order."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    tax_code = models.ForeignKey("bookings.TaxCode", models.PROTECT, related_name="repricings")
    by = models.JSONField()
    """The actor who asked, with whose rights the worker acts."""
    chosen = models.PositiveIntegerField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    objects = tenant_manager(RepricingQuerySet)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(chosen__gt=0), name="repricing_of_something")]
        indexes = [models.Index(fields=["company", "id"], name="repricing_list")]

    def __str__(self) -> str:
        return f"{self.tax_code_id} ({self.chosen})"


class RepricedQuerySet(models.QuerySet["RepricedBooking"]):
    def waiting_in(self, run: Repricing) -> RepricedQuerySet:
        """Those a run still has to come to, in its order."""
        return self.filter(repricing=run, outcome=None).order_by("position")


class RepricedBooking(models.Model):
    """One chosen booking. Its outcome is written once, in the transaction that repriced it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    repricing = models.ForeignKey(Repricing, models.PROTECT, related_name="rows", db_index=False)
    position = models.PositiveIntegerField()
    booking = models.ForeignKey("bookings.Booking", models.SET_NULL, null=True, related_name="+")
    number = models.CharField(max_length=20)
    currency = models.CharField(max_length=3)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, null=True)  # noqa: DJ001 - null: it waits
    reason = models.CharField(max_length=500, null=True)  # noqa: DJ001 - a frozen column begins as null
    before_minor = models.BigIntegerField(null=True)
    after_minor = models.BigIntegerField(null=True)

    objects = tenant_manager(RepricedQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "repricing", "position"], name="repriced_position"),
            models.UniqueConstraint(fields=["company", "repricing", "booking"], name="repriced_once"),
            models.CheckConstraint(
                condition=Q(outcome=None) | Q(outcome__in=Outcome.values), name="repriced_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(outcome=Outcome.REPRICED)
                | Q(before_minor__isnull=False, after_minor__isnull=False),
                name="repriced_with_its_totals",
            ),
        ]
        indexes = [
            models.Index(
                fields=["company", "repricing", "position"],
                condition=Q(outcome=None),
                name="repriced_waiting",
            )
        ]

    def __str__(self) -> str:
        return self.number
