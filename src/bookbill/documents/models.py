"""Files we keep, named by their hash."""

from django.db import models

from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager


class StoredFile(models.Model):
    """Bytes kept under `company/ab/sha256`, written before this row says so, never overwritten."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=40)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = tenant_manager(models.QuerySet["StoredFile"])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "kind", "sha256"], name="stored_file_once")]

    def __str__(self) -> str:
        return self.sha256
