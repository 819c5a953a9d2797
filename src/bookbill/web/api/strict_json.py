"""Reading a body: what `json.loads` lets through and a ledger must not (NaN, doubled keys, huge or bottomless bodies)."""

import json
from typing import Any

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja.parser import Parser

from bookbill.lib.errors import RuleBroken

BODY_MAX = 2 * 1024 * 1024
DEPTH_MAX = 20
DIGITS_MAX = 20  # 10^15 minor units have 16


class StrictParser(Parser):
    """The parser of the API. Every refusal is a RuleBroken with its status: 400 malformed, 413 too large, 415 not JSON."""

    def parse_body(self, request: HttpRequest) -> Any:
        if request.content_type != "application/json":
            raise RuleBroken("not_json", _("Send JSON, with “Content-Type: application/json”."), status=415)
        return parse_json(request.body)

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        for key, values in data.lists():
            if "\0" in key or any("\0" in value for value in values):
                raise RuleBroken(
                    "malformed", _("The address contains a character that cannot be stored."), status=400
                )
        return super().parse_querydict(data, list_fields, request)


def parse_json(body: bytes) -> Any:
    """The value of a JSON body in UTF-8. Raises RuleBroken (400, 413)."""
    if len(body) > BODY_MAX:
        raise too_large()
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_without_doubles,
            parse_constant=_refuse_constant,
            parse_int=_short_integer,
        )
    except (ValueError, RecursionError) as problem:
        raise RuleBroken("malformed", _("The body is not valid JSON."), status=400) from problem
    if _is_deep(value):
        raise RuleBroken("malformed", _("The body is nested too deeply."), status=400)
    return value


def too_large() -> RuleBroken:
    return RuleBroken("too_large", _("The body is larger than 2 MB."), status=413)


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    "".join(found).encode()  # a lone surrogate in a key raises UnicodeEncodeError, a ValueError
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _short_integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise ValueError("a number is too long")
    return int(text)


def _is_deep(value: Any) -> bool:
    layer = [value]
    for _depth in range(DEPTH_MAX):
        layer = [
            inner
            for outer in layer
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not layer:
            return False
    return True
