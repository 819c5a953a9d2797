"""The way on from a refusal: what its details name can be opened. `config/wiring.py` says where each leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

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
