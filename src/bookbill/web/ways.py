"""The way on from a refusal: what its details name can be opened (`config/pages.py` says where), and the way back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy as _

from bookbill.lib.errors import RuleBroken


@dataclass(frozen=True, slots=True)
class Way:
    """A link that a refusal offers. ``label`` may be lazy."""

    label: Any
    url: str


_ways: dict[str, tuple[Any, str]] = {}


def register_ways(ways: Mapping[str, tuple[Any, str]]) -> None:
    """Say once, at start, for each key of a refusal's details its label and url_name."""
    _ways.update(ways)


def ways_on(refused: RuleBroken) -> list[Way]:
    """Where to go from here, in the order the ways were registered."""
    return [
        Way(label, reverse(url_name, args=[refused.details[key]]))
        for key, (label, url_name) in _ways.items()
        if key in refused.details
    ]


def way_back(request: HttpRequest) -> list[Way]:
    """To the page of ours that the request came from, if it came from one."""
    came_from = request.headers.get("Referer", "")
    is_here = request.method == "GET" and came_from == request.build_absolute_uri()
    if not came_from or is_here or not url_has_allowed_host_and_scheme(came_from, {request.get_host()}):
        return []
    return [Way(_("Back"), came_from)]
