"""What the tests of bookings over HTTP send."""

from collections.abc import Callable
from typing import Any

import pytest

from bookbill.customers.models import Customer


@pytest.fixture
def body(make_customer: Callable[..., Customer]) -> dict[str, Any]:
    return {
        "customer_id": str(make_customer().pk),
        "service_date": "2026-06-30",
        "items": [{"description": "Office clean", "unit_price": "115.00"}],
    }
