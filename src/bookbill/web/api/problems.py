"""Errors of the API: `application/problem+json` with `code`, `message`, `field`, `request_id` (RFC 9457)."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from bookbill.lib.errors import RuleBroken
from bookbill.web.api.strict_json import too_large

log = logging.getLogger("bookbill.api")

CONTENT_TYPE = "application/problem+json"
ERRORS_MAX = 20
RETRY_AFTER_SECONDS = {429: 60, 503: 2}


def problem(
    request: HttpRequest,
    status: int,
    code: str,
    message: str,
    *,
    field: str | None = None,
    errors: Iterable[Mapping[str, Any]] = (),
    details: Mapping[str, Any] | None = None,
) -> HttpResponse:
    """One error answer. ``details`` are further members; the standard ones win."""
    content = {
        **(details or {}),
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "message": message,
        "detail": message,
        "field": field,
        "request_id": getattr(request, "request_id", ""),
    }
    if errors:
        content["errors"] = list(errors)
    response = HttpResponse(
        # A sentence may quote what was sent, a lone surrogate too.
        json.dumps(content, ensure_ascii=False, default=str).encode("utf-8", "replace"),
        status=status,
        content_type=CONTENT_TYPE,
    )
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if status in RETRY_AFTER_SECONDS:
        response["Retry-After"] = str(content.get("retry_after") or RETRY_AFTER_SECONDS[status])
    return response


def refusal(request: HttpRequest, refused: RuleBroken) -> HttpResponse:
    """The answer to an expected refusal."""
    return problem(
        request, refused.status, refused.code, refused.message, field=refused.field, details=refused.details
    )


def plain_problem(request: HttpRequest, status: int) -> HttpResponse:
    """The answer where nobody said more than a status."""
    code, message = {
        400: ("malformed", _("This request cannot be read.")),
        401: ("unauthorized", _("Send a valid API key: “Authorization: Bearer …”.")),
        403: ("forbidden", _("This is not allowed.")),
        404: ("not_found", _("There is nothing at this address.")),
        405: ("method_not_allowed", _("This address does not take that method.")),
        413: ("too_large", _("The body is larger than 2 MB.")),
        429: ("too_many_requests", _("Too many requests. Please wait a minute.")),
        503: (
            "unavailable",
            _("The database cannot be reached or written right now. Nothing was changed; please try again."),
        ),
    }.get(status, ("server_error", _("Something went wrong on our side. Nothing was changed.")))
    return problem(request, status, code, message)


def add_handlers(api: NinjaAPI) -> None:
    """Give the API its error answers."""

    def http_error(request: HttpRequest, exc: HttpError) -> HttpResponse:
        # Ninja wraps what its parser raises.
        cause = exc.__cause__
        if isinstance(cause, RuleBroken):
            return refusal(request, cause)
        if isinstance(cause, RequestDataTooBig):
            return refusal(request, too_large())
        return plain_problem(request, exc.status_code)

    def unavailable(request: HttpRequest, exc: Exception) -> HttpResponse:
        log.error("the database did not answer", exc_info=exc)
        return plain_problem(request, 503)

    def crash(request: HttpRequest, exc: Exception) -> HttpResponse:
        log.error("unexpected error, request %s", getattr(request, "request_id", ""), exc_info=exc)
        return plain_problem(request, 500)

    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        Exception: crash,
        OperationalError: unavailable,
        InterfaceError: unavailable,
        RuleBroken: refusal,
        ValidationError: invalid,
        HttpError: http_error,
        AuthenticationError: lambda request, exc: plain_problem(request, 401),
        Http404: lambda request, exc: plain_problem(request, 404),
        RequestDataTooBig: lambda request, exc: refusal(request, too_large()),
        SuspiciousOperation: lambda request, exc: plain_problem(request, 400),
        BadRequest: lambda request, exc: plain_problem(request, 400),
        UnreadablePostError: lambda request, exc: plain_problem(request, 400),
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
    """422 with a sentence for each input at fault; the first one is the answer's own."""
    errors = [
        {"field": _path(error["loc"]), "code": _code(error["type"]), "message": _sentence(error)}
        for error in exc.errors[:ERRORS_MAX]
    ]
    first = errors[0]
    return problem(
        request, 422, str(first["code"]), str(first["message"]), field=first["field"], errors=errors
    )


def _path(location: tuple[str | int, ...]) -> str | None:
    """``("body", "body", "items", 0, "quantity")`` is the field ``items.0.quantity``."""
    source, *rest = location
    if source == "body" and rest:
        rest = rest[1:]  # the name of the view's parameter
    return ".".join(str(step) for step in rest) or None


def _code(kind: str) -> str:
    ours = kind.startswith(("bad_", "too_many_")) or kind in {
        "too_long",
        "date_out_of_range",
        "required",
        "card_number",
    }
    return {"extra_forbidden": "unknown_field", "missing": "required"}.get(
        kind, kind if ours else "validation"
    )


def _sentence(error: Mapping[str, Any]) -> str:
    """Pydantic's errors in our words; our own parsers bring their sentence along."""
    context = error.get("ctx") or {}
    if "message" in context:
        return str(context["message"])
    sentences = {
        "missing": _("This field is required."),
        "extra_forbidden": _("There is no field with this name."),
        "int_type": _("Write a whole number, without quotes."),
        "string_type": _("Write text, in quotes."),
        "bool_type": _("Write true or false."),
        "list_type": _("Write a list."),
        "model_type": _("Write an object."),
        "model_attributes_type": _("Write an object."),
        "dict_type": _("Write an object."),
        "none_required": _("Write null."),
        "literal_error": _("Write one of: %(values)s.") % {"values": context.get("expected", "")},
        "greater_than_equal": _("The smallest value is %(value)s.") % {"value": context.get("ge")},
        "less_than_equal": _("The largest value is %(value)s.") % {"value": context.get("le")},
        "too_long": _("At most %(max)s here.") % {"max": context.get("max_length")},
        "too_short": _("At least %(min)s here.") % {"min": context.get("min_length")},
    }
    return sentences.get(str(error["type"]), _("This value is not valid."))
