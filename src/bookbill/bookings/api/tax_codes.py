"""The API of tax codes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from bookbill.bookings.actions.catalogue import COMPONENTS_MAX, ComponentDraft, create_tax_code
from bookbill.bookings.actions.succession import archive_tax_code, edit_tax_code
from bookbill.bookings.api.schema import decimal_text
from bookbill.bookings.models import TaxCode
from bookbill.companies.clock import now
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.lib.transactions import transact
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.etags import if_match
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, id_in_route
from bookbill.web.api.schema import Answer, Body, Page, Rate, text

router = Router(tags=["Catalogue"])


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


class TaxCodePatch(Body):
    """Only what is sent changes; `components` are replaced whole."""

    name: Annotated[str, text(80, required=True)] = ""
    inclusive: bool = False
    components: Annotated[list[ComponentIn], Field(min_length=1, max_length=COMPONENTS_MAX)] = []
    archived: bool = False


class ComponentOut(Answer):
    name: str
    rate: str
    compound: bool
    category: str


class TaxCodeOut(Answer):
    """One that was replaced is archived and names its successor."""

    id: UUID
    created_at: datetime
    name: str
    inclusive: bool
    components: list[ComponentOut]
    archived_at: datetime | None
    successor_id: UUID | None

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
            successor_id=code.successor_id,
        )


@router.post("/tax-codes", response={201: TaxCodeOut})
def create_tax_code_(request: CompanyRequest, body: TaxCodeIn) -> HttpResponse:
    """Add a tax code. Its components are charged in the order given."""
    components = drafts(body.components)
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


@router.get("/tax-codes/{tax_code_id}", response=TaxCodeOut)
def read_tax_code(request: CompanyRequest, tax_code_id: str) -> HttpResponse:
    """One tax code, in force or not."""
    require(request.actor, Right.VIEW_PRICES)
    code = find(TaxCode.objects.prefetch_related("components"), tax_code_id)
    return answered(TaxCodeOut.of(code), revision=code.revision)


@router.patch("/tax-codes/{tax_code_id}", response=TaxCodeOut)
def edit_tax_code_(request: CompanyRequest, tax_code_id: str, body: TaxCodePatch) -> HttpResponse:
    """Change a tax code; the answer is the one that is in force afterwards.

    That is the same one while no booking carries it. Else a successor takes its place (another `id`), for services and
    new bookings; bookings stay as they were priced. `archived: true` takes it off the lists for new bookings.
    """
    pk, revision, changes = id_in_route(tax_code_id), if_match(request), body.sent()
    archived = changes.pop("archived", None)
    if "components" in changes:
        changes["components"] = drafts(body.components)

    def act() -> TaxCode:
        by, at = request.actor, now(request.company)
        if archived is None:
            return edit_tax_code(pk, changes, revision=revision, by=by, now=at)
        if not changes:
            return archive_tax_code(pk, archived=archived, revision=revision, by=by, now=at)
        code = edit_tax_code(pk, changes, revision=revision, by=by, now=at)
        return archive_tax_code(code.pk, archived=archived, by=by, now=at)

    code = transact(act)
    return answered(TaxCodeOut.of(code), revision=code.revision)


def drafts(components: Sequence[ComponentIn]) -> list[ComponentDraft]:
    return [ComponentDraft(part.name, part.rate, part.compound, part.category) for part in components]
