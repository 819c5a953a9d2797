"""Invoices that were sent."""

from collections.abc import Callable

import pytest

from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW


@pytest.fixture
def make_sent(ana: Actor, make_invoice: Callable[..., Invoice]) -> Callable[..., Invoice]:
    """An invoice as `make_invoice` makes it, sent."""

    def make(*bookings: object, **fields: object) -> Invoice:
        invoice = make_invoice(*bookings, **fields)
        transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
        return Invoice.objects.get(pk=invoice.pk)

    return make
