"""The product served for a real browser, and the browser."""

import os
import shutil
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium_program() -> str | None:
    """Where the browser of the tests is."""
    return os.environ.get("BOOKBILL_TEST_BROWSER") or next(
        filter(None, map(shutil.which, BROWSER_NAMES)), None
    )


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The distribution's Chromium instead of a download. BOOKBILL_TEST_BROWSER names another program."""
    program = chromium_program()
    if program is None:
        pytest.fail(
            "No Chromium found. Install it (Debian: apt install chromium) or run ./dev test --no-browser."
        )
    # Playwright keeps an event loop in the tests' thread, where Django would otherwise refuse its ordinary calls.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    return {**browser_type_launch_args, "executable_path": program, "args": BROWSER_FLAGS}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_context_args,
        "reduced_motion": "reduce",  # a fade between pages that another page cuts short is an error to the browser
        "locale": "en-CA",
        "timezone_id": "America/Toronto",
        "service_workers": "block",
    }


@pytest.fixture
def site(live_server: LiveServer, settings: Any) -> str:
    """The address of the product, served by real threads over a database that commits."""
    settings.PUBLIC_BASE_URL = live_server.url
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    return live_server.url
