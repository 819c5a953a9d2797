"""Opens the company of whoever is signed in, for the length of a page."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from bookbill.activity.actions import request_id
from bookbill.companies.actors import member_actor
from bookbill.companies.clock import zone
from bookbill.companies.doors.pages import refused_page, unavailable_page
from bookbill.companies.models import Member
from bookbill.lib.errors import RuleBroken
from bookbill.lib.tenancy import scope, scopes_disabled

API_PREFIX = "/api/"
SESSION_KEY = "company_id"
MEMBERSHIPS_MAX = 100

Next = Callable[[HttpRequest], HttpResponseBase]


class CompanyMiddleware:
    """Sets `request.company`, `.member`, `.actor` and `.memberships`, the language, the time zone and the open scope.

    Roles and plans are read anew for every request, so a changed or ended membership works at once. Nobody signed
    in: all are None, no scope is open. The API has a door of its own.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        opened: Any = request
        opened.company = opened.member = opened.actor = None
        opened.memberships = []
        token = request_id.set(getattr(request, "request_id", ""))
        try:
            with ExitStack() as stack:
                if not request.path.startswith(API_PREFIX):
                    enter_company(opened, stack)
                response = self.get_response(request)
                # Said here: outside, the language is the browser's again.
                response.headers.setdefault("Content-Language", translation.get_language() or "en")
                return response
        finally:
            request_id.reset(token)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Refusals outside staff pages, and a database that does not answer."""
        if isinstance(exception, RuleBroken):
            return refused_page(request, exception)
        if isinstance(exception, OperationalError | InterfaceError):
            return unavailable_page()
        return None


def enter_company(request: Any, stack: ExitStack) -> None:
    if not request.user.is_authenticated:
        return
    request.memberships = memberships_of(request.user.pk)
    chosen = request.session.get(SESSION_KEY)
    member = next((each for each in request.memberships if str(each.company_id) == chosen), None)
    member = member or next(iter(request.memberships), None)
    language = request.user.language or (member.company.language if member else "")
    if language and translation.check_for_language(language):
        stack.enter_context(translation.override(language))
        request.LANGUAGE_CODE = translation.get_language()
    if member is None:
        return
    request.company, request.member = member.company, member
    request.actor = member_actor(member.company, member)
    stack.enter_context(timezone.override(zone(member.company)))
    stack.enter_context(scope(company=member.company))


def memberships_of(user_id: Any) -> list[Member]:
    """Across companies: the one question that cannot be asked inside one."""
    with scopes_disabled():
        rows = Member.objects.filter(user_id=user_id, is_active=True).select_related("company")
        return list(rows.order_by("company__name", "company_id")[:MEMBERSHIPS_MAX])
