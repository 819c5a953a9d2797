"""The cast of every story: a company, its people, customers, bookings. Made through the product's own actions."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, TaxCode, TaxComponent
from bookbill.companies.actors import member_actor
from bookbill.companies.models import Company, Member, User
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import create_customer
from bookbill.customers.models import Customer
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact

NOW = dt.datetime(2026, 6, 30, 15, 0, tzinfo=dt.UTC)
TODAY = NOW.date()


def make_company(name: str = "Bright Home Co.", **fields: Any) -> tuple[Company, Actor]:
    """A company on the Grow plan and its owner, Ana."""
    company = Company.objects.create(
        **{
            "name": name,
            "currency": "CAD",
            "time_zone": "America/Toronto",
            "email": "office@bright.example",
            "hold_seconds": 0,
            **fields,
        }
    )
    return company, add_member(company, "ana", Role.OWNER)


def add_member(company: Company, name: str, role: Role) -> Actor:
    user = User.objects.create_user(
        f"{name}@{company.pk.hex[-12:]}.example", "correct horse battery", name=name.title()
    )
    with scope(company=company):
        return member_actor(
            company, Member.objects.create(company=company, user=user, role=role, name=name.title())
        )


def make_tax_code(
    company: Company, name: str = "HST 13 %", rate: str = "13", *, inclusive: bool = False
) -> TaxCode:
    code = TaxCode.objects.create(company=company, name=name, inclusive=inclusive, created_at=NOW)
    TaxComponent.objects.create(
        company=company, tax_code=code, position=0, name=name.split()[0], rate=Decimal(rate)
    )
    return code


@pytest.fixture
def company(db: None) -> Iterator[Company]:
    """A company, with its scope open for the whole test."""
    made, _owner = make_company()
    with scope(company=made):
        yield made


@pytest.fixture
def ana(company: Company) -> Actor:
    """The owner."""
    return member_actor(company, Member.objects.get(role=Role.OWNER))


@pytest.fixture
def api(ana: Actor, api_of: Callable[[Actor], ApiClient]) -> ApiClient:
    """A program with Ana's key."""
    return api_of(ana)


@pytest.fixture
def desk(ana: Actor, page_of: Callable[[Actor], Client]) -> Client:
    """Ana's browser, signed in. What crashes in a page crashes in the test."""
    client = page_of(ana)
    client.raise_request_exception = True
    return client


@pytest.fixture
def make_customer(company: Company, ana: Actor) -> Callable[..., Customer]:
    def make(name: str = "Maple Offices", **fields: Any) -> Customer:
        defaults = {"name": name, "email": f"{name.split()[0].lower()}@customer.example"}
        return transact(lambda: create_customer({**defaults, **fields}, by=ana, now=NOW))

    return make


@pytest.fixture
def tax_code(company: Company) -> TaxCode:
    return make_tax_code(company)


@pytest.fixture
def make_booking(
    company: Company, ana: Actor, make_customer: Callable[..., Customer]
) -> Callable[..., Booking]:
    """A completed booking of 100.00 without tax, on the day of the story, unless said otherwise."""

    def make(
        customer: Customer | None = None,
        *,
        price: str = "100.00",
        items: tuple[ItemDraft, ...] | None = None,
        completed: bool = True,
        **fields: Any,
    ) -> Booking:
        draft = BookingDraft(
            customer_id=(customer or make_customer()).pk,
            service_date=fields.pop("service_date", TODAY),
            items=items
            if items is not None
            else (ItemDraft(description="Office clean", unit_price=Decimal(price)),),
            completed=completed,
            **fields,
        )
        return transact(lambda: create_bookings([draft], by=ana, now=NOW))[0]

    return make


@pytest.fixture
def make_invoice(
    company: Company, ana: Actor, make_booking: Callable[..., Booking]
) -> Callable[..., Invoice]:
    """A draft over one booking of 100.00, or over those given."""

    def make(*bookings: Booking, **fields: Any) -> Invoice:
        chosen = bookings or (make_booking(),)
        draft = InvoiceDraft(tuple(booking.pk for booking in chosen), **fields)
        return transact(lambda: make_invoices([draft], by=ana, now=NOW))[0]

    return make
