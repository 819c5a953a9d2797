"""What every route of the API refuses alike, whatever it is about."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.ids import new_id

DOCUMENT = json.loads((Path(__file__).resolve().parent.parent / "openapi.json").read_text())
OPERATIONS = [(path, method) for path, operations in DOCUMENT["paths"].items() for method in operations]
WITH_BODY = [(path, method) for path, method in OPERATIONS if method in ("post", "patch")]
LISTS = [
    path
    for path, operations in DOCUMENT["paths"].items()
    if "{" not in path and "cursor" in str(operations.get("get"))
]
DEEP = b'{"a":' * 50 + b"1" + b"}" * 50


def at(path: str) -> str:
    """The address with ids of nothing in it."""
    return re.sub(r"\{[a-z_]+\}", str(new_id()), path)


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_without_a_key_nothing_is_said(db: None, client: Client, path: str, method: str) -> None:
    refused = getattr(client, method)(at(path))

    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    assert refused["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"\xff{}", "application/json", 400),
        (b'{"reason": NaN}', "application/json", 400),
        (b'{"reason": 1e999}', "application/json", 422),
        (b'{"reason": "a", "reason": "b"}', "application/json", 400),
        (DEEP, "application/json", 400),
        (b'{"a":"' + b"x" * 2_100_000 + b'"}', "application/json", 413),
        (b"[]", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b'{"surprise": 1}', "application/json", 422),
        (b'{"reason": "a"}', "text/plain", 415),
        (b"reason=a", "application/x-www-form-urlencoded", 415),
    ],
    ids=[
        "cut",
        "no utf-8",
        "NaN",
        "infinite",
        "doubled",
        "deep",
        "huge",
        "list",
        "text",
        "unknown",
        "plain",
        "form",
    ],
)
def test_a_body_that_cannot_be_meant_is_refused_and_changes_nothing(
    company: Company, api: ApiClient, body: bytes, content_type: str, status: int
) -> None:
    before = Entry.objects.count()
    for path, method in WITH_BODY:
        refused = api.client.generic(
            method.upper(), at(path), body, content_type, headers={"Authorization": f"Bearer {api.secret}"}
        )
        assert refused.status_code == status, (path, method, refused.content)
        assert refused["Content-Type"] == "application/problem+json"
    assert Entry.objects.count() == before


@pytest.mark.parametrize("path", LISTS)
def test_a_list_refuses_filters_it_does_not_know(api: ApiClient, path: str) -> None:
    for query in ("page=1", "order=id", "id__gt=1", "limit=0", "limit=1&limit=x", "cursor=eyJ"):
        refused = api.client.get(f"{path}?{query}", headers={"Authorization": f"Bearer {api.secret}"})
        assert refused.status_code == 422, query


@pytest.mark.parametrize(("path", "method"), [("/api/v1/nothing", "get"), ("/api/v1/customers", "delete"),
                                              ("/api/v1/events", "post"), ("/api/v1/payments/7", "put")])  # fmt: skip
def test_what_is_not_offered_is_refused_as_a_problem(api: ApiClient, path: str, method: str) -> None:
    refused = getattr(api.client, method)(path, headers={"Authorization": f"Bearer {api.secret}"})

    assert refused.status_code in (404, 405)
    assert refused["Content-Type"] == "application/problem+json"
