"""Members and API keys through the door that people use."""

import re
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from bookbill.activity.models import Entry
from bookbill.companies.keys import hash_of
from bookbill.companies.models import ApiKey, Company, Member, User
from bookbill.companies.rules import Role
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope

pytestmark = pytest.mark.both_databases

PageOf = Callable[[Actor], Client]

NEW = {"email": "Noor@x.co", "name": "Noor", "role": "office"}


@pytest.fixture(autouse=True)
def nobody_tried_before() -> None:
    cache.clear()


@pytest.fixture
def page(owner: Actor, page_of: PageOf) -> Client:
    return page_of(owner)


def test_a_new_member_gets_a_mail_and_the_owner_sees_the_link_once(
    company: Company, page: Client, settings: Settings
) -> None:
    answer = page.post("/settings/members/new", NEW)
    found = re.search(r"(/accounts/password/reset/key/[^<\"]+)", answer.content.decode())
    assert found
    assert "no-store" in answer["Cache-Control"]
    assert mail.outbox[0].to == ["noor@x.co"]
    assert f"{settings.PUBLIC_BASE_URL}/accounts/password/reset/key/" in str(mail.outbox[0].body)
    assert "Ana has added you to Maple Cleaning" in str(mail.outbox[0].body)
    assert b"/reset/key/" not in page.get("/settings/members").content
    guest = Client()
    form_page = guest.get(found[1])["Location"]
    guest.post(form_page, {"password1": "correct horse battery", "password2": "correct horse battery"})
    signed_in = guest.post("/accounts/login/", {"login": "noor@x.co", "password": "correct horse battery"})
    assert signed_in["Location"] == "/"
    with scope(company=company):
        assert Member.objects.get(name="Noor").role == "office"


def test_the_same_form_twice_invites_once(company: Company, page: Client) -> None:
    sent = NEW | {"operation_id": "abc"}
    assert page.post("/settings/members/new", sent).status_code == 200
    again = page.post("/settings/members/new", sent)
    assert (again.status_code, again["Location"]) == (303, "/settings/members")
    assert len(mail.outbox) == 1
    with scope(company=company):
        assert Member.objects.filter(name="Noor").count() == 1


def test_a_mail_server_that_is_away_is_said_and_the_link_still_shown(
    page: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # nobody listens on its port
    text = page.post("/settings/members/new", NEW).content.decode()
    assert "could not be sent" in text
    assert "/accounts/password/reset/key/" in text


def test_a_sandbox_mails_nobody(company: Company, page: Client) -> None:
    Company.objects.update(is_sandbox=True)
    assert b"no email leaves it" in page.post("/settings/members/new", NEW).content
    assert mail.outbox == []


@pytest.mark.parametrize("password", [None, "correct horse battery"])
def test_the_link_into_somebody_elses_account_is_mailed_and_never_shown(
    twin: Company, make_member: Callable[..., Member], page: Client, password: str | None
) -> None:
    """Else an owner could add a person of another company and enter that company as them."""
    make_member(twin, user=User.objects.create_user("noor@x.co", password))
    text = page.post("/settings/members/new", NEW).content.decode()
    assert "/accounts/password/reset/key/" not in text
    assert mail.outbox[0].to == ["noor@x.co"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"email": "nobody"}, "is not an email address"),
        ({"role": "king"}, "king"),
        ({"name": "x" * 201}, "At most 200 characters"),
    ],
)
def test_a_wrong_member_is_refused_beside_the_field(
    company: Company, page: Client, wrong: dict[str, str], sentence: str
) -> None:
    answer = page.post("/settings/members/new", NEW | wrong)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert f'id="id_{next(iter(wrong))}_error"' in answer.content.decode()
    with scope(company=company):
        assert Member.objects.count() == 1


def test_who_is_a_member_already_is_not_added_again(page: Client) -> None:
    page.post("/settings/members/new", NEW)
    again = page.post("/settings/members/new", NEW)
    assert again.status_code == 422
    assert b"noor@x.co is a member already." in again.content


def test_a_smaller_plan_says_why_no_provider_signs_in(page: Client) -> None:
    Company.objects.update(plan="startup")
    sentence = b"Sign-ins for providers come with the Grow plan."
    assert sentence in page.get("/settings/members").content
    answer = page.post("/settings/members/new", NEW | {"role": "provider"})
    assert answer.status_code == 422
    assert sentence in answer.content


@pytest.mark.parametrize("role", [Role.OFFICE, Role.ACCOUNTANT, Role.PROVIDER])
def test_nobody_without_the_right_makes_an_owner_of_anybody(
    company: Company, owner: Actor, make_member: Callable[..., Member], page_of: PageOf, role: Role
) -> None:
    from bookbill.companies.actors import member_actor

    one = make_member(company, role, name="One")
    page = page_of(member_actor(company, one))
    tries = [
        page.post("/settings/members/new", NEW | {"role": "owner"}),
        page.post(f"/settings/members/{one.pk}", {"name": "One", "role": "owner"}),
        page.post(f"/settings/members/{owner.member_id}/end"),
        page.post(f"/settings/members/{one.pk}/resumption"),
        page.post(f"/settings/members/{owner.member_id}/invitation"),
        page.post("/settings/keys/new", {"name": "x", "member": str(owner.member_id)}),
        page.post("/profile", {"name": "One", "language": "", "role": "owner", "is_active": "1"}),
    ]
    assert [answer.status_code for answer in tries] == [403] * 6 + [303]
    with scope(company=company):
        assert set(Member.objects.values_list("role", flat=True)) == {"owner", role}
        assert not ApiKey.objects.exists()


