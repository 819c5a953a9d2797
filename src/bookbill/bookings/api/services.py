"""The API of services."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router

from bookbill.bookings.actions.catalogue import archive_service, create_service, edit_service
from bookbill.bookings.api.schema import decimal_text
from bookbill.bookings.models import Service
from bookbill.companies.clock import now
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.lib.transactions import transact
from bookbill.money.currencies import exponent_of
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.etags import if_match
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, id_in_route
from bookbill.web.api.schema import Answer, Body, Id, Name, Page, UnitPrice, text

router = Router(tags=["Catalogue"])


class ServiceIn(Body):
    name: Name
    unit: Annotated[str, text(20)] = ""
    unit_price: UnitPrice
    tax_code_id: Id | None = None


class ServicePatch(Body):
    """Only what is sent changes. Bookings that used the service keep what they copied."""

    name: Name = ""
    unit: Annotated[str, text(20)] = ""
    unit_price: UnitPrice = Decimal(0)
    tax_code_id: Id | None = None
    archived: bool = False


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


@router.get("/services/{service_id}", response=ServiceOut)
def read_service(request: CompanyRequest, service_id: str) -> HttpResponse:
    """One service, archived or not."""
    require(request.actor, Right.VIEW_PRICES)
    service = find(Service.objects.all(), service_id)
    return answered(ServiceOut.of(service), revision=service.revision)


@router.patch("/services/{service_id}", response=ServiceOut)
def edit_service_(request: CompanyRequest, service_id: str, body: ServicePatch) -> HttpResponse:
    """Change a service. `archived: true` takes it off the lists for new bookings, `false` brings it back."""
    pk, revision, changes = id_in_route(service_id), if_match(request), body.sent()
    archived = changes.pop("archived", None)

    def act() -> Service:
        by, at = request.actor, now(request.company)
        service = edit_service(pk, changes, revision=revision, by=by, now=at)
        return service if archived is None else archive_service(pk, archived=archived, by=by, now=at)

    service = transact(act)
    return answered(ServiceOut.of(service), revision=service.revision)
