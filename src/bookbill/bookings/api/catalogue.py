"""The API of the catalogue: services and tax codes."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from bookbill.bookings.actions.catalogue import (
    COMPONENTS_MAX,
    ComponentDraft,
    create_service,
    create_tax_code,
)
from bookbill.bookings.api.schema import decimal_text
from bookbill.bookings.models import Service, TaxCode
from bookbill.companies.clock import now
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.money.currencies import exponent_of
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.rendering import answered
from bookbill.web.api.schema import Answer, Body, Id, Name, Page, Rate, UnitPrice, text

router = Router(tags=["Catalogue"])


class ServiceIn(Body):
    name: Name
    unit: Annotated[str, text(20)] = ""
    unit_price: UnitPrice
    tax_code_id: Id | None = None


class ServiceOut(Answer):
    id: UUID
    created_at: datetime
    name: str
    unit: str
    unit_price: str
    currency: str
    tax_code_id: UUID | None
    archived_at: datetime | None

    @classmethod
    def of(cls, service: Service) -> "ServiceOut":
        price = decimal_text(service.unit_price, places=exponent_of(service.currency))
        plain = {name: getattr(service, name) for name in cls.model_fields if name != "unit_price"}
        return cls(**plain, unit_price=price)


class ComponentIn(Body):
    """`rate` is in percent. A compound one is taken on the net plus the components before it."""

    name: Annotated[str, text(40, required=True)]
    rate: Rate
    compound: bool = False
    category: Literal["standard", "zero", "exempt", "reverse_charge", "outside_scope"] = "standard"


class TaxCodeIn(Body):
    """`inclusive`: prices contain the tax."""

    name: Annotated[str, text(80, required=True)]
    inclusive: bool = False
    components: Annotated[list[ComponentIn], Field(min_length=1, max_length=COMPONENTS_MAX)]


class ComponentOut(Answer):
    name: str
    rate: str
    compound: bool
    category: str


class TaxCodeOut(Answer):
    id: UUID
    created_at: datetime
    name: str
    inclusive: bool
    components: list[ComponentOut]
    archived_at: datetime | None

    @classmethod
    def of(cls, code: TaxCode) -> "TaxCodeOut":
        """Reads `components`: prefetch them for a list."""
        components = sorted(code.components.all(), key=lambda component: component.position)
        return cls(
            id=code.pk,
            created_at=code.created_at,
            name=code.name,
            inclusive=code.inclusive,
            components=[
                ComponentOut(
                    name=each.name,
                    rate=decimal_text(each.rate),
                    compound=each.compound,
                    category=each.category,
                )
                for each in components
            ],
            archived_at=code.archived_at,
        )


@router.post("/services", response={201: ServiceOut})
def create_service_(request: CompanyRequest, body: ServiceIn) -> HttpResponse:
    """Add a service to the catalogue."""
    return answer_once(
        request,
        lambda: ServiceOut.of(
            create_service(
                name=body.name,
                unit=body.unit,
                unit_price=body.unit_price,
                tax_code_id=body.tax_code_id,
                by=request.actor,
                now=now(request.company),
            )
        ),
    )


@router.get("/services", response=Page[ServiceOut])
def list_services(request: CompanyRequest, page: Query[PageQuery]) -> HttpResponse:
    """The catalogue, newest first."""
    require(request.actor, Right.VIEW_PRICES)
    rows, next_cursor = keyset(Service.objects.all(), page)
    return answered(Page[ServiceOut](items=[ServiceOut.of(row) for row in rows], next_cursor=next_cursor))


@router.post("/tax-codes", response={201: TaxCodeOut})
def create_tax_code_(request: CompanyRequest, body: TaxCodeIn) -> HttpResponse:
    """Add a tax code. Its components are charged in the order given."""
    components = [
        ComponentDraft(part.name, part.rate, part.compound, part.category) for part in body.components
    ]
    return answer_once(
        request,
        lambda: TaxCodeOut.of(
            create_tax_code(
                name=body.name,
                inclusive=body.inclusive,
                components=components,
                by=request.actor,
                now=now(request.company),
            )
        ),
    )


@router.get("/tax-codes", response=Page[TaxCodeOut])
def list_tax_codes(request: CompanyRequest, page: Query[PageQuery]) -> HttpResponse:
    """Tax codes, newest first."""
    require(request.actor, Right.VIEW_PRICES)
    rows, next_cursor = keyset(TaxCode.objects.prefetch_related("components"), page)
    return answered(Page[TaxCodeOut](items=[TaxCodeOut.of(row) for row in rows], next_cursor=next_cursor))
