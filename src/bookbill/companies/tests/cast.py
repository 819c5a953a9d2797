"""The cast of the tests: a company with its people, and a twin that must never see anything of it.

A `conftest.py` says `from bookbill.companies.tests.cast import *` to have them.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from bookbill.companies.actors import member_actor
from bookbill.companies.keys import hash_of, new_secret
from bookbill.companies.models import ApiKey, Company, Member, User
from bookbill.companies.rules import Role
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope, scopes_disabled

__all__ = [
    "NOW",
    "ApiClient",
    "accountant",
    "api_of",
    "company",
    "make_company",
    "make_member",
    "now",
    "office",
    "owner",
    "page_of",
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


@dataclass
class ApiClient:
    """A program with a key: ``api.post("/bookings", {…}, key="once").json()``."""

    secret: str
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def request(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Any:
        sent = {
            "Authorization": f"Bearer {self.secret}",
            **({"Idempotency-Key": key} if key is not None else {}),
        }
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(self.client, method)(f"/api/v1{path}", headers=sent, **data)

    def get(self, path: str, **headers: str) -> Any:
        return self.request("get", path, **headers)

    def post(self, path: str, body: Any = None, **options: Any) -> Any:
        return self.request("post", path, {} if body is None else body, **options)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.request("patch", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.request("delete", path, **headers)


@pytest.fixture
def api_of() -> Callable[[Actor], ApiClient]:
    """``api_of(owner)``: a client of the API with a key of that member."""

    def make(actor: Actor) -> ApiClient:
        secret = new_secret()
        assert actor.member_id
        with scopes_disabled():
            ApiKey.objects.create(
                company_id=actor.company_id,
                member_id=actor.member_id,
                name="Till",
                prefix=secret[:10],
                key_hash=hash_of(secret),
            )
        return ApiClient(secret)

    return make


@pytest.fixture
def page_of() -> Callable[[Actor], Client]:
    """``page_of(owner)``: a browser without JavaScript, signed in as that member."""

    def make(actor: Actor) -> Client:
        client = Client(raise_request_exception=False)
        assert actor.member_id
        with scopes_disabled():
            client.force_login(Member.objects.select_related("user").get(pk=actor.member_id).user)
        return client

    return make
