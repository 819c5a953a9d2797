"""`ETag` and `If-Match`: an edit says which revision it read, and is refused when another edit came first."""

import re

from django.http import HttpRequest
from django.utils.translation import gettext as _

from bookbill.lib.errors import RuleBroken

ETAG = re.compile(r'"([0-9]{1,9})"', re.ASCII)


def etag(revision: int) -> str:
    return f'"{revision}"'


def if_match(request: HttpRequest) -> int | None:
    """The revision the program read, for the action's ``expected_revision``; None when it did not say."""
    sent = request.headers.get("If-Match", "*").strip()
    if sent == "*":
        return None
    match = ETAG.fullmatch(sent)
    if match is None:
        raise RuleBroken(
            "malformed",
            _('If-Match takes one ETag as a GET gave it, for example "3".'),
            status=400,
            field="If-Match",
        )
    return int(match[1])
