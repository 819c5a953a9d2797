"""The navigation of the staff shell. `config/wiring.py` says what is in it; an item without a route or a right is not shown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, Resolver404, resolve, reverse


@dataclass(frozen=True)
class Item:
    """One place to go. ``label`` may be lazy; ``url_name`` is reversed without arguments.

    ``children`` make the item a heading over them. ``key`` is the letter after `g` that goes there.
    ``on_phone`` puts it into the bar at the bottom of a phone (four fit; the rest is under "More").
    """

    label: Any
    url_name: str = ""
    icon: str = "circle"
    children: Sequence["Item"] = field(default=())
    allowed: Callable[[HttpRequest], bool] = lambda request: True
    key: str = ""
    on_phone: bool = False


@dataclass(frozen=True)
class Link:
    """An item as this reader sees it now."""

    label: Any
    url: str
    icon: str
    current: bool
    key: str
    on_phone: bool
    children: Sequence["Link"] = ()

    def pages(self) -> Iterator["Link"]:
        if self.url:
            yield self
        yield from self.children


@dataclass(frozen=True)
class Place:
    """Where else a person may work: ``switch_url`` takes a POST."""

    label: str
    switch_url: str
    current: bool


_navigation: list[Item] = []
_user_menu: list[Item] = []
_places: list[Callable[[HttpRequest], Sequence[Place]]] = []


def register_navigation(items: Sequence[Item]) -> None:
    """Say once, at start, what the navigation holds. Saying it again replaces it."""
    _navigation[:] = items


def register_user_menu(items: Sequence[Item]) -> None:
    """The links of the user's own menu (profile, security, members …). Signing out is added by the shell."""
    _user_menu[:] = items


def register_places(of: Callable[[HttpRequest], Sequence[Place]]) -> None:
    """Say once, at start, between what a person may switch in the user's menu."""
    _places[:] = [of]


def places(request: HttpRequest) -> Sequence[Place]:
    """Nothing where there is no choice."""
    found = _places[0](request) if _places else ()
    return found if len(found) > 1 else ()


def navigation(request: HttpRequest) -> list[Link]:
    return links(request, _navigation)


def user_menu(request: HttpRequest) -> list[Link]:
    return links(request, _user_menu)


def links(request: HttpRequest, items: Sequence[Item]) -> list[Link]:
    """The items this reader may open. The current one is that with the longest address the request's path starts with."""
    flat = [item for parent in items for item in (parent, *parent.children)]
    addresses = [url for url in (address(item) for item in flat if item.url_name) if url]
    here = max((url for url in addresses if is_below(request.path, url)), key=len, default="")
    return list(shown(request, items, here))


def shown(request: HttpRequest, items: Sequence[Item], here: str) -> Iterator[Link]:
    for item in items:
        if not item.allowed(request):
            continue
        children = tuple(shown(request, item.children, here))
        url = address(item) if item.url_name else ""
        if url or children:
            yield Link(
                item.label, url, item.icon, bool(url) and url == here, item.key, item.on_phone, children
            )


def address(item: Item) -> str:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        return ""


def page_above(path: str) -> str:
    """The nearest address over this one: /invoices/7 over /invoices/7/cancellation, where its form leads back to."""
    while path.strip("/"):
        path = path.rstrip("/").rpartition("/")[0]
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return "/"


def is_below(path: str, url: str) -> bool:
    """The start page lies above everything, so nothing counts as below it."""
    return path == url or (url != "/" and path.startswith(url if url.endswith("/") else url + "/"))
