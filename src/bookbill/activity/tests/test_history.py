"""What is written down, how it is read, and what the database refuses to change."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes.exceptions import ScopeError

from bookbill.activity.actions import EntryDraft, personal_hash, record, record_many, request_id
from bookbill.activity.models import Entry, EntryPersonal
from bookbill.companies.models import Company
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact

pytestmark = pytest.mark.both_databases

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)
Draft = Callable[..., EntryDraft]


def test_an_entry_says_who_when_what_before_and_after(actor: Actor, draft: Draft) -> None:
    token = request_id.set("req-7")
    entry = record(draft(before={"state": "scheduled"}, after={"state": "completed"}), by=actor, now=NOW)
    request_id.reset(token)

    entry = Entry.objects.get(pk=entry.pk)
    assert (entry.at, entry.type, entry.subject_label) == (NOW, "booking.completed", "B-1042")
    assert (entry.actor_kind, entry.actor_label, entry.member_id) == ("member", "Ana", actor.member_id)
    assert (entry.before, entry.after) == ({"state": "scheduled"}, {"state": "completed"})
    assert (entry.request_id, entry.personal_hash, entry.personal_values()) == ("req-7", "", None)


def test_many_entries_take_two_inserts(actor: Actor, draft: Draft, django_assert_num_queries: Any) -> None:
    drafts = [draft(after={"n": n}, personal_after={"email": f"{n}@example.com"}) for n in range(40)]
    with CaptureQueriesContext(connection) as few:
        record_many(drafts[:2], by=actor, now=NOW)
    with CaptureQueriesContext(connection) as many:
        written = record_many(drafts, by=actor, now=NOW)
    assert len(many) == len(few)
    assert [entry.after["n"] for entry in Entry.objects.after(written[0].pk)] == list(range(1, 40))


def test_nothing_is_recorded_outside_a_transaction(transactional_db: None, draft: Draft) -> None:
    company = Company.objects.create(name="Maple Cleaning", currency="CAD")
    with scope(company=company), pytest.raises(RuntimeError, match="transact"):
        record(draft(), by=Actor(kind="system", company_id=company.pk, label=""), now=NOW)  # type: ignore[arg-type]


def test_personal_values_can_be_erased_while_the_entry_keeps_their_hash(actor: Actor, draft: Draft) -> None:
    entry = record(
        draft(personal_before={"email": "old@example.com"}, personal_after={"email": "new@example.com"}),
        by=actor,
        now=NOW,
    )
    entry = Entry.objects.with_personal().get(pk=entry.pk)
    assert entry.personal_values() == ({"email": "old@example.com"}, {"email": "new@example.com"})
    assert entry.personal_hash == personal_hash(
        entry.personal.salt, {"email": "old@example.com"}, {"email": "new@example.com"}
    )

    EntryPersonal.objects.of_subject("booking", entry.subject_id).delete()

    entry = Entry.objects.with_personal().get(pk=entry.pk)
    assert entry.personal_values() is None
    assert len(entry.personal_hash) == 64
    assert "example.com" not in str(vars(entry))


def test_equal_values_have_different_hashes(actor: Actor, draft: Draft) -> None:
    first, second = record_many([draft(personal_after={"name": "Jo"})] * 2, by=actor, now=NOW)
    assert first.personal_hash != second.personal_hash


@pytest.mark.parametrize(
    "change",
    [
        lambda entry: Entry.objects.filter(pk=entry.pk).update(type="booking.cancelled"),
        lambda entry: Entry.objects.filter(pk=entry.pk).delete(),
        lambda entry: EntryPersonal.objects.update(after={"email": "else@example.com"}),
    ],
)
def test_history_cannot_be_changed(actor: Actor, draft: Draft, change: Callable[[Entry], Any]) -> None:
    entry = record(draft(personal_after={"email": "new@example.com"}), by=actor, now=NOW)
    with pytest.raises(IntegrityError, match="bookbill: activity_entry"), transaction.atomic():
        change(entry)


def test_the_history_of_a_sandbox_may_go_but_not_be_changed(
    actor: Actor, draft: Draft, company: Company
) -> None:
    Company.objects.filter(pk=company.pk).update(is_sandbox=True)
    entry = record(draft(personal_after={"email": "new@example.com"}), by=actor, now=NOW)
    with pytest.raises(IntegrityError, match="bookbill:"), transaction.atomic():
        Entry.objects.filter(pk=entry.pk).update(type="booking.cancelled")
    Entry.objects.filter(pk=entry.pk).delete()
    assert not Entry.objects.exists()


def test_a_subject_has_its_own_history_newest_first(actor: Actor, draft: Draft) -> None:
    subject = new_id()
    record_many(
        [draft("booking.created", subject), draft(), draft("booking.completed", subject)], by=actor, now=NOW
    )
    assert [entry.type for entry in Entry.objects.of_subject("booking", subject)] == [
        "booking.completed",
        "booking.created",
    ]


def test_history_belongs_to_one_company(actor: Actor, draft: Draft) -> None:
    record(draft(), by=actor, now=NOW)
    with scope(company=Company.objects.create(name="Twin", currency="CAD")):
        assert not Entry.objects.exists()


def test_outside_a_company_history_cannot_be_read(db: None) -> None:
    with pytest.raises(ScopeError):
        Entry.objects.count()


@pytest.mark.django_db(transaction=True)
def test_a_reader_that_follows_the_history_misses_no_slow_transaction(draft: Draft) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    company = Company.objects.create(name="Maple Cleaning", currency="CAD")
    actor = Actor(kind="system", company_id=company.pk, label="")  # type: ignore[arg-type]
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        def act() -> None:
            record(draft("booking.slow"), by=actor, now=NOW)
            written.set()
            may_commit.wait(10)

        with scope(company=company):
            transact(act)
        connections.close_all()

    thread = threading.Thread(target=slow)
    with scope(company=company):
        first = transact(lambda: record(draft("booking.first"), by=actor, now=NOW))
        thread.start()
        assert written.wait(10)
        transact(lambda: record(draft("booking.quick"), by=actor, now=NOW))
        seen = list(Entry.objects.after(first.pk))
        may_commit.set()
        thread.join()
        seen += Entry.objects.after(seen[-1].pk if seen else first.pk)
    assert [entry.type for entry in seen] == ["booking.slow", "booking.quick"]
