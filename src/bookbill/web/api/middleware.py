"""What every request gets: an id to find it by, and below /api/ an answer a program can read, whatever failed."""

import re
import secrets
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from bookbill.web.api.problems import CONTENT_TYPE, plain_problem

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}", re.ASCII)

Next = Callable[[HttpRequest], HttpResponseBase]


class RequestIdMiddleware:
    """Gives each request `request.request_id` and answers it as `X-Request-ID`; a sane one sent by a proxy is kept."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        sent = request.headers.get("X-Request-ID", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else secrets.token_hex(12)
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class ApiAnswerMiddleware:
    """Turns what Django itself answers below /api/ (no such address, wrong method, bad host) into problem+json."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path.startswith("/api/"):
            return response
        if response.status_code >= 400 and not response.get("Content-Type", "").startswith(CONTENT_TYPE):
            replaced: HttpResponse = plain_problem(request, response.status_code)
            if "Allow" in response:
                replaced["Allow"] = response["Allow"]
            response = replaced
        response["Cache-Control"] = "no-store"
        return response
