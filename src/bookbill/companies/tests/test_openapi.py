import json
import re
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("bookbill.companies.tests.toy_urls")


@pytest.fixture
def document(db: None) -> Any:
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_the_document_is_openapi_31_and_needs_no_key(document: Any) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["ApiKeyAuth"] == {"type": "http", "scheme": "bearer"}


def test_every_operation_asks_for_a_key_and_says_how_it_refuses(document: Any) -> None:
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) > 5
    for operation in operations:
        assert operation["security"] == [{"ApiKeyAuth": []}]
        assert "default" in operation["responses"]


def test_what_is_sent_is_described_as_it_is_read(document: Any) -> None:
    member = document["components"]["schemas"]["MemberIn"]
    assert member["additionalProperties"] is False
    assert member["properties"]["email"]["format"] == "email"
    assert member["properties"]["name"]["maxLength"] == 200
    post = document["paths"]["/api/v1/members"]["post"]
    assert [parameter["name"] for parameter in post["parameters"]] == ["Idempotency-Key"]
    get = document["paths"]["/api/v1/members"]["get"]
    assert {parameter["name"] for parameter in get["parameters"]} == {"limit", "cursor", "role"}


def test_every_reference_leads_somewhere(document: Any) -> None:
    for reference in re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document)):
        target = document
        for step in reference.split("/"):
            target = target[step]
