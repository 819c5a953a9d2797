"""Passkeys in a real browser, with an authenticator that the browser itself plays."""

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import CDPSession, Page, expect

from bookbill.companies.models import User
from bookbill.lib.actor import Actor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "correct horse"


@pytest.fixture
def reader(page: Page) -> CDPSession:
    """A fingerprint reader whose owner always agrees."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


@pytest.fixture
def complaints(page: Page) -> list[str]:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def test_a_passkey_is_added_signs_in_alone_and_is_removed(
    page: Page,
    site: str,
    reader: CDPSession,
    complaints: list[str],
    owner: Actor,
) -> None:
    user = User.objects.get()
    page.goto(f"{site}/accounts/login/")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url(f"{site}/")

    page.goto(f"{site}/profile/security")
    page.get_by_role("link", name="Add", exact=True).click()
    expect(page.get_by_text("No passkeys yet")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Add a passkey").click()
    expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Name").fill("Ana's laptop")
    page.get_by_role("button", name="Add a passkey").click()
    page.wait_for_url(f"{site}/accounts/2fa/recovery-codes/**")
    assert Authenticator.objects.filter(user=user, type="webauthn").count() == 1

    page.context.clear_cookies()
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"{site}/")

    page.goto(f"{site}/accounts/2fa/webauthn/")
    expect(page.get_by_text("Signs you in without a password")).to_be_visible()
    page.get_by_role("button", name="Actions").last.click()
    page.get_by_role("link", name="Remove").click()
    page.get_by_role("link", name="Use a passkey").click()  # is it you?
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("heading", name="Remove Ana's laptop?")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(page.get_by_text("No passkeys yet")).to_be_visible()
    assert complaints == []


def test_a_passkey_that_is_refused_is_said_on_the_page(page: Page, site: str, reader: CDPSession) -> None:
    page.goto(f"{site}/accounts/login/")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("The passkey was not used")
