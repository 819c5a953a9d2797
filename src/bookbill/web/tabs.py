"""Composite pages: the frame belongs to one capability, its tabs and figures to those above it.

`config/wiring.py` says which; a tab is a whole page with its own address, drawn inside the frame.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.urls import reverse


@dataclass(frozen=True)
class Tab:
    """``label`` may be lazy; ``url_name`` is reversed with the key of what the page is about."""

    label: Any
    url_name: str
    allowed: Callable[[HttpRequest], bool] = lambda request: True


@dataclass(frozen=True, slots=True)
class TabLink:
    """A tab as this reader sees it now."""

    label: Any
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """One amount under its label, in minor units. ``note`` stands below it, ``url`` is where it leads.

    ``act`` names the act of the page that the amount asks for now.
    """

    label: str
    amount_minor: int
    note: str = ""
    tone: str = ""
    url: str = ""
    act: str = ""


# One call for all rows of a list: (request, keys) -> the same figures in the same order for every key.
Figures = Callable[[HttpRequest, Sequence[UUID]], Mapping[UUID, Sequence[Figure]]]

_tabs: dict[str, tuple[Tab, ...]] = {}
_figures: dict[str, Figures] = {}


def register_tabs(page: str, tabs: Sequence[Tab]) -> None:
    """Say once, at start, which tabs a page has, in order. Saying it again replaces them."""
    _tabs[page] = tuple(tabs)


def register_figures(page: str, figures: Figures) -> None:
    """Say once, at start, who works out the figures of a page (or the columns of a list) from a set of keys."""
    _figures[page] = figures


def tabs_of(page: str, request: HttpRequest, key: UUID, *, current: str = "") -> list[TabLink]:
    """The tabs this reader may open. ``current`` is the url_name of the one that is shown."""
    return [
        TabLink(tab.label, reverse(tab.url_name, args=[key]), tab.url_name == current)
        for tab in _tabs.get(page, ())
        if tab.allowed(request)
    ]


def figures_of(page: str, request: HttpRequest, keys: Sequence[UUID]) -> dict[UUID, Sequence[Figure]]:
    """The figures of each key; nothing where nobody is registered or the reader may not see them."""
    read = _figures.get(page)
    found = read(request, keys) if read and keys else {}
    return {key: found.get(key, ()) for key in keys}
