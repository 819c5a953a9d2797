"""What staff templates know: `bookbill.companies.context.staff`."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from bookbill.companies.rights import plan_sentence
from bookbill.companies.rules import RIGHTS, Feature, has_feature


def staff(request: HttpRequest) -> dict[str, Any]:
    """``rights`` is a set of names: `{% if "send_invoices" in rights %}`. Buttons follow it; actions ask again.

    ``locked`` tells, by the name of each feature that the company's plan leaves out, which plan has it.
    """
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "member": getattr(request, "member", None),
        "rights": RIGHTS.get(actor.role, frozenset()) if actor else frozenset(),
        "memberships": getattr(request, "memberships", ()),
        "locked": locked_features(actor.plan) if actor else {},
        "plans_url": reverse("companies:plan"),
    }


def locked_features(plan: str) -> dict[str, str]:
    """Features that a plan leaves out, by name, each with the sentence that says which plan has it."""
    return {feature.value: plan_sentence(feature) for feature in Feature if not has_feature(plan, feature)}
