"""The doors of invoices, as Ana uses them."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.companies.models import Member
from bookbill.companies.tests.clients import ApiClient
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW


@pytest.fixture
def api(ana: Actor, api_of: Callable[[Actor], ApiClient]) -> ApiClient:
    """Ana's key."""
    return api_of(ana)


@pytest.fixture
def desk(ana: Actor) -> Client:
    """Ana's browser, signed in."""
    client = Client()
    client.force_login(Member.objects.get(role="owner").user)
    return client


@pytest.fixture
def make_sent(ana: Actor, make_invoice: Callable[..., Invoice]) -> Callable[..., Invoice]:
    """An invoice as `make_invoice` makes it, sent."""

    def make(*bookings: object, **fields: object) -> Invoice:
        invoice = make_invoice(*bookings, **fields)
        transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
        return Invoice.objects.get(pk=invoice.pk)

    return make
