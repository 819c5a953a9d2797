import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from bookbill.documents.document import (
    DoesNotAddUp,
    UnknownSchema,
    from_json_bytes,
    sum_taxes,
    to_json_bytes,
    with_number,
)
from bookbill.documents.tests.builders import GST_QST, HST, HST_INCLUDED, make_block, make_document

STORED = Path(__file__).parent / "stored_schema_1.json"


def test_a_document_comes_back_equal_from_its_bytes() -> None:
    document = make_document(
        [
            make_block(1, tax=GST_QST, discount="15", paid_minor=500),
            make_block(2, ("Désherbage 日本", "2.5", "46.2"), tax=HST_INCLUDED),
        ]
    )
    assert from_json_bytes(to_json_bytes(document)) == document


def test_the_bytes_are_canonical() -> None:
    content = to_json_bytes(make_document(2))
    again = json.dumps(json.loads(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert content == again.encode("utf-8")
    assert to_json_bytes(from_json_bytes(content)) == content


def test_what_was_stored_under_schema_1_is_read_and_written_unchanged_for_ever() -> None:
    content = STORED.read_bytes()
    assert sha256(content).hexdigest() == "0d79ead2bae09337c6522fad585beae7effa64ed508745ba6684f695619a6dd0"
    document = from_json_bytes(content)
    assert (document.schema, document.number, document.totals.total_minor) == (1, "INV-2026-01042", 24198)
    assert to_json_bytes(document) == content


def test_a_number_put_in_later_gives_the_bytes_of_the_document_that_has_it() -> None:
    without = replace(
        make_document(2),
        number=None,
        issue_date=None,
        due_date=None,
        note='"number":null,"issue_date":null,"due_date":null',
    )
    number, issued, due = 'Nº {n} "7"', "2026-06-30", "2026-07-14"
    content = with_number(
        to_json_bytes(without).decode(), number=number, issue_date=issued, due_date=due
    ).encode()
    assert content == to_json_bytes(replace(without, number=number, issue_date=issued, due_date=due))


@pytest.mark.parametrize("schema", [2, 0, None, "1", 1.0, True])
def test_an_unknown_schema_is_refused(schema: object) -> None:
    data = json.loads(to_json_bytes(make_document()))
    data["schema"] = schema
    with pytest.raises(UnknownSchema, match="reads 1"):
        from_json_bytes(json.dumps(data).encode())


def test_a_key_no_reader_knows_is_refused() -> None:
    data = json.loads(to_json_bytes(make_document()))
    data["seller"]["slogan"] = "clean"
    with pytest.raises(TypeError, match="slogan"):
        from_json_bytes(json.dumps(data).encode())


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("booking", {"total_minor": 11499}),
        ("booking", {"due_minor": 1}),
        ("booking", {"tax_minor": 1499}),
        ("totals", {"total_minor": 1}),
        ("totals", {"paid_minor": 1}),
        ("totals", {"due_minor": 0}),
        ("totals", {"taxes": ()}),
    ],
)
def test_figures_that_contradict_each_other_are_not_frozen(part: str, change: dict[str, Any]) -> None:
    document = make_document([make_block(1, tax=GST_QST)])
    if part == "booking":
        wrong = replace(document, bookings=(replace(document.bookings[0], **change),))
    else:
        wrong = replace(document, totals=replace(document.totals, **change))
    with pytest.raises(DoesNotAddUp):
        to_json_bytes(wrong)


def test_a_cancelled_document_has_nothing_due() -> None:
    document = make_document([make_block(1, paid_minor=300)], status="cancelled")
    assert document.totals.due_minor == 0
    assert document.totals.paid_minor == 300
    assert from_json_bytes(to_json_bytes(document)) == document


def test_equal_taxes_of_several_bookings_are_one_row() -> None:
    bookings = [make_block(1, tax=GST_QST), make_block(2, tax=HST), make_block(3, tax=GST_QST)]
    rows = sum_taxes(tax for booking in bookings for tax in booking.taxes)
    assert [(row.name, row.base_minor, row.amount_minor) for row in rows] == [
        ("GST", 20000, 1000),
        ("QST", 20000, 1996),
        ("HST", 10000, 1300),
    ]
