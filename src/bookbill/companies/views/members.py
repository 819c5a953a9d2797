"""Settings → Members."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.actions import add_member, change_member
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.emails import mail_invitation
from bookbill.companies.forms import MemberForm, NewMemberForm
from bookbill.companies.limits import limit
from bookbill.companies.models import Member
from bookbill.companies.passwords import set_password_path
from bookbill.companies.people import may_hand_out_link
from bookbill.companies.rights import Feature, Right, may, plan_sentence
from bookbill.companies.rules import Role
from bookbill.companies.views.frame import posted, settings_page
from bookbill.companies.words import ROLE_NOTES, ROLES
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.routes import find
from bookbill.web.forms import refuse
from bookbill.web.htmx import see_other, toast

LIST_MAX = 1_000


@staff_view(Right.MANAGE_MEMBERS, methods=("GET", "HEAD"))
def members_page(request: CompanyRequest) -> HttpResponse:
    members = Member.objects.select_related("user").order_by("-is_active", "name", "pk")[:LIST_MAX]
    rows = [(member, ROLES[Role(member.role)], member.pk == request.member.pk) for member in members]
    lacks_providers = not may(request.actor, Right.MANAGE_MEMBERS, Feature.PROVIDER_SIGN_IN)
    context = {
        "rows": rows,
        "locked": plan_sentence(Feature.PROVIDER_SIGN_IN) if lacks_providers else "",
    }
    return settings_page(request, "members", context)


@staff_view(Right.MANAGE_MEMBERS)
def add_page(request: CompanyRequest) -> HttpResponse:
    """A new member, who gets a mail; the page afterwards shows the link once."""
    form = NewMemberForm(posted(request))
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        made: list[Member] = []

        def act() -> str:
            made[:] = [
                add_member(
                    email=said["email"],
                    name=said["name"],
                    role=said["role"],
                    by=request.actor,
                    now=now(request.company),
                )
            ]
            return reverse("companies:members")

        try:
            url = act_once(request, act)
        except RuleBroken as refused:
            refuse(form, refused)
        else:
            return invited(request, made[0]) if made else see_other(request, url)
    notes = [(ROLES[role], ROLE_NOTES[role]) for role in Role]
    return settings_page(
        request, "member_new", {"form": form, "notes": notes}, status=422 if form.is_bound else 200
    )


@staff_view(Right.MANAGE_MEMBERS)
def member_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Another name or role."""
    member = find(Member.objects.select_related("user"), str(pk))
    form = MemberForm(posted(request), initial={"name": member.name, "role": member.role})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            transact(
                lambda: change_member(
                    pk, name=said["name"], role=said["role"], by=request.actor, now=now(request.company)
                )
            )
            toast(request, _("Saved."))
            return see_other(request, reverse("companies:members"))
        except RuleBroken as refused:
            refuse(form, refused)
    notes = [(ROLES[role], ROLE_NOTES[role]) for role in Role]
    context = {"form": form, "person": member, "notes": notes}
    return settings_page(request, "member", context, status=422 if form.is_bound else 200)


@staff_view(Right.MANAGE_MEMBERS, methods=("POST",))
def end_membership(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """No way in from now on; what the person did stays."""
    member = set_active(request, pk, is_active=False)
    toast(
        request,
        _("%(name)s can no longer sign in.") % {"name": member.name},
        undo_url=reverse("companies:member-resume", args=[pk]),
    )
    return see_other(request, reverse("companies:members"))


@staff_view(Right.MANAGE_MEMBERS, methods=("POST",))
def resume_membership(request: CompanyRequest, pk: UUID) -> HttpResponse:
    member = set_active(request, pk, is_active=True)
    toast(request, _("%(name)s can sign in again.") % {"name": member.name})
    return see_other(request, reverse("companies:members"))


@staff_view(Right.MANAGE_MEMBERS, methods=("POST",))
def new_link(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Invite again somebody who has set no password yet."""
    return invited(request, find(Member.objects.active().select_related("user"), str(pk)))


def set_active(request: CompanyRequest, pk: UUID, *, is_active: bool) -> Member:
    return transact(
        lambda: change_member(pk, is_active=is_active, by=request.actor, now=now(request.company))
    )


def invited(request: CompanyRequest, member: Member) -> HttpResponse:
    """Mail the invitation, after the commit, and show the link where a colleague may have it."""
    limit(f"invite:{member.pk}", most=5, seconds=600)
    is_mailed = mail_invitation(member, request.company, invited_by=request.member.name)
    link = f"{settings.PUBLIC_BASE_URL}{set_password_path(member.user)}" if may_hand_out_link(member) else ""
    return settings_page(request, "member_invited", {"person": member, "is_mailed": is_mailed, "link": link})
