"""Making actors from those who came in."""

from dataclasses import replace

from django.utils.translation import gettext as _

from bookbill.companies.models import ApiKey, Company, Member
from bookbill.companies.rules import Role
from bookbill.lib.actor import Actor, ActorKind


def member_actor(company: Company, member: Member) -> Actor:
    return Actor(
        kind=ActorKind.MEMBER,
        company_id=company.pk,
        label=member.name,
        role=member.role,
        plan=company.plan,
        member_id=member.pk,
    )


def api_key_actor(company: Company, key: ApiKey, member: Member) -> Actor:
    """A key acts with the rights of the member it was made for, under its own name."""
    return Actor(
        kind=ActorKind.API_KEY,
        company_id=company.pk,
        label=key.name,
        role=member.role,
        plan=company.plan,
        member_id=member.pk,
        reference=str(key.pk),
    )


def system_actor(company: Company) -> Actor:
    """For what happens by itself and nobody asked for just now: schedules, demo data, commands of the operator."""
    return Actor(
        kind=ActorKind.SYSTEM, company_id=company.pk, label=_("Bookbill"), role=Role.OWNER, plan=company.plan
    )


def on_behalf_of(by: Actor) -> Actor:
    """The system doing later what somebody asked for: under their name, with the role and the plan of now.

    Who is no member any more has no role left: `require` refuses.
    """
    company = Company.objects.get(pk=by.company_id)
    role = by.role
    if by.member_id:
        members = Member.objects.active().filter(pk=by.member_id)
        role = members.values_list("role", flat=True).first() or ""
    return replace(by, kind=ActorKind.SYSTEM, role=role, plan=company.plan)


def customer_link_actor(company: Company, *, label: str, reference: str = "") -> Actor:
    """Whoever holds a customer's link. Has no role: `require` refuses everything."""
    return Actor(
        kind=ActorKind.CUSTOMER_LINK,
        company_id=company.pk,
        label=label,
        plan=company.plan,
        reference=reference,
    )


def provider_event_actor(company: Company, *, label: str, reference: str = "") -> Actor:
    """A payment provider or a mail service reporting what happened. Has no role."""
    return Actor(
        kind=ActorKind.PROVIDER_EVENT,
        company_id=company.pk,
        label=label,
        plan=company.plan,
        reference=reference,
    )
