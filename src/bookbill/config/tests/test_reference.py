"""The readable page of the API."""

import re

from django.test import Client

from bookbill.config.reference import Type, prose, reference, type_of


def test_every_operation_and_object_stands_on_the_page(client: Client, db: None) -> None:
    answer = client.get("/api/v1/docs")
    page = answer.content.decode().replace("<wbr>", "")

    assert answer.status_code == 200
    for group in reference().groups:
        for operation in group.operations:
            assert f"{operation.method} {operation.path}" in page
    anchors = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= anchors
    assert "<script>" not in page
    assert " style=" not in page


def test_what_the_source_wraps_runs_on_and_code_is_marked() -> None:
    assert (
        prose("A `total_minor` of\none <b>.\n\nMore.")
        == "A <code>total_minor</code> of one &lt;b&gt;.\n\nMore."
    )


def test_a_type_is_said_in_words() -> None:
    assert type_of({"$ref": "#/components/schemas/BookingOut"}) == Type("BookingOut", "BookingOut")
    assert type_of({"allOf": [{"$ref": "#/x/AddressIn"}], "default": {}}) == Type("AddressIn", "AddressIn")
    assert type_of({"type": "array", "items": {"$ref": "#/x/ItemIn"}}) == Type("list of ItemIn", "ItemIn")
    assert type_of({"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}) == Type(
        "date or null"
    )
    assert type_of({"enum": ["percent", "amount"], "type": "string"}) == Type("percent | amount")
    assert type_of({"type": "string", "pattern": r"^-?[0-9]{1,13}(\.[0-9]{1,4})?$"}) == Type(
        "decimal in text"
    )
    assert type_of({"type": "string", "maxLength": 200}) == Type("text, at most 200 characters")
