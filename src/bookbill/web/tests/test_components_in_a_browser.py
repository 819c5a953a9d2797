"""What the components do under a hand, by keyboard, and without JavaScript. How they look is in the walk over all pages."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESK = ViewportSize(width=1440, height=900)  # where every act of a bulk bar has room


@pytest.fixture
def shown(site: str, settings: Any) -> str:
    settings.DEMO = True
    return site


@pytest.fixture
def said(page: Page) -> Iterator[list[str]]:
    """What the browser complains about while the test runs, a refusal by the content security policy among it."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield complaints
    # A refused form is an answer, though the browser logs it.
    assert [text for text in complaints if "status of 422" not in text] == []


def test_the_menu_the_dialog_and_the_palette_open_by_keyboard(
    page: Page, shown: str, said: list[str]
) -> None:
    page.goto(shown + "/_components")
    page.get_by_role("link", name="Actions for INV-01041").focus()
    page.keyboard.press("Enter")
    page.locator("#row-menu a:focus").wait_for()
    page.keyboard.press("ArrowDown")
    assert page.locator(":focus").inner_text() == "Send again"
    page.keyboard.press("Escape")
    assert page.locator("#row-menu").is_hidden()

    page.keyboard.press("n")
    page.locator("#dialog[open]").wait_for()
    page.get_by_role("dialog").get_by_label("Amount").fill("12.345")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("At most 2 decimals here.").first.wait_for()
    page.get_by_role("dialog").get_by_label("Amount").press("Escape")
    page.locator("#dialog").wait_for(state="hidden")

    page.route("**/search*", lambda route: route.fulfill(body=""))  # nobody is signed in here
    page.keyboard.press("Control+k")
    page.locator("#palette[open]").wait_for()
    assert page.locator(":focus").get_attribute("name") == "q"
    page.keyboard.type("maple")
    page.keyboard.press("Escape")
    page.locator("#palette").wait_for(state="hidden")


def test_addresses_become_chips_and_are_sent_as_a_list(page: Page, shown: str, said: list[str]) -> None:
    page.goto(shown + "/_components")
    box = page.locator("#form .recipients")
    box.get_by_label("Add an email address").fill("office@oak.example; billing@oak.example ")
    assert box.locator(".recipient").count() == 4
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    box.get_by_role("button", name="Remove joe@maple.example").click()
    assert page.locator("#form textarea[name=recipients]").input_value() == (
        "ap@maple.example, office@oak.example, billing@oak.example"
    )


def test_ticked_rows_show_what_can_be_done_with_them(page: Page, shown: str) -> None:
    page.set_viewport_size(DESK)
    page.goto(shown + "/_components")
    assert page.get_by_role("button", name="Send reminder").is_hidden()
    page.get_by_label("Select INV-01041").check()
    page.get_by_label("Select INV-01040").check()
    assert page.get_by_role("button", name="Send reminder").is_visible()
    assert page.locator(".bulk-count").inner_text() == "2 selected"
    page.get_by_label("Select all on this page").check()
    assert page.locator(".bulk-count").inner_text() == "10 selected"


def test_without_javascript_everything_is_there(
    browser: Browser, shown: str, browser_context_args: Any
) -> None:
    context = browser.new_context(**browser_context_args | {"viewport": DESK}, java_script_enabled=False)
    page = context.new_page()
    page.goto(shown + "/_components")
    assert page.locator("#form textarea[name=recipients]").is_visible()
    assert page.get_by_role("button", name="Send reminder").is_visible()
    page.locator("[popovertarget=actions-menu]").click()
    assert page.locator("#actions-menu").get_by_role("link", name="Preview Invoice").is_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Create Instant Invoice").click()
    page.get_by_label("Amount").fill("12.345")
    page.get_by_role("button", name="Record $200.00").click()
    assert page.get_by_text("At most 2 decimals here.").is_visible()
    context.close()
