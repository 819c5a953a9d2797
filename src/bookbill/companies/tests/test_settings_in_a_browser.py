"""What the settings do under a hand: examples that follow, a logo, a key, another company."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client
from playwright.sync_api import Page

from bookbill.companies.models import Company, Member
from bookbill.companies.tests.test_pictures import picture
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def said(page: Page) -> Iterator[list[str]]:
    """What the browser complains about, a refusal by the content security policy among it."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield complaints
    assert [text for text in complaints if "status of 422" not in text] == []


@pytest.fixture
def signed_in(page: Page, site: str, owner: Actor, page_of: Callable[[Actor], Client]) -> str:
    """The site, with the owner's session in the browser."""
    cookie = page_of(owner).cookies["sessionid"]
    page.context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": site}])
    return site


def test_the_next_number_and_the_sample_follow_the_hand(
    page: Page, signed_in: str, said: list[str], company: Company
) -> None:
    page.goto(signed_in + "/settings/invoicing")
    page.get_by_label("Number format").fill("R-{year}-{n:03}")
    page.locator("#example strong", has_text="-001").wait_for()
    page.get_by_label("First number").fill("42")
    page.locator("#example strong", has_text="-042").wait_for()
    page.get_by_label("Number format").fill("R-{n}")
    page.get_by_text("Numbers that restart every year need {year} in their format.").wait_for()
    page.goto(signed_in + "/settings/look")
    page.get_by_label("US Letter").check()
    page.locator('#sample img[src*="paper=Letter"]').wait_for()
    assert Company.objects.get(pk=company.pk).paper == "A4"


def test_an_owner_uploads_a_logo_and_makes_a_key(
    page: Page, signed_in: str, said: list[str], company: Company, tmp_path: Path
) -> None:
    (tmp_path / "logo.png").write_bytes(picture("PNG", (300, 80)))
    page.goto(signed_in + "/settings/look")
    page.get_by_label("Picture").set_input_files(tmp_path / "logo.png")
    page.get_by_role("button", name="Upload").click()
    page.get_by_alt_text("Logo of Maple Cleaning").wait_for()
    page.goto(signed_in + "/settings/keys/new")
    page.get_by_label("Program").fill("Till")
    page.get_by_role("button", name="Make the key").click()
    assert page.locator("#secret").inner_text().startswith("bb_")
    page.get_by_role("link", name="I have copied it").click()
    page.get_by_role("button", name="Actions for Till").click()
    page.get_by_role("link", name="Revoke").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    page.get_by_text("Till has no access any more.").wait_for()


def test_a_person_of_two_companies_switches_in_the_own_menu(
    page: Page,
    signed_in: str,
    said: list[str],
    owner: Actor,
    company: Company,
    twin: Company,
    make_member: Callable[..., Member],
) -> None:
    with scope(company=company):
        user = Member.objects.select_related("user").get(pk=str(owner.member_id)).user
    make_member(twin, user=user)
    page.goto(signed_in + "/profile")
    page.get_by_role("button", name="Your account").click()
    page.get_by_role("button", name="Maple Cleaning").click()
    page.wait_for_url(signed_in + "/")
    assert page.locator(".nav-head .company-name").inner_text() == "Maple Cleaning"
