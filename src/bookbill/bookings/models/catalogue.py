"""Services and tax codes: copied when used."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from bookbill.bookings.rules import last_successor
from bookbill.lib.fields import ExactDecimalField
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager
from bookbill.money.pricing import Component, TaxTerms


class TaxCodeQuerySet(models.QuerySet["TaxCode"]):
    def current(self) -> TaxCodeQuerySet:
        return self.filter(archived_at=None)

    def in_force(self, code_id: UUID) -> TaxCode:
        """The last successor of a code; itself while it has none."""
        return self.get(pk=last_successor(code_id, self.successors()))

    def successors(self) -> dict[UUID, UUID]:
        """What replaced each code that was replaced."""
        return dict(self.filter(successor__isnull=False).values_list("pk", "successor_id"))


class TaxCode(models.Model):
    """Ordered components. Immutable once a booking carries it: editing makes a successor."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=80)
    inclusive = models.BooleanField(default=False)
    successor = models.ForeignKey("self", models.PROTECT, null=True, related_name="predecessors")
    archived_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = tenant_manager(TaxCodeQuerySet)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(successor=None)
                | models.Q(archived_at__isnull=False) & ~models.Q(successor=models.F("id")),
                name="tax_code_succeeded_is_archived",
            )
        ]
        indexes = [models.Index(fields=["company", "id"], name="taxcode_list")]

    def __str__(self) -> str:
        return self.name

    def terms(self) -> TaxTerms:
        """The code as the pricing rules take it. Reads `components`, so prefetch them."""
        components = sorted(self.components.all(), key=lambda component: component.position)
        return TaxTerms(
            key=str(self.pk),
            inclusive=self.inclusive,
            components=tuple(Component(c.name, c.rate, c.compound, c.category) for c in components),
        )


class TaxCategory(models.TextChoices):
    """Categories of EN 16931, by their plain names."""

    STANDARD = "standard"
    ZERO = "zero"
    EXEMPT = "exempt"
    REVERSE_CHARGE = "reverse_charge"
    OUTSIDE_SCOPE = "outside_scope"


class TaxComponent(models.Model):
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    tax_code = models.ForeignKey(TaxCode, models.CASCADE, related_name="components")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=40)
    rate = ExactDecimalField(places=4)
    compound = models.BooleanField(default=False)
    category = models.CharField(max_length=16, choices=TaxCategory.choices, default=TaxCategory.STANDARD)

    objects = tenant_manager(models.QuerySet["TaxComponent"])

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "tax_code", "position"], name="tax_component_position"
            ),
            models.CheckConstraint(condition=models.Q(rate__gte=0, rate__lte=100), name="tax_rate_0_to_100"),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceQuerySet(models.QuerySet["Service"]):
    def current(self) -> ServiceQuerySet:
        return self.filter(archived_at=None)


class Service(models.Model):
    """A catalogue entry: price and tax code, copied into a booking's item when used."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=20, blank=True)
    unit_price = ExactDecimalField(places=4)
    currency = models.CharField(max_length=3)
    tax_code = models.ForeignKey(TaxCode, models.PROTECT, null=True, related_name="+")
    archived_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = tenant_manager(ServiceQuerySet)

    class Meta:
        indexes = [models.Index(fields=["company", "id"], name="service_list")]

    def __str__(self) -> str:
        return self.name
