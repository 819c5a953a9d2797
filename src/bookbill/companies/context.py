"""What staff templates know: `bookbill.companies.context.staff`."""

from typing import Any

from django.http import HttpRequest

from bookbill.companies.rules import RIGHTS


def staff(request: HttpRequest) -> dict[str, Any]:
    """``rights`` is a set of names: `{% if "send_invoices" in rights %}`. Buttons follow it; actions ask again."""
    actor = getattr(request, "actor", None)
    return {
        "actor": actor,
        "member": getattr(request, "member", None),
        "rights": RIGHTS.get(actor.role, frozenset()) if actor else frozenset(),
        "memberships": getattr(request, "memberships", ()),
    }
