"""Choosing a company, and the demo's sign-in."""

from uuid import UUID

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.middleware import SESSION_KEY
from bookbill.companies.sign_in import demo_user
from bookbill.web.htmx import see_other


@staff_view(methods=("POST",))
def switch_company(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Work in another of one's companies from now on."""
    if not any(member.company_id == pk for member in request.memberships):
        raise Http404
    request.session[SESSION_KEY] = str(pk)
    return see_other(request, "/")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def demo_sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """A page with one button, since a GET never changes anything."""
    user = demo_user(request, token)
    if user is None:
        raise Http404
    if request.method == "POST":
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        UserSession.objects.create_from_request(request)  # as allauth notes its own sign-ins
        return redirect("/")
    return render(request, "companies/demo_sign_in.html", {"person": user})
