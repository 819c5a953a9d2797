import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bookbill.activity.models import Entry
from bookbill.companies.actions import (
    add_member,
    change_member,
    change_plan,
    choose_first_number,
    create_api_key,
    create_company,
    move_clock,
    revoke_api_key,
    update_company,
)
from bookbill.companies.actors import member_actor
from bookbill.companies.events import CompanyChanged
from bookbill.companies.keys import key_of
from bookbill.companies.models import ApiKey, Company, Member, User
from bookbill.companies.numbers import take_invoice_numbers
from bookbill.companies.rules import Role
from bookbill.lib import events
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, Forbidden, NotFound, RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact

pytestmark = pytest.mark.both_databases

TODAY = dt.date(2026, 11, 22)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    found: list[Any] = []
    monkeypatch.setitem(events._reactions, CompanyChanged, [found.append])
    return found


def entries() -> list[str]:
    return list(Entry.objects.order_by("id").values_list("type", flat=True))


def test_a_new_company_has_an_owner_who_can_act(db: None, now: dt.datetime) -> None:
    company, owner = transact(
        lambda: create_company(
            name="Maple", owner_email="Ana@Maple.ca", currency="CAD", time_zone="America/Toronto", now=now
        )
    )
    assert (company.plan, owner.role, owner.user.email, owner.name) == (
        "grow",
        "owner",
        "ana@maple.ca",
        "ana",
    )
    assert not owner.user.has_usable_password()
    with scope(company=company):
        transact(lambda: update_company({"phone": "555"}, by=member_actor(company, owner), now=now))
        assert entries() == ["company.created", "company.changed"]


def test_a_person_may_belong_to_two_companies(db: None, now: dt.datetime) -> None:
    for name in ("Maple", "Harbour"):
        transact(lambda name=name: create_company(name=name, owner_email="ana@maple.ca", now=now))  # type: ignore[misc]
    assert User.objects.count() == 1
    assert Company.objects.count() == 2


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("name", {"name": " "}),
        ("email", {"owner_email": "nobody"}),
        ("currency", {"currency": "cad"}),
        ("currency", {"currency": "XXX"}),
        ("time_zone", {"time_zone": "Mars/Base"}),
        ("time_zone", {"time_zone": "../etc/passwd"}),
        ("plan", {"plan": "gold"}),
        ("language", {"language": "tlh"}),
    ],
)
def test_a_company_that_could_not_work_is_not_made(
    db: None, now: dt.datetime, field: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(BadInput) as refused:
        transact(
            lambda: create_company(**{"name": "Maple", "owner_email": "ana@maple.ca", **fields}, now=now)
        )
    assert refused.value.field == field
    assert not Company.objects.exists()


def test_two_accounts_never_differ_only_in_case(db: None) -> None:
    User.objects.create_user("ana@maple.ca")
    for email in ("ana@maple.ca", "Ana@maple.ca"):
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.bulk_create([User(email=email)])


# Settings


def test_a_changed_setting_is_told_written_down_and_counted(
    scoped: Company, owner: Actor, now: dt.datetime, heard: list[CompanyChanged]
) -> None:
    changes = {"phone": "555 1234", "payment_terms_days": 30, "name": scoped.name}
    company = transact(lambda: update_company(changes, by=owner, now=now, expected_revision=1))
    assert (company.revision, company.payment_terms_days) == (2, 30)
    assert [event.fields for event in heard] == [{"phone", "payment_terms_days"}]
    entry = Entry.objects.get()
    assert (entry.before, entry.after) == (
        {"payment_terms_days": 14},
        {"payment_terms_days": 30},
    )  # a phone is personal


def test_nothing_changed_is_nothing_done(
    scoped: Company, owner: Actor, now: dt.datetime, heard: list[Any]
) -> None:
    assert transact(lambda: update_company({"name": scoped.name}, by=owner, now=now)).revision == 1
    assert (heard, entries()) == ([], [])


def test_a_stale_edit_is_refused(scoped: Company, owner: Actor, now: dt.datetime) -> None:
    transact(lambda: update_company({"phone": "1"}, by=owner, now=now))
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: update_company({"phone": "2"}, by=owner, now=now, expected_revision=1))
    assert refused.value.code == "stale"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("plan", "grow"),
        ("is_sandbox", True),
        ("revision", 7),
        ("payment_terms_days", 366),
        ("payment_terms_days", -1),
        ("payment_terms_days", True),
        ("hold_seconds", 601),
        ("colour", "red"),
        ("colour", "#12345g"),
        ("paper", "A3"),
        ("website", "javascript:alert(1)"),
        ("email", "a@b"),
        ("tax_ids", [{"scheme": "GST", "value": ""}]),
        ("tax_ids", [{"scheme": "GST", "value": "1"}] * 6),
        ("terms_and_conditions", {"xx": "text"}),
        ("terms_and_conditions", {"en": "x" * 20_001}),
        ("number_format", "INV"),
        ("number_restarts_yearly", "yes"),
        ("after_sending", "whatever"),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused(
    scoped: Company, owner: Actor, now: dt.datetime, field: str, value: Any
) -> None:
    with pytest.raises(BadInput) as refused:
        transact(lambda: update_company({field: value}, by=owner, now=now))
    assert refused.value.field == field
    assert entries() == []


def test_the_office_may_not_change_settings(scoped: Company, office: Actor, now: dt.datetime) -> None:
    for act in (
        lambda: update_company({"phone": "1"}, by=office, now=now),
        lambda: choose_first_number(7, by=office, now=now),
        lambda: add_member(email="x@y.co", name="X", role="office", by=office, now=now),
        lambda: create_api_key(office.member_id, name="x", by=office, now=now),  # type: ignore[arg-type]
    ):
        with pytest.raises(Forbidden):
            transact(act)