def test_the_last_owner_can_neither_go_nor_become_less(company: Company, owner: Actor, page: Client) -> None:
    refused = page.post(f"/settings/members/{owner.member_id}", {"name": "Ana", "role": "office"})
    assert refused.status_code == 422
    assert b"A company needs an owner." in refused.content
    assert b'id="id_role_error"' in refused.content
    assert page.post(f"/settings/members/{owner.member_id}/end").status_code == 409
    with scope(company=company):
        last = Member.objects.get()
        assert (last.role, last.is_active) == ("owner", True)


def test_an_ended_membership_lets_nobody_in_and_can_be_undone(
    company: Company, make_member: Callable[..., Member], owner: Actor, page: Client, page_of: PageOf
) -> None:
    from bookbill.companies.actors import member_actor

    one = make_member(company, Role.OFFICE, name="Olu")
    theirs = page_of(member_actor(company, one))
    assert theirs.get("/settings").status_code == 200
    assert page.post(f"/settings/members/{one.pk}/end").status_code == 303
    assert f"/settings/members/{one.pk}/resumption" in page.get("/settings/members").content.decode()
    assert theirs.get("/settings").status_code == 403
    assert page.post(f"/settings/members/{one.pk}/resumption").status_code == 303
    assert theirs.get("/settings").status_code == 200
    with scope(company=company):
        assert [entry.type for entry in Entry.objects.all()] == ["member.changed"] * 2


def test_a_strangers_member_and_key_are_not_there(
    twin: Company, make_member: Callable[..., Member], page: Client
) -> None:
    theirs = make_member(twin)
    with scope(company=twin):
        key = ApiKey.objects.create(company=twin, member=theirs, name="T", prefix="bb_", key_hash="x" * 64)
    for path in (f"members/{theirs.pk}", f"keys/{key.pk}/revocation"):
        assert page.get(f"/settings/{path}").status_code == 404
        assert page.post(f"/settings/{path}", {"name": "Mine", "role": "office"}).status_code == 404
    assert page.post(f"/settings/members/{theirs.pk}/end").status_code == 404
    assert page.post("/settings/keys/new", {"name": "x", "member": str(theirs.pk)}).status_code == 422
    with scope(company=twin):
        assert Member.objects.get().is_active
        assert ApiKey.objects.get().revoked_at is None


# API keys


def made_key(page: Client, owner: Actor, **more: str) -> str:
    answer = page.post("/settings/keys/new", {"name": "Till", "member": str(owner.member_id), **more})
    assert "no-store" in answer["Cache-Control"]
    found = re.search(r'id="secret">(bb_[A-Za-z0-9_-]{43})<', answer.content.decode())
    return found[1] if found else ""


def test_a_key_is_shown_once_works_and_only_its_hash_is_kept(
    company: Company, owner: Actor, page: Client
) -> None:
    secret = made_key(page, owner)
    assert Client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    listed = page.get("/settings/keys").content.decode()
    assert secret not in listed
    assert secret[:10] in listed
    with scope(company=company):
        key = ApiKey.objects.get()
        assert key.key_hash == hash_of(secret)
        assert secret not in str(vars(key))
    assert secret not in str(dict(page.session))


def test_the_same_form_twice_makes_one_key_and_shows_no_secret_again(
    company: Company, owner: Actor, page: Client
) -> None:
    assert made_key(page, owner, operation_id="abc")
    sent = {"name": "Till", "member": str(owner.member_id), "operation_id": "abc"}
    again = page.post("/settings/keys/new", sent)
    assert (again.status_code, again["Location"]) == (303, "/settings/keys")
    with scope(company=company):
        assert ApiKey.objects.count() == 1


def test_a_revoked_key_opens_nothing_and_a_get_only_asks(
    company: Company, owner: Actor, page: Client
) -> None:
    secret = made_key(page, owner)
    with scope(company=company):
        path = f"/settings/keys/{ApiKey.objects.get().pk}/revocation"
    assert b"It cannot be restored" in page.get(path).content
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/v1/me", headers=bearer).status_code == 200
    assert page.post(path).status_code == 303
    assert Client().get("/api/v1/me", headers=bearer).status_code == 401
    assert b"Revoked" in page.get("/settings/keys").content


@pytest.mark.parametrize("wrong", [{"name": " "}, {"member": "x"}, {"member": ""}, {"name": "a" * 101}])
def test_a_wrong_key_is_refused_beside_the_field(
    company: Company, owner: Actor, page: Client, wrong: dict[str, str]
) -> None:
    sent = {"name": "Till", "member": str(owner.member_id)} | wrong
    answer = page.post("/settings/keys/new", sent)
    assert answer.status_code == 422
    assert f'id="id_{next(iter(wrong))}_error"' in answer.content.decode()
    with scope(company=company):
        assert not ApiKey.objects.exists()


def test_members_and_keys_take_as_many_queries_for_one_as_for_thirty(
    company: Company,
    owner: Actor,
    make_member: Callable[..., Member],
    page: Client,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    paths = ("/settings/members", "/settings/keys")
    made_key(page, owner)
    counts = []
    for path in paths:
        page.get(path)
        with django_assert_max_num_queries(40) as one:  # type: ignore[attr-defined]
            page.get(path)
        counts.append(len(one))
    for n in range(29):
        made_key(page, owner, name=f"Till {n}")
        make_member(company, Role.OFFICE, name=f"Olu {n}")
    for path, count in zip(paths, counts, strict=True):
        with django_assert_max_num_queries(count):  # type: ignore[attr-defined]
            page.get(path)
