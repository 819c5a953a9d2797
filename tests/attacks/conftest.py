"""A company with one of everything, and the browsers and programs that try to break it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.companies import limits
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from tests.attacks.world import World, make_world
from tests.support.cast import NOW


@pytest.fixture(autouse=True)
def _nobody_tried_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_counts", {})
    cache.clear()


@pytest.fixture(autouse=True)
def _on_the_day_of_the_story(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def api(ana: Actor, api_of: Callable[[Actor], ApiClient]) -> ApiClient:
    """A program with the owner's key."""
    return api_of(ana)


@pytest.fixture
def desk(ana: Actor, page_of: Callable[[Actor], Client]) -> Client:
    """The owner's browser, signed in."""
    return page_of(ana)


@pytest.fixture
def world(
    company: Company,
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> World:
    """One of everything, every promise kept: PDFs made, mails in the mailbox."""
    return make_world(company, ana, make_customer, make_booking, make_invoice)
