import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings

from bookbill.companies.commands import create_company_command
from bookbill.companies.models import Company, Member, User
from bookbill.companies.sign_in import demo_token

PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def nobody_tried_before() -> None:
    cache.clear()


@pytest.fixture
def person(company: Company, make_member: Callable[..., Member]) -> User:
    user = make_member(company).user
    user.set_password(PASSWORD)
    user.save()
    return user


def try_in(client: Client, email: str, password: str) -> Any:
    return client.post("/accounts/login/", {"login": email, "password": password})


def test_a_person_signs_in_by_email_in_any_case_and_out_again(person: User, client: Client) -> None:
    assert try_in(client, person.email.upper(), PASSWORD)["Location"] == "/"
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.get("/accounts/logout/").status_code == 200
    assert "_auth_user_id" in client.session  # a GET never changes anything
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


def test_a_session_known_before_signing_in_is_worth_nothing(person: User, client: Client) -> None:
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before or ""
    try_in(client, person.email, PASSWORD)
    assert client.session.session_key != before


def test_an_empty_sign_in_says_what_to_do_as_our_own_forms_do(client: Client) -> None:
    page = try_in(client, "", "").content.decode()
    assert "Enter an email address." in page
    assert "Fill this in." in page
    assert "placeholder" not in page  # it would say the label once more


def test_a_wrong_password_and_an_unknown_account_answer_alike(person: User, client: Client) -> None:
    bodies = [
        re.sub(
            rb'(name="csrfmiddlewaretoken" value=|value=|CSRFToken":)"[^"]*"',
            b"",
            try_in(client, email, "wrong").content,
        )
        for email in (person.email, "nobody@example.com")
    ]
    assert bodies[0] == bodies[1]
    assert b"not correct" in bodies[0]


def test_ten_wrong_tries_close_the_door_even_to_the_right_password(person: User, client: Client) -> None:
    for _ in range(10):
        assert try_in(client, person.email, "wrong").status_code == 200
    answer = try_in(client, person.email, PASSWORD)
    assert "_auth_user_id" not in client.session
    assert answer.status_code in (200, 429)
    assert b"Too many" in answer.content


def test_the_next_page_is_one_of_ours(person: User, client: Client) -> None:
    answer = client.post(
        "/accounts/login/?next=https://evil.example/", {"login": person.email, "password": PASSWORD}
    )
    assert answer["Location"] == "/"


