"""Programs and browsers of the tests: `api_of(actor)` has a key, `page_of(actor)` is signed in."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from bookbill.companies.keys import hash_of, new_secret
from bookbill.companies.models import ApiKey, Member
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scopes_disabled


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
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        return self.client.generic(
            method.upper(), f"/api/v1{path}", text, content_type="application/json", headers=sent
        )

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
