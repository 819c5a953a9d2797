"""The triggers themselves, tried on the history's own tables."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, models

from bookbill.activity.actions import EntryDraft, record
from bookbill.activity.models import Entry
from bookbill.activity.triggers import TRIGGERS
from bookbill.companies.models import Company
from bookbill.lib.actor import Actor, ActorKind
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.lib.triggers import (
    all_triggers,
    append_only,
    apply_all,
    frozen,
    install,
    installed,
    missing,
    remove_all,
    unexpected,
)

pytestmark = pytest.mark.both_databases

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
Draft = Callable[..., EntryDraft]


def test_every_declared_guard_is_installed(db: None) -> None:
    assert set(TRIGGERS) <= set(all_triggers())
    assert not missing(all_triggers())
    assert not unexpected(all_triggers())


@pytest.mark.django_db(transaction=True)
def test_altering_a_guarded_table_and_applying_again_leaves_the_guard_biting(draft: Draft) -> None:
    company = Company.objects.create(name="Maple Cleaning", currency="CAD")
    actor = Actor(kind=ActorKind.SYSTEM, company_id=company.pk, label="")
    with scope(company=company):
        entry = transact(lambda: record(draft(), by=actor, now=NOW))

        colour = models.CharField(max_length=9, default="")
        colour.set_attributes_from_name("colour")
        with connection.schema_editor() as editor:
            editor.add_field(Entry, colour)
        assert missing(TRIGGERS)
        apply_all()

        assert not missing(all_triggers())
        with pytest.raises(IntegrityError, match="bookbill: activity_entry is append-only"):
            Entry.objects.filter(pk=entry.pk).delete()
        with (
            pytest.raises(IntegrityError, match="bookbill: activity_entry is append-only"),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE activity_entry SET colour = 'red'")


def test_a_guard_made_from_another_text_is_missed(db: None) -> None:
    remove_all()
    install([append_only("activity_entry", but=("type",)), append_only("activity_entrypersonal")])
    assert [name[:30] for name in missing(TRIGGERS)] == ["bookbill_activity_entry_update"]
    assert len(unexpected(TRIGGERS)) == 2  # the other rule for updates, and the deletion that may be


def test_a_guard_that_does_not_cover_a_new_column_is_missed(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE activity_entry ADD COLUMN colour varchar(9)")
    assert any(name.startswith("bookbill_activity_entry_update") for name in missing(TRIGGERS))


def test_only_listed_columns_may_be_edited(actor: Actor, draft: Draft) -> None:
    remove_all()
    install([append_only("activity_entry", but=("subject_label",))])
    entry = record(draft(), by=actor, now=NOW)
    Entry.objects.filter(pk=entry.pk).update(subject_label="B-1043")
    with pytest.raises(IntegrityError, match="bookbill: activity_entry is append-only"):
        Entry.objects.filter(pk=entry.pk).update(subject_label="B-1044", type="booking.cancelled")


def test_a_column_to_be_set_once_goes_from_null_to_a_value_and_stays(actor: Actor, draft: Draft) -> None:
    remove_all()
    install([frozen("activity_entry", but_once=("member_id",))])
    entry = record(draft(), by=Actor(kind=ActorKind.SYSTEM, company_id=actor.company_id, label=""), now=NOW)
    Entry.objects.filter(pk=entry.pk).update(member_id=actor.member_id)
    Entry.objects.filter(pk=entry.pk).update(member_id=actor.member_id)
    with pytest.raises(IntegrityError, match="bookbill: activity_entry is frozen"):
        Entry.objects.filter(pk=entry.pk).update(member_id=None)


def test_a_guard_for_a_column_that_does_not_exist_is_refused(db: None) -> None:
    with pytest.raises(ValueError, match="activity_entry has no column pdf"):
        install([frozen("activity_entry", but_once=("pdf",))])


def test_applying_twice_changes_nothing(db: None) -> None:
    before = installed()
    apply_all()
    assert installed() == before
