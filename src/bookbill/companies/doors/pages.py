"""The pages' door: sign-in, rights, and one way to show a refusal."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right, refuse_sign_in, require
from bookbill.lib.errors import Forbidden, RuleBroken
from bookbill.web.htmx import is_htmx
from bookbill.web.problems import refusal, usual
from bookbill.web.ways import Way

View = Callable[..., HttpResponseBase]
StaffView = Callable[..., HttpResponseBase]


def staff_view(
    *rights: Right, feature: Feature | None = None, methods: Sequence[str] = ("GET", "HEAD", "POST")
) -> Callable[[StaffView], View]:
    """A page for members: signed in, with all these rights (and the plan's feature); everyone else gets the reason.

    The view is called with a CompanyRequest. A RuleBroken it lets through becomes a page (or, asked by htmx, a toast).
    """

    def decorate(view: StaffView) -> View:
        @wraps(view)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            if not request.user.is_authenticated:
                return sign_in_first(request)
            staff = cast(CompanyRequest, request)
            try:
                enter(staff, rights, feature)
                response = view(staff, *args, **kwargs)
            except RuleBroken as refused:
                response = refused_page(request, refused)
            add_never_cache_headers(cast(HttpResponse, response))
            return response

        return door

    return decorate


def enter(request: CompanyRequest, rights: Sequence[Right], feature: Feature | None) -> None:
    if getattr(request, "member", None) is None:
        raise Forbidden(
            "no_company", _("Your account belongs to no company. Ask the person who invited you.")
        )
    refuse_sign_in(request.actor)
    for right in rights:
        require(request.actor, right, feature)


def sign_in_first(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and back here afterwards; a form's address cannot be come back to."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("account_login")})
    return redirect_to_login(request.get_full_path() if request.method == "GET" else "/")


def refused_page(request: HttpRequest, refused: RuleBroken) -> HttpResponse:
    """An expected refusal that no form of the page could show."""
    if is_htmx(request):
        messages.error(request, refused.message)
        toasts = render_to_string("web/parts/toasts_oob.html", {}, request=request)
        return HttpResponse(toasts, status=422, headers={"HX-Reswap": "none"})
    plans = [Way(_("See the plans"), reverse("companies:plan"))] if refused.code == "plan_required" else []
    return refusal(request, refused, *plans)


def unavailable_page() -> HttpResponse:
    """The database does not answer. Drawn without the request, whose context might need it."""
    title, message = usual(503)
    response = HttpResponse(
        render_to_string("web/problem.html", {"status": 503, "heading": title, "message": message}),
        status=503,
    )
    response["Retry-After"] = "5"
    return response
