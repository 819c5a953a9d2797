"""The tenant: who bills, where it is, and how it invoices."""

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bookbill.companies.rules import Plan
from bookbill.lib.addresses import PARTS
from bookbill.lib.ids import new_id


class AfterSending(models.TextChoices):
    """What may change on a booking once its invoice was sent (domain.md §3)."""

    FOLLOW = "follow", _("Follow: the invoice shows every change, and offers to send it again")
    LOCK_ONCE_SENT = "lock_once_sent", _("Lock once sent")
    LOCK_ONCE_PAID = "lock_once_paid", _("Lock once any money is on it")


class Paper(models.TextChoices):
    A4 = "A4", _("A4")
    LETTER = "Letter", _("US Letter")


def no_tax_ids() -> list[dict[str, str]]:
    return []


def no_texts() -> dict[str, str]:
    return {}


class Company(models.Model):
    """The business that uses Bookbill. It is the tenant itself, so its manager is a plain one."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    revision = models.PositiveIntegerField(default=1)

    name = models.CharField(max_length=200)
    plan = models.CharField(
        max_length=10, choices=[(p.value, p.value) for p in Plan], default=Plan.GROW.value
    )
    currency = models.CharField(max_length=3)
    # Set by the first booking or payment; from then on the currency stays.
    currency_fixed_at = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    language = models.CharField(max_length=10, default="en")
    is_sandbox = models.BooleanField(default=False)
    clock_offset_seconds = models.IntegerField(default=0)

    email = models.CharField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    website = models.CharField(max_length=200, blank=True, default="")
    address_line1 = models.CharField(max_length=200, blank=True, default="")
    address_line2 = models.CharField(max_length=200, blank=True, default="")
    address_city = models.CharField(max_length=120, blank=True, default="")
    address_region = models.CharField(max_length=120, blank=True, default="")
    address_postal_code = models.CharField(max_length=20, blank=True, default="")
    address_country = models.CharField(max_length=60, blank=True, default="")  # as it is to be printed
    tax_ids = models.JSONField(default=no_tax_ids, blank=True)  # [{"scheme", "value"}]

    number_format = models.CharField(max_length=40, default="INV-{year}-{n:05}")
    number_restarts_yearly = models.BooleanField(default=True)
    payment_terms_days = models.PositiveSmallIntegerField(default=14)
    terms_and_conditions = models.JSONField(default=no_texts, blank=True)  # {language: text}
    colour = models.CharField(max_length=7, default="#1f6f5c")  # "#rrggbb"
    paper = models.CharField(max_length=6, choices=Paper, default=Paper.A4)
    after_sending = models.CharField(max_length=16, choices=AfterSending, default=AfterSending.FOLLOW)
    hold_seconds = models.PositiveSmallIntegerField(default=10)
    use_credit_at_sending = models.BooleanField(default=False)
    payment_link_default = models.BooleanField(default=True)
    logo = models.ForeignKey("documents.StoredFile", models.PROTECT, null=True, blank=True, related_name="+")
    default_tax_code = models.ForeignKey(
        "bookings.TaxCode", models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="company_has_a_name"),
            models.CheckConstraint(
                condition=Q(plan__in=[p.value for p in Plan]), name="company_plan_is_known"
            ),
            models.CheckConstraint(
                condition=Q(is_sandbox=True) | Q(clock_offset_seconds=0),
                name="only_a_sandbox_moves_its_clock",
            ),
            models.CheckConstraint(condition=Q(hold_seconds__lte=600), name="company_hold_is_short"),
            models.CheckConstraint(
                condition=Q(payment_terms_days__lte=365), name="company_terms_within_a_year"
            ),
            models.CheckConstraint(condition=Q(paper__in=Paper.values), name="company_paper_is_known"),
            models.CheckConstraint(
                condition=Q(after_sending__in=AfterSending.values), name="company_after_sending_is_known"
            ),
        ]
        indexes = [models.Index(fields=["name"], name="company_by_name")]

    def __str__(self) -> str:
        return self.name

    def address(self) -> dict[str, str]:
        """The parts as `lib.addresses` knows them; an empty address is an empty dict."""
        parts = {part: getattr(self, f"address_{part}") for part in PARTS}
        return parts if any(parts.values()) else {}

    def fix_currency(self, now: datetime) -> None:
        """From the first booking or payment on, the company's currency stays."""
        if self.currency_fixed_at is None:
            # Not on this instance: a transaction that is run again must write it again.
            Company.objects.filter(pk=self.pk, currency_fixed_at=None).update(currency_fixed_at=now)


def tax_codes_in_force() -> Any:
    """What may be the usual tax of new bookings. Tax codes belong to bookings, which lie above."""
    codes: Any = Company._meta.get_field("default_tax_code").related_model
    return codes.objects.filter(archived_at=None)
