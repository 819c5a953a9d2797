"""Whatever is thrown at the API, it answers as its OpenAPI document says, and never with a crash."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.tests.clients import ApiClient
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

DOCUMENT = Path(__file__).resolve().parent.parent / "openapi.json"
OPERATIONS = [
    (path, method)
    for path, operations in json.loads(DOCUMENT.read_text())["paths"].items()
    for method in operations
]
Known = dict[str, str]


@cache
def schema() -> Any:
    import schemathesis

    loaded = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text()))
    loaded.app = get_wsgi_application()
    return loaded


@pytest.fixture(autouse=True)
def one_connection() -> Iterator[None]:
    """The test's own, for every request; Django's test client does the same."""
    request_started.disconnect(close_old_connections)
    request_finished.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def known(
    ana: Actor,
    tax_code: TaxCode,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> Known:
    """Ids that exist, so that what is thrown comes further than the first look-up."""
    booking = make_booking()
    draft = PaymentDraft(
        customer_id=booking.customer_id, method="cash", amount_minor=500, currency="CAD", received_on=TODAY
    )
    payment = transact(lambda: record_payments([draft], by=ana, now=NOW))[0]
    return {
        "customer_id": str(booking.customer_id),
        "booking_id": str(booking.pk),
        "invoice_id": str(make_invoice().pk),
        "payment_id": str(payment.pk),
        "tax_code_id": str(tax_code.pk),
        "provider_id": str(ana.member_id),
    }


def with_known(value: Any, known: Known) -> Any:
    """The same value, with ids that exist in the places of ids."""
    if isinstance(value, dict):
        return {
            name: known[name]
            if name in known and isinstance(inner, str)
            else [known["booking_id"]]
            if name == "booking_ids" and isinstance(inner, list)
            else with_known(inner, known)
            for name, inner in value.items()
        }
    return [with_known(inner, known) for inner in value] if isinstance(value, list) else value


def throw(path: str, method: str, secret: str, known: Known, *, examples: int) -> None:
    from schemathesis import GenerationMode
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

    operation = schema()[path][method.upper()]
    cases = st.one_of(
        operation.as_strategy(GenerationMode.POSITIVE), operation.as_strategy(GenerationMode.NEGATIVE)
    )

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases, use_known=st.booleans())
    def each(case: Any, *, use_known: bool) -> None:
        if use_known:
            case.path_parameters = with_known(dict(case.path_parameters), known)
            case.body = with_known(case.body, known)
        case.call_and_validate(
            headers={"Authorization": f"Bearer {secret}"},
            checks=[not_a_server_error, content_type_conformance, response_schema_conformance],
        )

    each()


@pytest.mark.filterwarnings("ignore")  # schemathesis's own
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_crashes(
    path: str, method: str, known: Known, ana: Actor, api_of: Callable[[Actor], ApiClient]
) -> None:
    throw(path, method, api_of(ana).secret, known, examples=8)


@pytest.mark.long
@pytest.mark.both_databases
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_no_request_of_very_many_crashes(
    path: str, method: str, known: Known, ana: Actor, api_of: Callable[[Actor], ApiClient]
) -> None:
    throw(path, method, api_of(ana).secret, known, examples=400)
