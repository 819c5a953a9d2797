import datetime as dt
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import Field, ValidationError

from bookbill.web.api.schema import (
    AmountMinor,
    Body,
    Currency,
    Email,
    Id,
    IsoDate,
    Name,
    Note,
    Quantity,
    Recipients,
    text,
)


class Everything(Body):
    amount_minor: AmountMinor = 0
    quantity: Quantity = Decimal(1)
    service_date: IsoDate | None = None
    customer_id: Id | None = None
    email: Email = ""
    recipients: Recipients = []
    name: Name = "x"
    note: Note = ""
    flag: bool = False
    kind: Literal["percent", "amount"] = "amount"
    currency: Currency = "CAD"
    codes: Annotated[list[Annotated[str, text(3)]], Field(max_length=2)] = []


@pytest.mark.parametrize(
    ("field", "sent", "read"),
    [
        ("amount_minor", 11500, 11500),
        ("amount_minor", -(10**15), -(10**15)),
        ("quantity", "2.500", Decimal("2.500")),
        ("service_date", "2026-06-30", dt.date(2026, 6, 30)),
        ("customer_id", "01937ab1-0000-7000-8000-000000000001", UUID("01937ab1-0000-7000-8000-000000000001")),
        ("email", " Ana@Maple.CA ", "Ana@maple.ca"),
        ("recipients", "a@x.co, b@y.co;a@x.co", ["a@x.co", "b@y.co"]),
        ("name", "  Zoë  ", "Zoë"),
        ("note", "two\r\nlines", "two\nlines"),
        ("kind", "percent", "percent"),
    ],
)
def test_what_is_meant_is_read(field: str, sent: Any, read: Any) -> None:
    assert getattr(Everything.model_validate({field: sent}), field) == read


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("amount_minor", "11500"),
        ("amount_minor", 115.0),
        ("amount_minor", True),
        ("amount_minor", 10**15 + 1),
        ("amount_minor", None),
        ("quantity", 2),
        ("quantity", 2.5),
        ("quantity", "2.5555"),
        ("quantity", "1e3"),
        ("quantity", "1_000"),
        ("quantity", "٣"),
        ("quantity", "NaN"),
        ("quantity", " 1"),
        ("service_date", "2026-02-30"),
        ("service_date", "30/06/2026"),
        ("service_date", "20260630"),
        ("service_date", "1066-10-14"),
        ("service_date", 20260630),
        ("customer_id", "01937ab1000070008000000000000001"),
        ("customer_id", "{01937ab1-0000-7000-8000-000000000001}"),
        ("customer_id", "urn:uuid:01937ab1-0000-7000-8000-000000000001"),
        ("customer_id", 7),
        ("email", "a@[127.0.0.1]"),
        ("email", "a@b.co, c@d.co"),
        ("recipients", ["a@x.co"]),
        ("name", ""),
        ("name", "   "),
        ("name", "x" * 201),
        ("name", "a\x00b"),
        ("name", "a\ud800b"),
        ("name", "two\nlines"),
        ("flag", "true"),
        ("flag", 1),
        ("kind", "PERCENT"),
        ("currency", "cad"),
        ("codes", ["a", "b", "c"]),
        ("codes", "abc"),
        ("total_minor", 1),
    ],
)
def test_what_is_not_meant_is_refused(field: str, sent: Any) -> None:
    with pytest.raises(ValidationError):
        Everything.model_validate({field: sent})


def test_only_what_was_sent_counts_as_sent() -> None:
    assert Everything.model_validate({"note": ""}).sent() == {"note": ""}
