"""One way to write an answer as bytes, so that a kept answer and a fresh one are alike."""

import datetime as dt
import json
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja.renderers import BaseRenderer
from pydantic import BaseModel

from bookbill.web.api.etags import etag

CONTENT_TYPE = "application/json; charset=utf-8"


def as_json(value: Any) -> str:
    """Compact JSON; instants in UTC with ``Z``, dates ``YYYY-MM-DD``, ids as text. A float or a Decimal is a mistake of ours."""
    if isinstance(value, BaseModel):
        value = value.model_dump()
    return json.dumps(value, default=_plain, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def instant_text(instant: dt.datetime) -> str:
    """RFC 3339 in UTC, to the microsecond: ``2026-11-30T14:05:00.123456Z``."""
    return instant.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _plain(value: Any) -> Any:
    match value:
        case BaseModel():
            return value.model_dump()
        case dt.datetime():
            return instant_text(value)
        case dt.date():
            return value.isoformat()
        case dt.time():
            return value.isoformat(timespec="minutes")
        case UUID():
            return str(value)
    raise TypeError(f"{type(value).__name__} has no place in an answer")


class Renderer(BaseRenderer):
    media_type = "application/json"
    charset = "utf-8"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> str:
        return as_json(data)


def answered(answer: BaseModel, *, status: int = 200, revision: int | None = None) -> HttpResponse:
    """An answer as a response; with a row's ``revision`` it carries the `ETag` that an edit sends back."""
    response = HttpResponse(as_json(answer), status=status, content_type=CONTENT_TYPE)
    if revision is not None:
        response["ETag"] = etag(revision)
    return response
