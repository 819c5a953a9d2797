"""Every page of the product in a real browser: readable for everybody, no sideways scroll, not a word of complaint."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.exceptions import NoReverseMatch
from playwright.sync_api import Browser
from playwright.sync_api import Page as Tab

from bookbill.companies.models import Company, Member
from bookbill.lib.actor import Actor
from tests.support.pages import EXCLUDED, PAGES
from tests.support.sandbox import Sandbox
from tests.support.visiting import Form, Visit, visiting

# Each page is loaded once and looked at in these forms, one after the other.
SHORT = (
    Form("light", 1440),
    Form("light", 768),
    Form("dark", 390),
    Form("light", 320, longer=True),
)
# Each page is loaded anew in each of these.
LONG = [
    Form("dark", 1440),
    Form("light", 390),
    Form("dark", 390),
    Form("dark", 768),
    *(Form("light", width, longer=True) for width in (1440, 768, 390, 320)),
    *(Form("light", width, language="fr") for width in (1440, 390)),
]
PARTS = 4  # so that several processes share the walk


@pytest.mark.browser
@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(
    "forms",
    [
        pytest.param(SHORT, id="all-in-turn"),
        *(pytest.param((form,), id=str(form), marks=pytest.mark.long) for form in LONG),
    ],
)
def test_every_page_is_for_everybody(
    browser: Browser, sandbox: Sandbox, forms: tuple[Form, ...], part: int
) -> None:
    found: list[str] = []
    with visiting(browser, sandbox, forms[0]) as visit:
        for page in PAGES[part::PARTS]:
            tab = visit.open(page)
            found += [f"{page.name}: {text}" for text in visit.complaints]
            for form in forms:
                visit.turn(tab, form)
                found += [f"{page.name}, {form}: {text}" for text in faults(visit, tab)]
            visit.turn(tab, forms[0])
    assert not found, "\n".join(found)


def faults(visit: Visit, tab: Tab) -> list[str]:
    """What somebody would stumble over in what is open."""
    found = []
    if visit.is_sideways(tab):
        found.append("wider than the window")
    if visit.form.width < 768 and not visit.form.longer:
        found += visit.small_targets(tab)
    if is_read_by_axe(visit.form):
        found += visit.violations(tab)
    return found


def is_read_by_axe(form: Form) -> bool:
    """At a desk and on a phone; what lies between differs from them in width alone."""
    return not form.longer and form.width in (1440, 390)


def named_routes(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every name of an address, as `reverse` wants it."""
    for each in resolver.url_patterns:
        if isinstance(each, URLResolver):
            inner = ":".join(filter(None, (namespace, each.namespace)))
            yield from named_routes(each, inner)
        elif each.name:
            yield ":".join(filter(None, (namespace, each.name))), each


def takes_only_forms(client: Client, route: URLPattern, name: str) -> bool:
    """Whether the address refuses to be looked at: what it answers to a GET is 405, whatever the arguments."""
    samples = {"uuid": str(uuid4()), "int": "1", "string": "x" * 27, "slug": "x"}
    converters = getattr(route.pattern, "converters", {})
    values = {
        key: samples[type(one).__name__.removesuffix("Converter").lower()] for key, one in converters.items()
    }
    try:
        return client.get(reverse(name, kwargs=values)).status_code == 405
    except NoReverseMatch:  # a pattern of its own: surely no address for forms only
        return False


@pytest.mark.django_db
def test_every_address_that_can_be_looked_at_is_in_the_list(company: Company, ana: Actor) -> None:
    client = Client()
    client.force_login(Member.objects.get(role="owner").user)
    listed = {page.route for page in PAGES}
    routes = dict(named_routes(get_resolver()))
    routes = {name: route for name, route in routes.items() if not name.startswith("api:")}
    unknown = [
        name
        for name, route in routes.items()
        if name not in listed and name not in EXCLUDED and not takes_only_forms(client, route, name)
    ]
    assert unknown == [], "add them to tests/support/pages.py, so that they are looked at"
    assert [name for name in EXCLUDED if name not in routes or name in listed] == []
