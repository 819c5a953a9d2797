"""`bookbill seed-demo`: the sandbox that `./dev demo` shows."""

from django.urls import reverse
from django.utils import timezone

from bookbill.companies.models import Member, User
from bookbill.companies.sign_in import demo_token
from bookbill.lib.tenancy import scopes_disabled
from bookbill.tour.cast import COMPANY, OWNER_EMAIL
from bookbill.tour.seeding import make_sandbox


def seed_demo_command() -> str:
    """Make the demo's company unless it is there; the last line is the path of the page whose button signs in."""
    with scopes_disabled():
        owner = (
            Member.objects.filter(company__is_sandbox=True, user__email=OWNER_EMAIL)
            .select_related("user")
            .first()
        )
    if owner is None:
        _company, owner = make_sandbox(now=timezone.now())
    user: User = owner.user
    return f"{COMPANY['name']} is ready.\n{reverse('companies:demo-sign-in', args=[demo_token(user)])}"
