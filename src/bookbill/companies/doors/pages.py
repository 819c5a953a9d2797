"""The pages' door: sign-in, rights, and one way to show a refusal."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right, refuse_sign_in, require
from bookbill.lib.errors import Forbidden, NotFound, RuleBroken
from bookbill.web.htmx import is_htmx

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
    return problem_page(request, refused.status, heading_of(refused), refused.message)


def problem_page(request: HttpRequest, status: int, heading: str, message: str) -> HttpResponse:
    return render(
        request,
        "companies/problem.html",
        {"problem_heading": heading, "problem_message": message},
        status=status,
    )


def heading_of(refused: RuleBroken) -> str:
    if isinstance(refused, NotFound):
        return _("There is nothing here")
    if isinstance(refused, Forbidden):
        return _("Not in your plan") if refused.code == "plan_required" else _("Not allowed")
    return _("That did not work")


def unavailable_page() -> HttpResponse:
    """Drawn without a request: its context might need the database that does not answer."""
    response = HttpResponse(render_to_string("companies/unavailable.html"), status=503)
    response["Retry-After"] = "5"
    return response


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Django's CSRF_FAILURE_VIEW."""
    message = _(
        "The form was too old, or your browser did not send its cookie. Go back, reload the page and send it again."
    )
    return problem_page(request, 403, _("This form could not be checked"), message)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return problem_page(
        request, 404, _("There is nothing here"), _("This page does not exist, or it is not yours to see.")
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler400."""
    return problem_page(
        request, 400, _("This request cannot be read"), _("Go back, reload the page and try again.")
    )


def crashed(request: HttpRequest) -> HttpResponse:
    """Django's handler500: says nothing about why, and needs nothing that may be broken."""
    return HttpResponse(
        render_to_string("companies/crashed.html", {"request_id": getattr(request, "request_id", "")}),
        status=500,
    )
