"""The sign-in page in a real browser: it loads whole under our content policy, without a word of complaint."""

import pytest
from playwright.sync_api import ConsoleMessage, Page, Request

pytestmark = pytest.mark.browser


def test_the_first_page_loads_without_a_complaint(site: str, page: Page) -> None:
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def note(request: Request) -> None:
        complaints.append(f"failed: {request.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", note)
    answer = page.goto(f"{site}/accounts/login/")
    assert answer is not None
    assert answer.status == 200
    page.wait_for_load_state("networkidle")
    assert complaints == []
