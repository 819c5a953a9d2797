from collections.abc import Callable
from uuid import UUID

import pytest

from bookbill.companies.actors import member_actor, on_behalf_of
from bookbill.companies.models import Company, Member
from bookbill.companies.rights import Feature, Right, Role, is_own_only, may, plan_sentence, require
from bookbill.lib.actor import Actor, ActorKind
from bookbill.lib.errors import Forbidden
from bookbill.lib.tenancy import scope


def actor(role: str = Role.OWNER, plan: str = "grow", kind: ActorKind = ActorKind.MEMBER) -> Actor:
    return Actor(kind=kind, company_id=UUID(int=1), label="Ana", role=role, plan=plan)


def test_who_has_the_right_and_the_plan_passes() -> None:
    require(actor(Role.OFFICE), Right.SEND_INVOICES, Feature.INVOICING)
    assert may(actor(Role.OFFICE), Right.SEND_INVOICES, Feature.INVOICING)


def test_who_lacks_the_right_hears_so_whatever_the_plan() -> None:
    with pytest.raises(Forbidden) as refused:
        require(actor(Role.ACCOUNTANT, plan="free"), Right.SEND_INVOICES, Feature.INVOICING)
    assert (refused.value.code, refused.value.status) == ("forbidden", 403)


def test_who_lacks_the_plan_hears_which_has_it() -> None:
    with pytest.raises(Forbidden) as refused:
        require(actor(plan="startup"), Right.SEND_INVOICES, Feature.BATCH)
    assert (refused.value.code, refused.value.message) == (
        "plan_required",
        "Batch invoices come with the Grow plan.",
    )


@pytest.mark.parametrize("feature", list(Feature))
def test_every_feature_has_its_sentence(feature: Feature) -> None:
    assert "plan." in plan_sentence(feature)


@pytest.mark.parametrize("kind", [ActorKind.CUSTOMER_LINK, ActorKind.PROVIDER_EVENT])
def test_a_link_and_a_provider_event_pass_nowhere(kind: ActorKind) -> None:
    assert not any(may(actor(role="", kind=kind), right) for right in Right)


def test_the_system_acts_with_the_rights_that_whoever_asked_has_by_now(
    company: Company, make_member: Callable[..., Member]
) -> None:
    asked = make_member(company, Role.OWNER)
    by = member_actor(company, asked)
    with scope(company=company):
        Member.objects.filter(pk=asked.pk).update(role=Role.OFFICE)
        Company.objects.filter(pk=company.pk).update(plan="free")
        later = on_behalf_of(by)
        assert (later.kind, later.label, later.plan) == (ActorKind.SYSTEM, by.label, "free")
        assert may(later, Right.SEND_INVOICES)
        assert not may(later, Right.WRITE_OFF)

        Member.objects.filter(pk=asked.pk).update(is_active=False)
        assert not may(on_behalf_of(by), Right.SEND_INVOICES)


def test_only_a_provider_is_kept_to_the_own_bookings() -> None:
    assert [role for role in Role if is_own_only(actor(role))] == [Role.PROVIDER]
