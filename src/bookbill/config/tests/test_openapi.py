"""The OpenAPI document is a promise to programs: a change of it is seen in review."""

import json
from pathlib import Path

from django.test import Client

from bookbill.config.api import openapi_json

WITH_REVISION = ("/api/v1/mail-texts/{kind}/{language}",)  # a DELETE after which the resource is still there
COMMITTED = Path(__file__).resolve().parents[4] / "openapi.json"


def test_the_committed_document_is_the_one_that_is_served(client: Client, db: None) -> None:
    served = client.get("/api/v1/openapi.json")

    assert openapi_json() == COMMITTED.read_text(), (
        "run: .venv/bin/bookbill django export_openapi > openapi.json"
    )
    assert served.json() == json.loads(COMMITTED.read_text())


def test_every_operation_has_a_name_a_sentence_and_an_error() -> None:
    document = json.loads(COMMITTED.read_text())
    operations = [operation for path in document["paths"].values() for operation in path.values()]

    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert [operation["operationId"] for operation in operations if not operation.get("description")] == []
    assert all("default" in operation["responses"] for operation in operations)
    assert document["openapi"] == "3.1.0"


def test_every_post_takes_an_idempotency_key_and_every_edit_a_revision() -> None:
    document = json.loads(COMMITTED.read_text())
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            headers = {
                parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"
            }
            assert headers == {
                "post": {"Idempotency-Key"},
                "patch": {"If-Match"},
                "put": {"If-Match"},
                "delete": {"If-Match"} if path in WITH_REVISION else set(),
            }.get(method, set())
