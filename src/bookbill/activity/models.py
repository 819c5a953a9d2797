"""What happened, to what, by whom and when. Written by actions, never changed; feeds history, audit and webhooks."""

import datetime as dt
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models
from django.db.models import Q

from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import tenant_manager


class EntryQuerySet(models.QuerySet["Entry"]):
    def of_subject(self, subject_type: str, subject_id: UUID) -> "EntryQuerySet":
        """The history of one thing, newest first."""
        return self.filter(subject_type=subject_type, subject_id=subject_id).order_by("-id")

    def newest_first(self) -> "EntryQuerySet":
        return self.order_by("-id")

    def after(self, cursor: UUID | None) -> "EntryQuerySet":
        """What came after the entry ``cursor`` (None: from the beginning), oldest first; slice it to a page.

        A reader that goes on from the last entry it got misses none: what an unfinished transaction could
        still overtake is held back until that transaction has ended.
        """
        entries = self.order_by("id")
        if cursor is not None:
            entries = entries.filter(id__gt=cursor)
        horizon = _oldest_open_write()
        return entries if horizon is None else entries.filter(id__lt=_first_id_of(horizon))

    def with_personal(self) -> "EntryQuerySet":
        """Together with the personal values, where they have not been erased."""
        return self.select_related("personal")


class Entry(models.Model):
    """One change of state or money. A trigger refuses every later change (triggers.py)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    company = models.ForeignKey("companies.Company", models.PROTECT, db_index=False, related_name="+")
    at = models.DateTimeField()  # business time
    type = models.CharField(max_length=60)  # "invoice.sent": the subject's type, a dot, a past participle

    actor_kind = models.CharField(max_length=20)
    actor_label = models.CharField(max_length=200)
    actor_reference = models.CharField(max_length=100, blank=True, default="")
    member_id = models.UUIDField(null=True)

    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_label = models.CharField(max_length=200)

    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    # SHA-256 over the side row's salt and values, so that they can be checked while they exist; empty: there were none.
    personal_hash = models.CharField(max_length=64, blank=True, default="")
    request_id = models.CharField(max_length=64, blank=True, default="")

    objects = tenant_manager(EntryQuerySet)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(type=""), name="activity_entry_has_a_type"),
        ]
        indexes = [
            models.Index(fields=["company", "id"], name="activity_by_company"),
            models.Index(fields=["company", "subject_type", "subject_id", "id"], name="activity_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.subject_label}"

    def personal_values(self) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Names, emails and addresses before and after; None once erased or where there were none.

        Read the entry ``with_personal()``, else this asks the database once per entry.
        """
        personal: EntryPersonal | None = getattr(self, "personal", None)
        return None if personal is None else (personal.before, personal.after)


class EntryPersonalQuerySet(models.QuerySet["EntryPersonal"]):
    def of_subject(self, subject_type: str, subject_id: UUID) -> "EntryPersonalQuerySet":
        """Erase a person's values with ``.of_subject(…).delete()``; the entries and their hashes stay."""
        return self.filter(entry__subject_type=subject_type, entry__subject_id=subject_id)


class EntryPersonal(models.Model):
    """The personal values of one entry, apart so that they can be erased. May be deleted, never changed."""

    entry = models.OneToOneField(Entry, models.CASCADE, primary_key=True, related_name="personal")
    company = models.ForeignKey("companies.Company", models.PROTECT, related_name="+")
    salt = models.CharField(max_length=64)
    before = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    after = models.JSONField(default=dict, encoder=DjangoJSONEncoder)

    objects = tenant_manager(EntryPersonalQuerySet)

    def __str__(self) -> str:
        return f"personal values of {self.entry_id}"


def _oldest_open_write() -> dt.datetime | None:
    """When the oldest other transaction that has written began; None where there is none.

    Keys are made while a transaction runs but seen when it commits, so on PostgreSQL a later key can be seen
    first. SQLite has one writer at a time: there keys are made and seen in the same order.
    """
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(xact_start) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
        )
        (began,) = cursor.fetchone()
    return began  # type: ignore[no-any-return]


def _first_id_of(instant: dt.datetime) -> UUID:
    """The lowest key that could have been made at ``instant``."""
    milliseconds = int(instant.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)
