"""How programs get in, what they were answered, and how often they asked."""

from django.db import models

from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def live(self) -> "ApiKeyQuerySet":
        return self.filter(revoked_at=None)


class ApiKey(models.Model):
    """A secret that acts with one member's rights in one company. Only its hash is kept; it is shown once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+")
    member = models.ForeignKey("companies.Member", models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)  # what the screen shows to tell keys apart
    key_hash = models.CharField(
        max_length=64, unique=True
    )  # SHA-256; the secret has 256 random bits, so no salt is needed
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = tenant_manager(ApiKeyQuerySet)

    class Meta:
        indexes = [models.Index(fields=["company", "member"], name="api_key_by_member")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotentAnswerQuerySet(models.QuerySet["IdempotentAnswer"]):
    pass


class IdempotentAnswer(models.Model):
    """What a POST with an ``Idempotency-Key`` (or a form with its operation id) was answered.

    Written in the act's own transaction: it exists exactly when the act happened. Kept 72 hours.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+")
    holder = models.CharField(
        max_length=80
    )  # "api_key:<id>" or "member:<id>": a key means something only to its sender
    route = models.CharField(max_length=255)  # method and path as requested
    key = models.CharField(max_length=255)
    body_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)  # 0 only inside the act's transaction
    headers = models.JSONField(default=dict)
    body = models.TextField(default="")
    created_at = models.DateTimeField()

    objects = tenant_manager(IdempotentAnswerQuerySet)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "holder", "route", "key"], name="one_answer_per_key_and_route"
            ),
        ]
        indexes = [models.Index(fields=["company", "created_at"], name="answer_by_age")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"


class RateCount(models.Model):
    """How often something happened in one window of time; shared by all processes on PostgreSQL."""

    bucket = models.CharField(max_length=120, primary_key=True)
    count = models.PositiveIntegerField()
    ends_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.bucket}: {self.count}"
