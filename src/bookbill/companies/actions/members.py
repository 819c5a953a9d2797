"""Who belongs to a company, and as what."""

import datetime as dt
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.models import Company, Member
from bookbill.companies.people import join
from bookbill.companies.rights import Feature, Right, Role, require
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound, RuleBroken
from bookbill.lib.parsing import clean_text, parse_email
from bookbill.lib.transactions import assert_in_transaction


def add_member(*, email: str, name: str, role: str, by: Actor, now: dt.datetime) -> Member:
    """Let a person in. Raises BadInput, `already_a_member`, and `plan_required` for a provider on a smaller plan."""
    assert_in_transaction()
    _require_for(role, by)
    # The company's row makes two of these wait for each other.
    company = Company.objects.select_for_update(no_key=True).get(pk=by.company_id)
    address = parse_email(email, field="email").lower()
    if Member.objects.filter(user__email=address).exists():
        raise RuleBroken(
            "already_a_member", _("%(email)s is a member already.") % {"email": address}, field="email"
        )
    member = join(company, email=address, name=name, role=role)
    record(_entry("member.added", member, {}, {"role": role}, email=address), by=by, now=now)
    return member


def change_member(
    member_id: UUID,
    *,
    by: Actor,
    now: dt.datetime,
    role: str | None = None,
    name: str | None = None,
    is_active: bool | None = None,
) -> Member:
    """Another role or name, or the end of a membership (`is_active=False`). Raises NotFound, `last_owner`."""
    assert_in_transaction()
    require(by, Right.MANAGE_MEMBERS)
    members = {row.pk: row for row in Member.objects.select_for_update(no_key=True).order_by("pk")}
    member = members.get(member_id)
    if member is None:
        raise NotFound("not_found", _("There is no such member."))
    before = {"role": member.role, "is_active": member.is_active}
    if role is not None:
        _require_for(role, by)
        member.role = role
    if name is not None:
        member.name = clean_text(name, field="name", max_length=200) or member.name
    if is_active is not None:
        member.is_active = is_active
    if not any(row.is_active and row.role == Role.OWNER for row in members.values()):
        raise RuleBroken(
            "last_owner", _("A company needs an owner. Make somebody else an owner first."), field="role"
        )
    member.save(update_fields=["role", "name", "is_active"])
    after = {"role": member.role, "is_active": member.is_active}
    record(_entry("member.changed", member, before, after), by=by, now=now)
    return member


def _require_for(role: str, by: Actor) -> None:
    require(by, Right.MANAGE_MEMBERS)
    if role not in list(Role):
        raise BadInput("bad_choice", _("Choose one of the roles."), field="role")
    if role == Role.PROVIDER:
        require(by, Right.MANAGE_MEMBERS, Feature.PROVIDER_SIGN_IN)


def _entry(
    kind: str, member: Member, before: dict[str, object], after: dict[str, object], *, email: str = ""
) -> EntryDraft:
    changed = {name for name in after if before.get(name) != after[name]}
    return EntryDraft(
        type=kind,
        subject_type="member",
        subject_id=member.pk,
        subject_label="",
        before={name: value for name, value in before.items() if name in changed},
        after={name: value for name, value in after.items() if name in changed},
        personal_after={"name": member.name} | ({"email": email} if email else {}),
    )
