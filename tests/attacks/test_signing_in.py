"""Guessing a way in, keeping one that was taken away, and learning who has an account."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from bookbill.companies.models import ApiKey, Company, Member, User
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.actor import Actor
from tests.support.cast import add_member

PASSWORD = "correct horse battery"
CHANGING = re.compile(rb'value="[^"]*"|"[0-9A-Za-z]{24,}"|nobody@example.com|[a-z]+@[0-9a-f]{12}\.example')


@pytest.fixture
def olu(company: Company) -> Actor:
    return add_member(company, "olu", Role.OFFICE)


def user_of(actor: Actor) -> User:
    assert actor.member_id
    return Member.objects.select_related("user").get(pk=actor.member_id).user


def sign_in(client: Client, email: str, password: str = PASSWORD, **headers: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password}, headers=headers)


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("changing", ["nothing", "cookies", "case", "spaces", "address"])
def test_ten_guesses_close_the_door_whatever_the_guesser_changes(olu: Actor, changing: str) -> None:
    email = user_of(olu).email
    client = Client()
    for guess in range(10):
        if changing == "cookies":
            client = Client()
        tried = (
            email.upper()
            if changing == "case" and guess % 2
            else f" {email} "
            if changing == "spaces"
            else email
        )
        forged = {"X-Forwarded-For": f"203.0.113.{guess}", "X-Real-IP": f"203.0.113.{guess}"}
        sign_in(client, tried, f"guess {guess}", **(forged if changing == "address" else {}))
    fresh = Client()
    answer = sign_in(fresh, email)

    assert not is_in(fresh)
    assert b"Too many" in answer.content


def test_guesses_at_many_accounts_from_one_place_close_the_door_too(olu: Actor) -> None:
    for guess in range(10):
        sign_in(Client(), f"somebody{guess}@example.com", "password")
    client = Client()
    sign_in(client, user_of(olu).email)

    assert not is_in(client)


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/"])
def test_no_answer_tells_who_has_an_account(olu: Actor, path: str) -> None:
    answers = [
        Client().post(path, {"login": email, "email": email, "password": "wrong"})
        for email in (user_of(olu).email, "nobody@example.com")
    ]
    seen = {
        (answer.status_code, answer.headers.get("Location"), CHANGING.sub(b"", answer.content))
        for answer in answers
    }

    assert len(seen) == 1


@pytest.mark.parametrize("key", ["", "x", "bb_" + "0" * 40, "a" * 10_000, "\xe9", "' OR 1=1 --", "%", "null"])
def test_a_guessed_key_opens_nothing(api: ApiClient, key: str) -> None:
    for header in (f"Bearer {key}", f"bearer {key}", f"Basic {key}", key, f"Bearer {key} {key}"):
        answer = Client(raise_request_exception=False).get(
            "/api/v1/customers", headers={"Authorization": header}
        )
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), header


def test_a_key_is_no_password_and_a_session_no_key(desk: Client, api: ApiClient) -> None:
    assert desk.get("/api/v1/customers").status_code == 401
    answer = Client().get("/customers", headers={"Authorization": f"Bearer {api.secret}"})
    assert answer.headers["Location"].startswith("/accounts/login/")
    # Nor does a part of it, another case, or the prefix that the settings show.
    for other in (api.secret[:-1], api.secret.swapcase(), api.secret[:10], api.secret + "0"):
        assert ApiClient(other).get("/customers").status_code == 401


def test_signing_in_and_out_changes_the_session(olu: Actor) -> None:
    client = Client()
    client.get("/accounts/login/")
    planted = client.session
    planted["company_id"] = "planted"
    planted.save()
    client.cookies["sessionid"] = str(planted.session_key)
    sign_in(client, user_of(olu).email)
    inside = client.session.session_key
    assert is_in(client)
    assert inside != planted.session_key

    client.post("/accounts/logout/")
    stolen = Client()
    stolen.cookies["sessionid"] = str(inside)
    assert stolen.get("/customers").status_code == 302


def test_cookies_are_kept_from_scripts_and_other_sites(olu: Actor) -> None:
    client = Client()
    client.get("/accounts/login/")
    sign_in(client, user_of(olu).email)
    client.post("/theme", {"theme": "dark"})

    assert set(client.cookies) == {"csrftoken", "sessionid", "theme"}
    for cookie in client.cookies.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key


@pytest.mark.parametrize("ending", ["membership", "account", "role"])
def test_what_was_taken_away_is_gone_at_the_next_click(
    company: Company,
    olu: Actor,
    page_of: Callable[[Actor], Client],
    api_of: Callable[[Actor], ApiClient],
    ending: str,
) -> None:
    desk, api = page_of(olu), api_of(olu)
    assert desk.get("/customers/new").status_code == 200
    assert api.get("/customers").status_code == 200

    if ending == "account":
        User.objects.filter(pk=user_of(olu).pk).update(is_active=False)
    else:
        change = {"is_active": False} if ending == "membership" else {"role": Role.PROVIDER}
        Member.objects.filter(user=user_of(olu)).update(**change)

    assert desk.get("/customers/new").status_code in (302, 403)
    assert desk.post("/customers/new", {"name": "Late"}).status_code in (302, 403)
    assert api.get("/customers").status_code in (401, 403)
    assert api.post("/customers", {"name": "Late"}).status_code in (401, 403)


def test_a_revoked_key_is_dead_at_once(api: ApiClient, desk: Client) -> None:
    key = ApiKey.objects.get()
    desk.post(f"/settings/keys/{key.pk}/revocation")

    assert api.get("/customers").status_code == 401


def test_a_changed_password_ends_the_other_sessions(olu: Actor) -> None:
    email, clients = user_of(olu).email, (Client(), Client())
    for client in clients:
        sign_in(client, email)
    new = "an entirely other phrase"
    clients[0].post(
        "/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new}
    )

    assert clients[0].get("/customers").status_code == 200
    assert clients[1].get("/customers").status_code == 302


def test_a_reset_link_works_once_and_not_after_a_later_sign_in(olu: Actor) -> None:
    email = user_of(olu).email
    Client().post("/accounts/password/reset/", {"email": email})
    [link] = re.findall(r"/accounts/password/reset/key/\S+", str(mail.outbox[0].body))
    sign_in(Client(), email)
    answer = Client().get(link, follow=True)
    assert b"password1" not in answer.content

    for forged in (link.replace("key/", "key/1"), link[:-3] + "aa/", "/accounts/password/reset/key/zzz-zzz/"):
        assert b"password1" not in Client().get(forged, follow=True).content


def test_resets_cannot_flood_a_mailbox(olu: Actor) -> None:
    for _ in range(30):
        Client().post("/accounts/password/reset/", {"email": user_of(olu).email})

    assert len(mail.outbox) <= 20


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}),
        ("/accounts/email/", {"email": "other@example.com", "action_add": ""}),
        ("/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD}),
        ("/accounts/login/code/confirm/", {"code": "123456"}),
        (
            "/profile",
            {"name": "Olu", "language": "", "role": "owner", "email": "other@example.com", "is_staff": "1"},
        ),
    ],
)
def test_nobody_comes_in_or_up_by_a_side_door(
    olu: Actor, page_of: Callable[[Actor], Client], path: str, form: dict[str, str]
) -> None:
    before = list(User.objects.values("email", "is_active").order_by("pk"))
    for client in (Client(), page_of(olu)):
        assert client.post(path, form).status_code < 500

    assert list(User.objects.values("email", "is_active").order_by("pk")) == before
    assert Member.objects.get(user=user_of(olu)).role == Role.OFFICE


@pytest.mark.parametrize("role", [Role.OFFICE, Role.ACCOUNTANT, Role.PROVIDER])
def test_nobody_makes_themselves_or_others_an_owner(
    company: Company, ana: Actor, page_of: Callable[[Actor], Client], role: Role
) -> None:
    pat = add_member(company, "pat", role)
    desk = page_of(pat)
    desk.post(f"/settings/members/{pat.member_id}", {"name": "Pat", "role": "owner"})
    desk.post(f"/settings/members/{ana.member_id}", {"name": "Ana", "role": "provider"})
    desk.post(f"/settings/members/{ana.member_id}/end")
    desk.post("/settings/members/new", {"email": "friend@example.com", "name": "Friend", "role": "owner"})
    desk.post("/settings/keys/new", {"name": "Till", "member": str(ana.member_id)})

    assert [member.pk for member in Member.objects.filter(role=Role.OWNER, is_active=True)] == [ana.member_id]
    assert not ApiKey.objects.filter(member=ana.member_id).exists()
