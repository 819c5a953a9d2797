"""The API of the company itself: who am I, and the settings. Also the pattern that other routers follow."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Router
from pydantic import Field

from bookbill.companies.actions import update_company
from bookbill.companies.clock import now
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.companies.rules import RIGHTS
from bookbill.companies.settings_fields import TAX_IDS_MAX, TERMS_LENGTH_MAX
from bookbill.lib.transactions import transact
from bookbill.web.api.etags import if_match
from bookbill.web.api.rendering import answered
from bookbill.web.api.schema import Answer, Body, Id, Line, Name, text

router = Router(tags=["Company"])


class Me(Answer):
    """Whose key this is, and what it may do."""

    company_id: UUID
    company_name: str
    member_id: UUID
    member_name: str
    role: str
    plan: str
    rights: list[str]


@router.get("/me", response=Me)
def read_me(request: CompanyRequest) -> Me:
    """Who this key acts for."""
    return Me(
        company_id=request.company.pk,
        company_name=request.company.name,
        member_id=request.member.pk,
        member_name=request.member.name,
        role=request.actor.role,
        plan=request.actor.plan,
        rights=sorted(RIGHTS[request.actor.role]),
    )


class TaxIdPart(Body):
    scheme: Annotated[str, text(20)] = ""
    value: Annotated[str, text(40, required=True)]


class CompanyPatch(Body):
    """Only what is sent changes."""

    name: Name = ""
    currency: str = ""
    time_zone: str = ""
    language: str = ""
    email: Annotated[str, text(254)] = ""
    phone: Annotated[str, text(40)] = ""
    website: Line = ""
    address_line1: Line = ""
    address_line2: Line = ""
    address_city: Line = ""
    address_region: Line = ""
    address_postal_code: Line = ""
    address_country: Line = ""
    tax_ids: Annotated[list[TaxIdPart], Field(max_length=TAX_IDS_MAX)] = []
    number_format: Annotated[str, text(30)] = ""
    number_restarts_yearly: bool = True
    payment_terms_days: int = 14
    terms_and_conditions: Annotated[
        dict[str, Annotated[str, text(TERMS_LENGTH_MAX, multiline=True)]], Field(max_length=20)
    ] = {}
    colour: str = ""
    paper: str = ""
    after_sending: str = ""
    hold_seconds: int = 10
    use_credit_at_sending: bool = False
    payment_link_default: bool = True
    default_tax_code_id: Id | None = None


class CompanyOut(Answer):
    id: UUID
    created_at: datetime
    plan: str
    name: str
    currency: str
    time_zone: str
    language: str
    email: str
    phone: str
    website: str
    address_line1: str
    address_line2: str
    address_city: str
    address_region: str
    address_postal_code: str
    address_country: str
    tax_ids: list[dict[str, str]]
    number_format: str
    number_restarts_yearly: bool
    payment_terms_days: int
    terms_and_conditions: dict[str, str]
    colour: str
    paper: str
    after_sending: str
    hold_seconds: int
    use_credit_at_sending: bool
    payment_link_default: bool
    default_tax_code_id: UUID | None

    @classmethod
    def of(cls, company: Company) -> "CompanyOut":
        return cls(**{name: getattr(company, name) for name in cls.model_fields})


@router.get("/company", response=CompanyOut)
def read_company(request: CompanyRequest) -> HttpResponse:
    """The company's settings."""
    require(request.actor, Right.VIEW_SETTINGS)
    company = request.company
    return answered(CompanyOut.of(company), revision=company.revision)


@router.patch("/company", response=CompanyOut)
def edit_company(request: CompanyRequest, body: CompanyPatch) -> HttpResponse:
    """Change settings; what is not sent stays."""
    changes = body.sent()
    if "tax_ids" in changes:
        changes["tax_ids"] = [part.model_dump() for part in body.tax_ids]
    company = transact(
        lambda: update_company(
            changes, expected_revision=if_match(request), by=request.actor, now=now(request.company)
        )
    )
    return answered(CompanyOut.of(company), revision=company.revision)
