from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory

from bookbill.web import navigation, palette
from bookbill.web.navigation import Item, links
from bookbill.web.palette import Act, Result, fit_of

ITEMS = [
    Item("Search", "web:search", "search"),
    Item("Gone", "no:such-route"),
    Item("Secret", "web:theme", allowed=lambda request: False),
    Item("More", children=[Item("Components", "web:components", key="c"), Item("Gone", "no:such-route")]),
    Item("Empty", children=[Item("Gone", "no:such-route")]),
]


def request_to(path: str) -> Any:
    request: Any = RequestFactory().get(path)
    request.user = SimpleNamespace(is_authenticated=True)
    return request


def test_only_what_exists_and_is_allowed_is_shown() -> None:
    shown = links(request_to("/"), ITEMS)
    assert [str(link.label) for link in shown] == ["Search", "More"]
    assert [str(link.label) for link in shown[1].children] == ["Components"]


def test_the_longest_address_above_the_page_is_the_current_one() -> None:
    shown = links(request_to("/_components/dialog"), ITEMS)
    assert not shown[0].current
    assert shown[1].children[0].current


def test_a_path_that_only_begins_alike_is_not_below() -> None:
    assert navigation.is_below("/invoices/7", "/invoices")
    assert not navigation.is_below("/invoices-old", "/invoices")
    assert not navigation.is_below("/anything", "/")


@pytest.mark.parametrize(
    ("path", "above"),
    [
        ("/payments/invoices/01890000-0000-7000-8000-000000000000/cancellation", "/payments/invoices/01890000-0000-7000-8000-000000000000"),
        ("/operations/mails/01890000-0000-7000-8000-000000000000/sendings", "/operations"),
        ("/settings/keys/01890000-0000-7000-8000-000000000000/revocation", "/settings/keys"),
        ("/settings/services/new", "/settings/services"),
        ("/nowhere/at/all", "/"),
        ("/", "/"),
    ],
)  # fmt: skip
def test_a_form_leads_back_to_the_nearest_page_above_it(path: str, above: str) -> None:
    assert navigation.page_above(path) == above


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("_sources", "_acts", "_more_pages"):
        monkeypatch.setattr(palette, name, [])
    monkeypatch.setattr(navigation, "_navigation", ITEMS)
    return palette.register_palette_sources


def test_the_palette_asks_each_source_and_ends_with_the_pages(sources: Any) -> None:
    asked: list[str] = []

    def invoices(request: HttpRequest, query: str) -> Iterator[Result]:
        asked.append(query)
        return (Result(f"INV-{number}", f"/invoices/{number}", "Invoices") for number in range(100))

    sources(invoices)
    found = palette.search(request_to("/"), "  comp ")
    assert asked == ["comp"]
    assert len([one for one in found if one.group == "Invoices"]) == palette.RESULTS_MAX
    assert [str(one.label) for one in found if one.group != "Invoices"] == ["Components"]


def test_acts_come_first_and_only_those_that_are_allowed(sources: Any) -> None:
    palette.register_palette_acts(
        [
            Act("Add a customer", "web:search", also="new client"),
            Act("Break it", "web:search", allowed=lambda request: False),
        ],
        [Item("Colours", "web:theme")],
    )
    assert [str(one.label) for one in palette.search(request_to("/"), "")] == [
        "Add a customer",
        "Search",
        "Components",
    ]
    assert [str(one.label) for one in palette.search(request_to("/"), "client NEW")] == ["Add a customer"]
    assert [str(one.label) for one in palette.search(request_to("/"), "colour")] == ["Colours"]
    assert palette.search(request_to("/"), "break") == []


def test_what_was_asked_for_by_its_number_comes_before_everything(sources: Any) -> None:
    def named(group: str, *numbers: str) -> Any:
        return lambda request, query: [
            Result(number, "/", group, fit=fit_of(number, query)) for number in numbers
        ]

    sources(named("Invoices", "INV-1", "INV-2"), named("Bookings", "B-100", "B-10"))
    found = [one.label for one in palette.search(request_to("/"), "b-10")]
    assert found == ["B-10", "B-100", "INV-1", "INV-2"]
    assert palette.search(request_to("/"), "b")[0].label == "INV-1"
