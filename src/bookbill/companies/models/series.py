"""The rows that numbers are taken from."""

from django.db import models
from django.db.models import Q

from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager


class SeriesKind(models.TextChoices):
    INVOICE = "invoice", "invoice"
    BOOKING = "booking", "booking"


class NumberSeriesQuerySet(models.QuerySet["NumberSeries"]):
    pass


class NumberSeries(models.Model):
    """The next number of one series. Locked last and shortest; the only place a number comes from."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=SeriesKind)
    year = models.PositiveSmallIntegerField()  # 0: the series does not restart yearly
    first_n = models.PositiveBigIntegerField(default=1)
    next_n = models.PositiveBigIntegerField(default=1)
    last_date = models.DateField(null=True, blank=True)  # no later number may carry an earlier date
    created_at = models.DateTimeField(auto_now_add=True)

    objects = tenant_manager(NumberSeriesQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "year"], name="one_series_per_kind_and_year"),
            models.CheckConstraint(condition=Q(kind__in=SeriesKind.values), name="series_kind_is_known"),
            models.CheckConstraint(
                condition=Q(next_n__gte=models.F("first_n")), name="series_only_counts_up"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.year}"
