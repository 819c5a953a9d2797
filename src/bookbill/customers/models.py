"""A customer, and the words it is found by."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import models
from django.db.models import Q

from bookbill.companies.models import Company
from bookbill.lib.fields import PrefixTextField, prefix_range
from bookbill.lib.ids import new_id
from bookbill.lib.search import WORD_LENGTH, search_words
from bookbill.lib.tenancy import tenant_manager


class CustomerQuerySet(models.QuerySet["Customer"]):
    def active(self) -> CustomerQuerySet:
        return self.filter(archived_at=None)

    def matching(self, text: str) -> CustomerQuerySet:
        """Every word of ``text`` begins a word of the customer's names or addresses. A text without words finds nothing."""
        words = search_words(text)
        found: models.QuerySet[Customer] = self if words else self.none()
        for word in words:
            found = found.filter(
                pk__in=CustomerWord.objects.filter(prefix_range("word", word)).values("customer_id")
            )
        return found  # type: ignore[return-value]

    def lock(self, ids: Iterable[UUID]) -> dict[UUID, Customer]:
        """Lock customers in id order: the first lock of every act on their money or invoices.

        Without KEY, so that rows pointing at a customer can still be inserted by others.
        """
        rows = self.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True)
        return {customer.pk: customer for customer in rows}


class Customer(models.Model):
    """Billing details are read live by invoices; a sent version keeps its own copy."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    company_name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    billing_email = models.CharField(max_length=254, blank=True)
    bill_only_to_billing_email = models.BooleanField(default=False)
    always_copy = models.JSONField(default=list)
    phone = models.CharField(max_length=40, blank=True)
    service_address = models.JSONField(default=dict)
    billing_address = models.JSONField(default=dict)
    tax_ids = models.JSONField(default=list)
    purchase_order = models.CharField(max_length=80, blank=True)
    tax_exempt = models.BooleanField(default=False)
    exemption_reason = models.CharField(max_length=200, blank=True)
    language = models.CharField(max_length=8, blank=True)
    payment_terms_days = models.PositiveSmallIntegerField(null=True)
    external_id = models.CharField(max_length=120, null=True)  # noqa: DJ001 - null keeps the unique key open
    archived_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = tenant_manager(CustomerQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "external_id"], name="customer_external_id"),
            models.CheckConstraint(condition=~Q(name=""), name="customer_has_a_name"),
            models.CheckConstraint(
                condition=Q(tax_exempt=False) | ~Q(exemption_reason=""), name="customer_exempt_with_reason"
            ),
        ]
        indexes = [models.Index(fields=["company", "id"], name="customer_list")]

    def __str__(self) -> str:
        return self.company_name or self.name

    def is_named(self, text: str) -> bool:
        """Whether every word of ``text`` begins a word of its names: `matching` without the addresses."""
        own = search_words(self.name, self.company_name)
        return all(any(word.startswith(begun) for word in own) for begun in search_words(text))

    def terms_days(self, company: Company) -> int:
        """Its own payment terms, else the company's."""
        return company.payment_terms_days if self.payment_terms_days is None else self.payment_terms_days

    def billing_recipients(self) -> list[str]:
        """Where invoices go by themselves, without repeats: billing email alone when so switched, else both; then the copies."""
        if self.bill_only_to_billing_email and self.billing_email:
            to = [self.billing_email]
        else:
            to = [self.email, self.billing_email]
        unique = {address.lower(): address for address in reversed([*to, *self.always_copy]) if address}
        return list(reversed(unique.values()))


class CustomerWord(models.Model):
    """One word a customer is found by, folded."""

    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    customer = models.ForeignKey(Customer, models.CASCADE, related_name="words")
    word = PrefixTextField(max_length=WORD_LENGTH)

    objects = tenant_manager(models.QuerySet["CustomerWord"])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "customer", "word"], name="customer_word_once")
        ]
        indexes = [models.Index(fields=["company", "word", "customer"], name="customer_by_word")]

    def __str__(self) -> str:
        return self.word