def test_nobody_signs_up(db: None, client: Client) -> None:
    answer = client.get("/accounts/signup/")
    assert b"By invitation" in answer.content
    client.post(
        "/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert not User.objects.exists()


def test_a_new_owner_sets_a_password_by_the_printed_link_once(
    db: None, client: Client, settings: Settings
) -> None:
    said = create_company_command(
        name="Maple", owner="ana@maple.ca", currency="CAD", time_zone="America/Toronto", plan="grow"
    )
    path = said.split(settings.PUBLIC_BASE_URL)[1].strip()
    form_page = client.get(path)["Location"]
    client.post(form_page, {"password1": PASSWORD, "password2": PASSWORD})
    assert try_in(Client(), "ana@maple.ca", PASSWORD)["Location"] == "/"
    assert b"This link no longer works" in Client().get(path, follow=True).content


def test_a_reset_mail_names_our_address_whatever_host_was_asked(
    person: User, client: Client, settings: Settings
) -> None:
    client.post("/accounts/password/reset/", {"email": person.email}, headers={"Host": "localhost"})
    assert f"{settings.PUBLIC_BASE_URL}/accounts/password/reset/key/" in str(mail.outbox[0].body)
    assert "localhost/" not in str(mail.outbox[0].body)


def test_a_dead_mail_server_does_not_tell_who_has_an_account(
    person: User, client: Client, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # nobody listens on its port
    answers = [
        client.post("/accounts/password/reset/", {"email": email})
        for email in (person.email, "nobody@example.com")
    ]
    assert [answer["Location"] for answer in answers] == ["/accounts/password/reset/done/"] * 2


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/done/",
        "/accounts/password/reset/key/1-x/",
        "/accounts/signup/",
        "/accounts/inactive/",
    ],
)
def test_pages_before_signing_in_have_our_look_and_no_inline_code(
    db: None, client: Client, path: str
) -> None:
    assert_ours(client.get(path))


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/logout/",
        "/accounts/password/change/",
        "/accounts/reauthenticate/",
        "/accounts/2fa/",
        "/accounts/2fa/totp/activate/",
        "/accounts/sessions/",
        "/profile/security",
    ],
)
def test_pages_about_an_account_have_our_look_and_no_inline_code(
    person: User, client: Client, path: str
) -> None:
    try_in(client, person.email, PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert_ours(client.get(path))


def test_two_steps_protect_an_account_and_its_codes_are_shown(person: User, client: Client) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(person, generate_totp_secret())
    codes = RecoveryCodes.activate(person).get_unused_codes()
    assert try_in(client, person.email, PASSWORD)["Location"].startswith("/accounts/2fa/authenticate/")
    assert "_auth_user_id" not in client.session
    assert_ours(client.get("/accounts/2fa/authenticate/"))
    client.post("/accounts/2fa/authenticate/", {"code": codes[0]})
    assert client.session["_auth_user_id"] == str(person.pk)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    answer = client.get("/accounts/2fa/recovery-codes/")
    assert_ours(answer)
    assert codes[1].encode() in answer.content


def test_the_second_step_is_switched_off_and_codes_are_renewed_in_our_look(
    person: User, client: Client
) -> None:
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    try_in(client, person.email, PASSWORD)
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    TOTP.activate(person, generate_totp_secret())
    for path in ("", "totp/deactivate/", "recovery-codes/generate/"):
        assert_ours(client.get(f"/accounts/2fa/{path}"))
    client.post("/accounts/2fa/recovery-codes/generate/")
    assert_ours(client.get("/accounts/2fa/recovery-codes/"))
    assert b"10 recovery codes are left" in client.get("/profile/security").content
    client.post("/accounts/2fa/totp/deactivate/")
    assert b"Switch on" in client.get("/profile/security").content


def test_a_browser_is_named_in_words_and_the_others_can_be_signed_out(person: User, client: Client) -> None:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    elsewhere = Client(headers={"user-agent": agent})
    try_in(elsewhere, person.email, PASSWORD)
    try_in(client, person.email, PASSWORD)
    assert b"Firefox on Windows" in client.get("/accounts/sessions/").content
    client.post("/accounts/sessions/")
    assert elsewhere.get("/profile").status_code == 302
    assert client.get("/profile").status_code == 200


@pytest.mark.parametrize("path", ["email/", "confirm-email/", "login/code/confirm/"])
def test_what_is_not_offered_leads_to_the_profile_and_changes_nothing(
    person: User, client: Client, path: str
) -> None:
    assert client.get(f"/accounts/{path}")["Location"].startswith("/accounts/login/")
    try_in(client, person.email, PASSWORD)
    assert client.get(f"/accounts/{path}")["Location"] == "/profile"
    client.post(f"/accounts/{path}", {"action_add": "", "email": "thief@example.com"})
    assert EmailAddress.objects.filter(email="thief@example.com").count() == 0


def assert_ours(answer: Any) -> None:
    assert answer.status_code == 200, answer
    text = answer.content.decode()
    assert 'class="plain"' in text or 'class="shell"' in text
    assert text.count("<h1") == 1
    assert "<style" not in text
    assert " style=" not in text
    assert not re.search(r"\son[a-z]+=", text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))
    assert "default-src 'none'" in answer["Content-Security-Policy"]


# The demo


@pytest.fixture
def demo(settings: Settings) -> None:
    settings.DEMO = True


def test_a_demos_link_shows_a_button_that_signs_in(demo: None, person: User, client: Client) -> None:
    path = f"/demo/sign-in/{demo_token(person)}"
    answer = client.get(path)
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session
    assert client.post(path)["Location"] == "/"
    assert client.session["_auth_user_id"] == str(person.pk)
    assert "This browser" in client.get("/accounts/sessions/").content.decode()
    assert UserSession.objects.get().session_key == client.session.session_key


def test_a_demos_link_works_in_a_demo_on_this_machine_only(
    person: User, client: Client, settings: Settings
) -> None:
    path = f"/demo/sign-in/{demo_token(person)}"
    settings.DEMO = False
    assert client.post(path).status_code == 404
    settings.DEMO = True
    assert client.post(path, REMOTE_ADDR="192.0.2.7").status_code == 404
    assert client.post(path, headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    assert client.post("/demo/sign-in/forged:token").status_code == 404
    User.objects.update(is_active=False)
    assert client.post(path).status_code == 404
    assert "_auth_user_id" not in client.session
