"""Every address of the program, filled in with what exists."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from bookbill.companies.models import ApiKey, Member
from tests.attacks.world import World

GROUP = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Route:
    """A page's address as it stands in the URLs: ``payments/invoices/<uuid:pk>``."""

    pattern: str

    def path(self, world: World) -> str:
        return "/" + GROUP.sub(lambda group: value_of(group[1], self.pattern, world), self.pattern)


def page_routes() -> list[Route]:
    """Every page, without the API and without the few addresses that only a mail's token completes."""
    return [
        Route(pattern)
        for pattern in patterns(get_resolver().url_patterns)
        if not pattern.startswith("api/") and "^" not in pattern
    ]


def patterns(found: Iterable[Any], before: str = "") -> Iterator[str]:
    for each in found:
        here = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, here)
        elif isinstance(each, URLPattern):
            yield here


def value_of(name: str, pattern: str, world: World) -> str:
    if name == "pk":
        return str(key_of(pattern, world))
    known = {
        "token": world.token,
        "message_id": str(world.mail.message_id),
        "n": "1",
        "index": "0",
        "page": "public",
        "name": "postmark",
        "kind": "invoice",
        "language": "en",
    }
    return known[name]


def key_of(pattern: str, world: World) -> Any:
    if pattern.startswith("settings/members"):
        return Member.objects.values_list("pk", flat=True).order_by("pk")[0]
    if pattern.startswith("settings/keys"):
        return ApiKey.objects.values_list("pk", flat=True).order_by("pk").first() or world.customer.pk
    if pattern.startswith(("operations/jobs", "settings/repricings")):
        return world.customer.pk
    if pattern.startswith("accounts/2fa/webauthn"):
        return 1
    return next(key for start, key in world.ids.items() if pattern.startswith(start))
