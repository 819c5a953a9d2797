"""What a door adds to a request."""

from django.http import HttpRequest

from bookbill.companies.models import Company, Member
from bookbill.lib.actor import Actor


class CompanyRequest(HttpRequest):
    """A request inside a company: the type of `request` in every staff page and every API route."""

    company: Company
    member: Member
    memberships: list[Member]
    actor: Actor
    request_id: str
