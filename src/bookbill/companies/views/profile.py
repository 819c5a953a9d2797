"""The person's own pages: profile and security."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.actions import change_profile
from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.forms import ProfileForm
from bookbill.companies.rules import Role
from bookbill.companies.views.frame import posted
from bookbill.companies.words import ROLES
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_page, see_other, toast


@staff_view()
def profile_page(request: CompanyRequest) -> HttpResponse:
    form = ProfileForm(
        posted(request), initial={"name": request.member.name, "language": request.member.user.language}
    )
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            transact(
                lambda: change_profile(
                    name=said["name"], language=said["language"], by=request.actor, now=now(request.company)
                )
            )
            toast(request, _("Saved."))
            return see_other(request, reverse("companies:profile"))
        except RuleBroken as refused:
            refuse(form, refused)
    context = {"form": form, "role": ROLES[Role(request.member.role)]}
    return render_page(request, "companies/profile.html", context, status=422 if form.is_bound else 200)


@staff_view(methods=("GET", "HEAD"))
def security_page(request: CompanyRequest) -> HttpResponse:
    """What protects the account, with the way to each."""
    ways = list(Authenticator.objects.filter(user=request.user))
    kinds: dict[str, Any] = {row.type: row for row in ways}
    codes = kinds.get(Authenticator.Type.RECOVERY_CODES)
    context = {
        "has_two_steps": Authenticator.Type.TOTP in kinds,
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else None,
        "passkeys_count": sum(row.type == Authenticator.Type.WEBAUTHN for row in ways),
        "sessions_count": UserSession.objects.filter(user=request.user).count(),
    }
    return render_page(request, "companies/security.html", context)


@staff_view()
def to_profile(request: CompanyRequest) -> HttpResponse:
    """In place of pages of allauth, by one of which people could change the address that a company let in."""
    return see_other(request, reverse("companies:profile"))
