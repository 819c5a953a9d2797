"""The API of customers."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext as _
from ninja import Query, Router
from pydantic import Field

from bookbill.companies.clock import now
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.customers.actions import archive_customer, create_customer, edit_customer
from bookbill.customers.models import Customer
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import RECIPIENTS_MAX, parse_email
from bookbill.lib.transactions import transact
from bookbill.web.api.addresses import AddressIn, AddressOut
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.etags import if_match
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find, id_in_route
from bookbill.web.api.schema import Answer, Body, Email, Empty, FromText, Line, Name, Page, text

router = Router(tags=["Customers"])

NOTHING = Empty()
TAX_IDS_MAX = 5
TERMS_MAX = 365


def _email_or_none(value: str) -> str:
    return parse_email(value, field="") if value.strip() else ""


def _language(value: str) -> str:
    known = [code for code, _name in settings.LANGUAGES]
    if value and value not in known:
        raise BadInput("bad_choice", _("Choose one of: %(values)s.") % {"values": ", ".join(known)})
    return value


OptionalEmail = Annotated[
    str, FromText(_email_or_none, {"maxLength": 254, "description": "An email address, or empty"})
]
Language = Annotated[str, FromText(_language, {"maxLength": 8})]
ExternalId = Annotated[str, text(120, required=True)]
Terms = Annotated[int, Field(ge=0, le=TERMS_MAX)]


class TaxIdIn(Body):
    scheme: Annotated[str, text(20)] = ""
    value: Annotated[str, text(40, required=True)]


class CustomerPatch(Body):
    """Only what is sent changes. An address is replaced whole. `tax_id` is a short way to write one of `tax_ids`."""

    name: Name = ""
    company_name: Line = ""
    email: OptionalEmail = ""
    billing_email: OptionalEmail = ""
    bill_only_to_billing_email: bool = False
    always_copy: Annotated[list[Email], Field(max_length=RECIPIENTS_MAX)] = []
    phone: Annotated[str, text(40)] = ""
    billing_address: AddressIn = AddressIn()
    service_address: AddressIn = AddressIn()
    tax_id: Annotated[str, text(40)] = ""
    tax_ids: Annotated[list[TaxIdIn], Field(max_length=TAX_IDS_MAX)] = []
    purchase_order: Annotated[str, text(80)] = ""
    tax_exempt: bool = False
    exemption_reason: Line = ""
    payment_terms_days: Terms | None = None
    language: Language = ""
    external_id: ExternalId | None = None

    def fields(self) -> dict[str, Any]:
        """The sent fields as the actions take them."""
        sent = self.sent()
        if "tax_id" in sent and "tax_ids" in sent:
            raise BadInput("choose_one", _("Send tax_id or tax_ids, not both."), field="tax_id")
        if "tax_id" in sent:
            value = sent.pop("tax_id")
            sent["tax_ids"] = [{"scheme": "", "value": value}] if value else []
        elif "tax_ids" in sent:
            sent["tax_ids"] = [tax_id.model_dump() for tax_id in self.tax_ids]
        if "always_copy" in sent:
            unique = {address.lower(): address for address in reversed(self.always_copy)}
            sent["always_copy"] = list(reversed(unique.values()))
        for name in ("billing_address", "service_address"):
            if name in sent:
                sent[name] = sent[name].stored()
        return sent


class CustomerIn(CustomerPatch):
    """A new customer; only the name is needed."""

    name: Name


class TaxIdOut(Answer):
    scheme: str
    value: str


class CustomerOut(Answer):
    """A customer. `revision` is what `ETag` says."""

    id: UUID
    created_at: datetime
    name: str
    company_name: str
    email: str
    billing_email: str
    bill_only_to_billing_email: bool
    always_copy: list[str]
    phone: str
    billing_address: AddressOut
    service_address: AddressOut
    tax_id: str
    tax_ids: list[TaxIdOut]
    purchase_order: str
    tax_exempt: bool
    exemption_reason: str
    payment_terms_days: int | None
    language: str
    external_id: str | None
    archived_at: datetime | None
    revision: int

    @classmethod
    def of(cls, customer: Customer) -> "CustomerOut":
        made: dict[str, Any] = {
            "billing_address": AddressOut.of(customer.billing_address),
            "service_address": AddressOut.of(customer.service_address),
            "tax_id": customer.tax_ids[0]["value"] if customer.tax_ids else "",
            "tax_ids": [TaxIdOut(**tax_id) for tax_id in customer.tax_ids],
        }
        plain = {name: getattr(customer, name) for name in cls.model_fields if name not in made}
        return cls(**plain, **made)


class CustomerQuery(PageQuery):
    search: Annotated[str, text(200)] = ""
    external_id: ExternalId | None = None
    archived: Literal["true", "false"] | None = None


@router.post("/customers", response={201: CustomerOut})
def create_customer_(request: CompanyRequest, body: CustomerIn) -> HttpResponse:
    """Add a customer."""
    return answer_once(
        request,
        lambda: CustomerOut.of(create_customer(body.fields(), by=request.actor, now=now(request.company))),
    )


@router.get("/customers", response=Page[CustomerOut])
def list_customers(request: CompanyRequest, page: Query[CustomerQuery]) -> HttpResponse:
    """Customers, newest first, the archived ones too unless `archived` says otherwise. `search` finds beginnings of words of names, emails and phone numbers."""
    require(request.actor, Right.VIEW_CUSTOMERS)
    found = Customer.objects.all()
    if page.search:
        found = found.matching(page.search)
    if page.external_id:
        found = found.filter(external_id=page.external_id)
    if page.archived:
        found = found.filter(archived_at__isnull=page.archived == "false")
    rows, next_cursor = keyset(found, page)
    return answered(Page[CustomerOut](items=[CustomerOut.of(row) for row in rows], next_cursor=next_cursor))


@router.get("/customers/{customer_id}", response=CustomerOut)
def read_customer(request: CompanyRequest, customer_id: str) -> HttpResponse:
    """One customer."""
    require(request.actor, Right.VIEW_CUSTOMERS)
    customer = find(Customer.objects.all(), customer_id)
    return answered(CustomerOut.of(customer), revision=customer.revision)


@router.patch("/customers/{customer_id}", response=CustomerOut)
def edit_customer_(request: CompanyRequest, customer_id: str, body: CustomerPatch) -> HttpResponse:
    """Change a customer. Invoices show the new billing details at once; what was sent stays as it was."""
    pk, revision = id_in_route(customer_id), if_match(request)
    customer = transact(
        lambda: edit_customer(
            pk, body.fields(), revision=revision, by=request.actor, now=now(request.company)
        )
    )
    return answered(CustomerOut.of(customer), revision=customer.revision)


@router.post("/customers/{customer_id}/archival", response={201: CustomerOut})
def archive_customer_(request: CompanyRequest, customer_id: str, body: Empty = NOTHING) -> HttpResponse:
    """Hide a customer from daily lists. The records stay."""
    pk = id_in_route(customer_id)
    return answer_once(request, lambda: _archived(request, pk, True))


@router.delete("/customers/{customer_id}/archival", response=CustomerOut)
def restore_customer(request: CompanyRequest, customer_id: str) -> HttpResponse:
    """Bring an archived customer back."""
    pk = id_in_route(customer_id)
    return answered(transact(lambda: _archived(request, pk, False)))


def _archived(request: CompanyRequest, pk: UUID, archived: bool) -> CustomerOut:
    return CustomerOut.of(archive_customer(pk, archived=archived, by=request.actor, now=now(request.company)))
