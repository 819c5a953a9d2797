"""Settings → API keys."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.actions import create_api_key, revoke_api_key
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.forms import KeyForm
from bookbill.companies.models import ApiKey, Member
from bookbill.companies.rights import Right
from bookbill.companies.rules import Role
from bookbill.companies.views.frame import posted, settings_page
from bookbill.companies.words import ROLES
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.routes import find
from bookbill.web.forms import refuse
from bookbill.web.htmx import see_other, toast

LIST_MAX = 500


@staff_view(Right.MANAGE_API_KEYS, methods=("GET", "HEAD"))
def keys_page(request: CompanyRequest) -> HttpResponse:
    keys = ApiKey.objects.select_related("member").order_by("-created_at", "pk")[:LIST_MAX]
    rows = sorted(
        ((key, ROLES[Role(key.member.role)]) for key in keys), key=lambda row: row[0].revoked_at is not None
    )
    return settings_page(request, "keys", {"rows": rows, "base_url": settings.PUBLIC_BASE_URL})


@staff_view(Right.MANAGE_API_KEYS)
def add_page(request: CompanyRequest) -> HttpResponse:
    """A new key. Its secret stands on the page that answers, and nowhere else: only its hash is kept."""
    members = Member.objects.active().order_by("name", "pk")[:LIST_MAX]
    form = KeyForm(posted(request), members=members, initial={"member": request.member.pk})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        made: list[tuple[ApiKey, str]] = []

        def act() -> str:
            made[:] = [
                create_api_key(
                    UUID(said["member"]), name=said["name"], by=request.actor, now=now(request.company)
                )
            ]
            return reverse("companies:keys")

        try:
            url = act_once(request, act)
        except RuleBroken as refused:
            refuse(form, refused)
        else:
            if not made:  # the form came twice; its first answer showed the secret
                return see_other(request, url)
            context = {"key": made[0][0], "secret": made[0][1], "base_url": settings.PUBLIC_BASE_URL}
            return settings_page(request, "key_made", context)
    return settings_page(request, "key_new", {"form": form}, status=422 if form.is_bound else 200)


@staff_view(Right.MANAGE_API_KEYS)
def revoke_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Asks first, since a revoked key cannot be brought back."""
    key = find(ApiKey.objects.select_related("member"), str(pk))
    if request.method == "POST":
        transact(lambda: revoke_api_key(pk, by=request.actor, now=now(request.company)))
        toast(request, _("%(name)s has no access any more.") % {"name": key.name})
        return see_other(request, reverse("companies:keys"))
    return settings_page(request, "key_revoke", {"key": key})
