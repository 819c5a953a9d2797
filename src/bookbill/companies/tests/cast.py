"""The cast of the tests: a company with its people, and a twin that must never see anything of it.

A `conftest.py` says `from bookbill.companies.tests.cast import *` to have them.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bookbill.companies.actors import member_actor
from bookbill.companies.models import Company, Member, User
from bookbill.companies.rules import Role
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope

__all__ = [
    "NOW",
    "accountant",
    "company",
    "make_company",
    "make_member",
    "now",
    "office",
    "owner",
    "provider",
    "scoped",
    "twin",
]

NOW = dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.UTC)


@pytest.fixture
def now() -> dt.datetime:
    """The instant acts are told it is."""
    return NOW


@pytest.fixture
def make_company(db: None) -> Callable[..., Company]:
    def make(name: str = "Maple Cleaning", **fields: Any) -> Company:
        return Company.objects.create(
            **{"name": name, "currency": "CAD", "time_zone": "America/Toronto", **fields}
        )

    return make


@pytest.fixture
def company(make_company: Callable[..., Company]) -> Company:
    return make_company()


@pytest.fixture
def twin(make_company: Callable[..., Company]) -> Company:
    """Another tenant of the same installation."""
    return make_company("Harbour Gardens")


@pytest.fixture
def scoped(company: Company) -> Iterator[Company]:
    """The company, with its scope open for the whole test."""
    with scope(company=company):
        yield company


@pytest.fixture
def make_member(db: None) -> Callable[..., Member]:
    """``make_member(company, role)``: a person who may sign in with the password "correct horse"."""

    def make(
        company: Company, role: Role = Role.OWNER, *, name: str = "", user: User | None = None
    ) -> Member:
        user = user or User.objects.create_user(f"{role}.{new_id().hex[-12:]}@example.com", "correct horse")
        with scope(company=company):
            return Member.objects.create(
                company=company, user=user, role=role, name=name or role.value.title()
            )

    return make


@pytest.fixture
def owner(company: Company, make_member: Callable[..., Member]) -> Actor:
    return member_actor(company, make_member(company, Role.OWNER, name="Ana"))


@pytest.fixture
def office(company: Company, make_member: Callable[..., Member]) -> Actor:
    return member_actor(company, make_member(company, Role.OFFICE, name="Olu"))


@pytest.fixture
def accountant(company: Company, make_member: Callable[..., Member]) -> Actor:
    return member_actor(company, make_member(company, Role.ACCOUNTANT, name="Ada"))


@pytest.fixture
def provider(company: Company, make_member: Callable[..., Member]) -> Actor:
    return member_actor(company, make_member(company, Role.PROVIDER, name="Pat"))