def test_the_currency_stays_once_it_was_used(scoped: Company, owner: Actor, now: dt.datetime) -> None:
    assert transact(lambda: update_company({"currency": "EUR"}, by=owner, now=now)).currency == "EUR"
    scoped.fix_currency(now)
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: update_company({"currency": "CAD"}, by=owner, now=now))
    assert refused.value.code == "currency_fixed"


def test_the_yearly_restart_is_switched_only_before_a_years_first_number(
    scoped: Company, owner: Actor, now: dt.datetime
) -> None:
    transact(lambda: take_invoice_numbers(scoped, wished=[None], today=TODAY))
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: update_company({"number_restarts_yearly": False}, by=owner, now=now))
    assert refused.value.code == "series_in_use"
    with pytest.raises(RuleBroken) as refused:
        transact(
            lambda: update_company(
                {"number_restarts_yearly": False, "number_format": "{n}"}, by=owner, now=now
            )
        )
    next_year = now.replace(year=2027)
    with pytest.raises(RuleBroken) as refused:  # 2026's numbers exist: the year must stay in the format
        transact(
            lambda: update_company(
                {"number_restarts_yearly": False, "number_format": "{n}"}, by=owner, now=next_year
            )
        )
    assert refused.value.field == "number_format"
    assert (
        transact(lambda: update_company({"number_restarts_yearly": False}, by=owner, now=next_year)).revision
        == 2
    )


def test_the_first_number_is_chosen_by_the_owner(scoped: Company, owner: Actor, now: dt.datetime) -> None:
    transact(lambda: choose_first_number(1042, by=owner, now=now))
    taken = transact(lambda: take_invoice_numbers(scoped, wished=[None], today=TODAY))
    assert taken[0].number == "INV-2026-01042"
    assert entries() == ["company.first_number_chosen"]


def test_only_a_sandboxs_clock_moves_and_only_forward(
    scoped: Company,
    owner: Actor,
    now: dt.datetime,
    make_company: Callable[..., Company],
    make_member: Callable[..., Member],
) -> None:
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: move_clock(60, by=owner, now=now))
    assert refused.value.code == "not_a_sandbox"
    sandbox = make_company("Tour", is_sandbox=True)
    guide = member_actor(sandbox, make_member(sandbox))
    with scope(company=sandbox):
        assert transact(lambda: move_clock(60, by=guide, now=now)).clock_offset_seconds == 60
        with pytest.raises(RuleBroken):
            transact(lambda: move_clock(59, by=guide, now=now))


def test_a_plan_is_changed_and_written_down(scoped: Company, owner: Actor, now: dt.datetime) -> None:
    assert transact(lambda: change_plan("free", by=owner, now=now)).plan == "free"
    assert Entry.objects.get().after == {"plan": "free"}


# Members


def test_a_member_is_added_once(scoped: Company, owner: Actor, now: dt.datetime) -> None:
    member = transact(lambda: add_member(email="New@X.co", name="New", role="accountant", by=owner, now=now))
    assert (member.role, member.user.email) == ("accountant", "new@x.co")
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: add_member(email="new@x.co", name="New", role="office", by=owner, now=now))
    assert refused.value.code == "already_a_member"
    assert entries() == ["member.added"]


def test_a_provider_signs_in_only_with_the_plan(
    company: Company, make_member: Callable[..., Member], now: dt.datetime
) -> None:
    Company.objects.filter(pk=company.pk).update(plan="startup")
    company.refresh_from_db()
    boss = member_actor(company, make_member(company))
    with scope(company=company), pytest.raises(Forbidden) as refused:
        transact(lambda: add_member(email="p@x.co", name="Pat", role="provider", by=boss, now=now))
    assert refused.value.code == "plan_required"


def test_a_company_keeps_an_owner(
    scoped: Company, owner: Actor, now: dt.datetime, make_member: Callable[..., Member]
) -> None:
    assert owner.member_id
    changes: list[dict[str, Any]] = [{"role": "office"}, {"is_active": False}]
    for change in changes:
        with pytest.raises(RuleBroken) as refused:
            transact(lambda change=change: change_member(owner.member_id, **change, by=owner, now=now))  # type: ignore[misc]
        assert refused.value.code == "last_owner"
    make_member(scoped, Role.OWNER)
    member_id = owner.member_id
    assert transact(lambda: change_member(member_id, role="office", by=owner, now=now)).role == "office"


def test_a_member_of_another_company_is_not_there(
    scoped: Company, twin: Company, owner: Actor, now: dt.datetime, make_member: Callable[..., Member]
) -> None:
    stranger = make_member(twin)
    with pytest.raises(NotFound):
        transact(lambda: change_member(stranger.pk, role="office", by=owner, now=now))
    with pytest.raises(NotFound):
        transact(lambda: create_api_key(stranger.pk, name="x", by=owner, now=now))


# Keys


def test_a_key_is_known_by_its_secret_until_it_is_revoked(
    scoped: Company, owner: Actor, now: dt.datetime
) -> None:
    assert owner.member_id
    member_id = owner.member_id
    key, secret = transact(lambda: create_api_key(member_id, name="Till", by=owner, now=now))
    found = key_of(secret)
    assert found is not None
    assert found.pk == key.pk
    assert secret not in str(ApiKey.objects.values_list().get())
    assert secret not in str(list(Entry.objects.values_list()))
    for _ in range(2):
        transact(lambda: revoke_api_key(key.pk, by=owner, now=now))
    assert key_of(secret) is None
    assert entries() == ["api_key.created", "api_key.revoked"]
