"""The sign-in page in a real browser: it loads whole under our content policy, without a word of complaint."""

import asyncio
import contextvars

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.utils import timezone
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


@pytest.mark.django_db(transaction=True)
def test_who_comes_after_a_browser_keeps_one_connection() -> None:
    """A job gets a context of its own; it must see what the test has written and not committed yet."""
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    with transaction.atomic():
        Session.objects.create(session_key="here", session_data="", expire_date=timezone.now())
        assert contextvars.Context().run(Session.objects.count) == 1
