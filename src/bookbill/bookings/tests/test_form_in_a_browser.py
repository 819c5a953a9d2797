"""The booking's form as it is typed: lines that fill themselves in, further lines, the sums beside them."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from bookbill.bookings.actions.catalogue import create_service
from bookbill.bookings.models import Booking, TaxCode
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def signed_in(page: Page, site: str, ana: Actor, page_of: Callable[[Actor], Client]) -> Page:
    """Ana's browser."""
    session = page_of(ana).cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}])
    return page


def test_a_booking_is_made_with_two_clicks_and_its_total_is_seen_before(
    signed_in: Page, site: str, ana: Actor, make_customer: Callable[..., Customer], tax_code: TaxCode
) -> None:
    page, customer = signed_in, make_customer()
    transact(lambda: create_service(name="Deep clean", unit_price=Decimal(115), by=ana, now=NOW))
    page.goto(f"{site}/bookings/new?customer={customer.pk}")
    lines = page.locator("fieldset.line:visible")
    expect(lines).to_have_count(1)
    page.locator("#id_tax_code").select_option(label="HST 13 %")
    lines.get_by_label("Service").select_option(label="Deep clean")
    expect(lines.get_by_label("Price")).to_have_value("115.00")
    expect(page.locator("#sums")).to_contain_text("$129.95")

    page.get_by_role("button", name="Add a line").click()
    lines.nth(1).get_by_label("Description").fill("Parking")
    lines.nth(1).get_by_label("Price").fill("10")
    expect(page.locator("#sums")).to_contain_text("$141.25")

    page.get_by_role("button", name="Add a line").click()
    lines.nth(1).get_by_role("button", name="Remove this line").click()
    expect(page.locator("#sums")).to_contain_text("$129.95")

    page.get_by_role("button", name="Save and complete").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("B-1001")
    booking = Booking.objects.get()
    assert (booking.total_minor, booking.items.count(), booking.state) == (12_995, 1, "completed")
