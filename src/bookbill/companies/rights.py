"""The one place where rights and plans are asked, for page, API, command and worker alike."""

from django.utils.translation import gettext as _

from bookbill.companies.rules import Feature, Plan, Right, Role, first_plan_with, has_feature, has_right
from bookbill.lib.actor import Actor
from bookbill.lib.errors import Forbidden

__all__ = ["Feature", "Plan", "Right", "Role", "is_own_only", "may", "require"]

PLAN_NAMES = {Plan.FREE: "Free", Plan.STARTUP: "Startup", Plan.GROW: "Grow"}


def may(by: Actor, right: Right, feature: Feature | None = None) -> bool:
    """Whether `require` would let this actor pass: for buttons, never instead of `require`."""
    return has_right(by.role, right) and (feature is None or has_feature(by.plan, feature))


def require(by: Actor, right: Right, feature: Feature | None = None) -> None:
    """Raise Forbidden (`forbidden`, `plan_required`) unless the actor has the right and its company's plan the feature.

    An API key and the system carry the role of the member behind them. A customer's link and a provider event carry
    no role: what they may do is said by the action they reach, not here.
    """
    if not has_right(by.role, right):
        raise Forbidden(
            "forbidden", _("Your role does not allow this. Ask an administrator of your company.")
        )
    if feature is not None and not has_feature(by.plan, feature):
        raise Forbidden("plan_required", plan_sentence(feature))


def is_own_only(by: Actor) -> bool:
    """A provider sees and completes only the bookings that name them, without prices and customers' emails."""
    return by.role == Role.PROVIDER


def plan_sentence(feature: Feature) -> str:
    """Which plan has a feature, as the locked feature's reason and the refusal say it."""
    plan = PLAN_NAMES[first_plan_with(feature)]
    sentences = {
        Feature.INVOICING: _("Invoicing comes with the %(plan)s plan."),
        Feature.BATCH: _("Batch invoices come with the %(plan)s plan."),
        Feature.SCHEDULES: _("Billing schedules come with the %(plan)s plan."),
        Feature.ACCOUNTING_EXPORT: _("The accounting export comes with the %(plan)s plan."),
        Feature.PROVIDER_SIGN_IN: _("Sign-ins for providers come with the %(plan)s plan."),
    }
    return sentences[feature] % {"plan": plan}


def refuse_sign_in(by: Actor) -> None:
    """Raise Forbidden for a provider whose company's plan has no sign-ins for providers."""
    if by.role == Role.PROVIDER and not has_feature(by.plan, Feature.PROVIDER_SIGN_IN):
        raise Forbidden("plan_required", plan_sentence(Feature.PROVIDER_SIGN_IN))
