"""What mails say: a company's own texts, what a receipt said, and test mails."""

from __future__ import annotations

from uuid import UUID

from django.db import models
from django.db.models import Exists, OuterRef, Q

from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager


class MailTextQuerySet(models.QuerySet["MailText"]):
    def current(self) -> MailTextQuerySet:
        """The newest of each kind and language."""
        newer = MailText.objects.filter(
            kind=OuterRef("kind"), language=OuterRef("language"), n__gt=OuterRef("n")
        )
        return self.filter(~Exists(newer))

    def chosen(self) -> dict[tuple[str, str], UUID]:
        """The company's own texts that apply now, by kind and language. One query."""
        rows = self.current().exclude(subject="").values_list("kind", "language", "pk")
        return {(kind, language): pk for kind, language, pk in rows}


class MailText(models.Model):
    """How a company words one kind of mail in one language, from now on. An empty one goes back to the standard text.

    Rows only grow: a message names the one it was promised with, so that a late retry says the same.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    n = models.PositiveIntegerField()
    subject = models.CharField(max_length=150, blank=True)
    body = models.TextField(blank=True)
    written_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = tenant_manager(MailTextQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "language", "n"], name="mail_text_n"),
            models.CheckConstraint(
                condition=Q(subject="", body="") | ~Q(subject="") & ~Q(body=""), name="mail_text_is_whole"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.language} {self.n}"


class MailTrial(models.Model):
    """A mail with sample figures to whoever is writing its text. Cause of that mail."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=20)
    language = models.CharField(max_length=10)
    subject = models.CharField(max_length=150)
    body = models.TextField()
    sent_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = tenant_manager(models.QuerySet["MailTrial"])

    class Meta:
        indexes = [models.Index(fields=["company", "created_at"], name="mail_trial_by_time")]

    def __str__(self) -> str:
        return f"{self.kind} {self.language}"


class Receipt(models.Model):
    """What a receipt said when it was sent. Its mails have the payment as their cause and ``n`` as their step."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    payment = models.ForeignKey("ledger.Payment", models.PROTECT, related_name="receipts")
    n = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    document = models.TextField()
    sent_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()

    objects = tenant_manager(models.QuerySet["Receipt"])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "payment", "n"], name="receipt_n")]

    def __str__(self) -> str:
        return f"{self.payment_id} {self.n}"
