"""The test suite's frame; fixtures about one capability live in that capability's tests."""

import gc
import os
from collections.abc import Iterator

import pytest
from django.template.base import Template
from django.template.context import Context
from django.utils import translation
from django.utils.safestring import SafeString
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import DjangoDbBlocker

pytest_plugins = [
    "bookbill.companies.tests.clients",
    "tests.support.servers",
    "tests.support.racing",
    "tests.support.cast",
    "tests.support.mailing",
    "tests.support.sandbox",
]

hypothesis_settings.register_profile(
    "short",
    max_examples=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
hypothesis_settings.register_profile("long", hypothesis_settings.get_profile("short"), max_examples=2_000)
hypothesis_settings.load_profile("short")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", help="run the long tests too, and more examples of each law"
    )
    parser.addoption("--no-browser", action="store_true", help="leave out the tests that need a browser")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--long"):
        hypothesis_settings.load_profile("long")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = {"long"} if not config.getoption("--long") else set()
    if config.getoption("--no-browser"):
        left_out.add("browser")
    kept = [item for item in items if not left_out & {marker.name for marker in item.iter_markers()}]
    if len(kept) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
    # First what takes longest, or all would wait for it in the end; and one process opens a browser, not each.
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: going through it again and again costs a twentieth of the suite's time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and os.environ.get("BOOKBILL_TEST_DATABASE") == "postgresql":
        from tests.support.databases import stop_postgresql

        stop_postgresql()


@pytest.fixture(autouse=True)
def _in_no_language_left_over() -> None:
    """A request leaves its language in the thread that answered it, and the next test would speak it."""
    translation.deactivate()


@pytest.fixture(scope="session", autouse=True)
def _pages_tell_their_own_context_alone(django_test_environment: None) -> Iterator[None]:
    """Django notes every widget and part of every page for `response.context`, a fifth of the time of rendering it."""
    note = Template._render  # type: ignore[attr-defined]

    def render(self: Template, context: Context) -> SafeString:
        is_page = context.template is self and not str(self.name).startswith("django/forms/")
        return note(self, context) if is_page else self.nodelist.render(context)

    Template._render = render  # type: ignore[attr-defined]
    yield
    Template._render = note  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def base_url() -> None:
    """None: `site` says where the product is. In place of pytest-playwright's, which pytest 9.2 warns about."""


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """In place of pytest-django's: copies of one migrated database instead of migrating per process."""
    from tests.support.databases import test_databases

    with django_db_blocker.unblock(), test_databases():
        yield
