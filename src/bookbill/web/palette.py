"""What Ctrl+K finds. Each capability registers a source; the shell adds the pages of the navigation."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from bookbill.web.navigation import navigation

RESULTS_MAX = 8
QUERY_MAX = 100


@dataclass(frozen=True)
class Result:
    """One line of the palette. ``detail`` stands at its right, ``group`` is the heading it comes under."""

    label: Any
    url: str
    group: Any
    detail: str = ""
    icon: str = "arrow-right"


Source = Callable[[HttpRequest, str], Iterable[Result]]
_sources: list[Source] = []


def register_palette_sources(*sources: Source) -> None:
    """Say once, at start, what is searched, in the order it is shown. A source gets a trimmed query, "" at opening.

    A source answers with at most a few results and a constant number of queries; more than eight are dropped.
    """
    _sources[:] = sources


def search(request: HttpRequest, query: str) -> list[Result]:
    query = query.replace("\x00", "").strip()[:QUERY_MAX]
    found: list[Result] = []
    for source in _sources:
        found.extend(islice(source(request, query), RESULTS_MAX))
    found.extend(islice(pages(request, query), RESULTS_MAX))
    return found


def pages(request: HttpRequest, query: str) -> Iterator[Result]:
    for parent in navigation(request):
        for link in parent.pages():
            if query.casefold() in str(link.label).casefold():
                yield Result(link.label, link.url, _("Go to"), icon=link.icon)
