"""What Ctrl+K offers and finds: acts, what each capability's source finds, and the pages of the navigation."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.web.navigation import Item, links, navigation

RESULTS_MAX = 8
QUERY_MAX = 100


@dataclass(frozen=True)
class Result:
    """One line of the palette. ``detail`` stands at its right, ``group`` is the heading it comes under, ``fit`` ranks it."""

    label: Any
    url: str
    group: Any
    detail: Any = ""
    icon: str = "arrow-right"
    fit: int = 0


@dataclass(frozen=True)
class Act(Item):
    """Something to do from anywhere. ``also`` holds other words people type for it; ``detail`` says what comes next.

    ``locked`` says why this reader cannot do it yet, empty where he can; then it leads to ``locked_url_name``.
    """

    also: Any = ""
    detail: Any = ""
    locked: Callable[[HttpRequest], str] = field(default=lambda _request: "")
    locked_url_name: str = ""


Source = Callable[[HttpRequest, str], Iterable[Result]]
_sources: list[Source] = []
_acts: list[Act] = []
_more_pages: list[Item] = []


def register_palette_sources(*sources: Source) -> None:
    """Say once, at start, what is searched, in the order it is shown. A source gets a trimmed query, "" at opening.

    A source answers with at most a few results and a constant number of queries; more than eight are dropped.
    """
    _sources[:] = sources


def register_palette_acts(acts: Sequence[Act], more_pages: Sequence[Item]) -> None:
    """Say once, at start, what can be done from anywhere, and which pages are found besides those of the navigation."""
    _acts[:] = acts
    _more_pages[:] = more_pages


def search(request: HttpRequest, query: str) -> list[Result]:
    """Acts first where nothing is typed; else what was found, whose number was typed before everything else."""
    query = query.replace("\x00", "").strip()[:QUERY_MAX]
    if not query:
        return [*acts(request, query), *islice(pages(request, query), RESULTS_MAX)]
    groups = [list(islice(source(request, query), RESULTS_MAX)) for source in _sources]
    for group in groups:
        group.sort(key=lambda result: -result.fit)
    groups.sort(key=lambda group: -max((result.fit for result in group), default=0))
    groups += [list(acts(request, query)), list(islice(pages(request, query), RESULTS_MAX))]
    return [result for group in groups for result in group]


def fit_of(number: str, query: str) -> int:
    """How well a number answers what was typed: 2 is the number itself, 1 its beginning, 0 anything else."""
    number, query = number.upper(), query.upper()
    if number == query:
        return 2
    return int(number.startswith(query) and any(sign.isdigit() for sign in query))


def acts(request: HttpRequest, query: str) -> Iterator[Result]:
    for act in _acts:
        if is_named(query, f"{act.label} {act.also}"):
            for link in links(request, [act]):
                if why := act.locked(request):
                    yield Result(link.label, reverse(act.locked_url_name), _("Actions"), why, "lock")
                    continue
                yield Result(link.label, link.url, _("Actions"), act.detail, link.icon)


def pages(request: HttpRequest, query: str) -> Iterator[Result]:
    more = links(request, _more_pages) if query else ()
    for parent in (*navigation(request), *more):
        for link in parent.pages():
            if is_named(query, str(link.label)):
                yield Result(link.label, link.url, _("Go to"), icon=link.icon)


def is_named(query: str, words: str) -> bool:
    """Whether each word of the query is among them, in whatever order: "booking new" names New booking."""
    words = words.casefold()
    return all(word in words for word in query.casefold().split())
