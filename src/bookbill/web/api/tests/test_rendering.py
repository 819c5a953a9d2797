import datetime as dt
import json
from decimal import Decimal
from uuid import UUID

import pytest

from bookbill.web.api.rendering import as_json


def test_values_are_written_as_the_contract_says() -> None:
    montreal = dt.timezone(dt.timedelta(hours=-4))
    written = as_json(
        {
            "at": dt.datetime(2026, 6, 30, 10, 5, 0, 120, tzinfo=montreal),
            "on": dt.date(2026, 6, 30),
            "clock": dt.time(14, 30),
            "id": UUID(int=7),
            "name": "Zoë",
            "none": None,
        }
    )
    assert json.loads(written) == {
        "at": "2026-06-30T14:05:00.000120Z",
        "on": "2026-06-30",
        "clock": "14:30",
        "id": "00000000-0000-0000-0000-000000000007",
        "name": "Zoë",
        "none": None,
    }


@pytest.mark.parametrize("value", [Decimal("1.10"), {1, 2}, float("nan"), object()])
def test_what_has_no_place_in_an_answer_is_our_mistake(value: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        as_json({"value": value})
