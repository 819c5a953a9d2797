"""The places of settings: for the shell's navigation, the user's menu and the side of every settings page."""

from collections.abc import Callable, Sequence

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bookbill.companies.rights import Feature, Right, may, plan_sentence
from bookbill.companies.rules import has_feature
from bookbill.web.navigation import Item, Place


def allowed(right: Right) -> Callable[[HttpRequest], bool]:
    """For `Item.allowed`: members with this right."""

    def asked(request: HttpRequest) -> bool:
        actor = getattr(request, "actor", None)
        return actor is not None and may(actor, right)

    return asked


def locked(feature: Feature) -> Callable[[HttpRequest], str]:
    """For `Act.locked`: which plan has what this company's plan leaves out."""

    def why(request: HttpRequest) -> str:
        actor = getattr(request, "actor", None)
        return "" if actor is None or has_feature(actor.plan, feature) else plan_sentence(feature)

    return why


def is_member(request: HttpRequest) -> bool:
    return getattr(request, "member", None) is not None


SETTINGS_ITEM = Item(
    _("Settings"), "companies:settings", "settings", key="s", allowed=allowed(Right.VIEW_SETTINGS)
)
SETTINGS: Sequence[Item] = (
    Item(_("Company"), "companies:company", "building-2", allowed=allowed(Right.VIEW_SETTINGS)),
    Item(_("Invoicing"), "companies:invoicing", "receipt-text", allowed=allowed(Right.VIEW_SETTINGS)),
    Item(_("Appearance"), "companies:look", "palette", allowed=allowed(Right.VIEW_SETTINGS)),
    Item(_("Email texts"), "invoices:mail-texts", "mail", allowed=allowed(Right.VIEW_SETTINGS)),
    Item(_("Services"), "bookings:services", "briefcase", allowed=allowed(Right.VIEW_BOOKINGS)),
    Item(_("Tax codes"), "bookings:tax-codes", "percent", allowed=allowed(Right.VIEW_SETTINGS)),
    Item(_("Members"), "companies:members", "users", allowed=allowed(Right.MANAGE_MEMBERS)),
    Item(_("API keys"), "companies:keys", "key-round", allowed=allowed(Right.MANAGE_API_KEYS)),
    Item(_("Plan"), "companies:plan", "layers", allowed=allowed(Right.VIEW_SETTINGS)),
)
USER_MENU: Sequence[Item] = (
    Item(_("Your profile"), "companies:profile", "circle-user", allowed=is_member),
    Item(_("Security"), "companies:security", "shield-check", allowed=is_member),
)


def companies_of(request: HttpRequest) -> list[Place]:
    """For `web.navigation.register_places`: where else this person works."""
    current = getattr(request, "company", None)
    return [
        Place(
            member.company.name,
            reverse("companies:switch", args=[member.company_id]),
            member.company == current,
        )
        for member in getattr(request, "memberships", ())
    ]
