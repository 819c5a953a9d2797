"""How a company looks: the address of its colours. It names their content, so that a browser may keep them for ever."""

from functools import lru_cache
from hashlib import sha256

from django.http import HttpRequest
from django.urls import reverse

from bookbill.companies.models import Company
from bookbill.web.accent import stylesheet

COLOURS_REMEMBERED = 256


def stylesheet_url(request: HttpRequest) -> str:
    """For `web.context.register_company_stylesheet`: the colours of the request's company, "" without one.

    A customer's page has no member; its view sets `request.company`.
    """
    company: Company | None = getattr(request, "company", None)
    return colours_url(company.colour) if company else ""


def colours_url(colour: str) -> str:
    """The stylesheet of a colour, `#rrggbb`."""
    return reverse("companies:colours", args=[colour[1:], colours_version(colour)])


@lru_cache(maxsize=COLOURS_REMEMBERED)
def colours_version(colour: str) -> str:
    """Changes whenever the rules made of the colour do."""
    return sha256(stylesheet(colour).encode("ascii")).hexdigest()[:10]
