"""The customer's page in a real browser: its script says that it was seen, and nothing is refused or refuses."""

import time
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.companies.models import Company
from bookbill.customers.actions import create_customer
from bookbill.invoices.actions.drafting import make_invoices
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY, make_company

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _on_the_day_of_the_story() -> None:
    """The real day: a browser's clock is not ours to move."""


@pytest.fixture
def invoice(transactional_db: None) -> Invoice:
    """Sent, in a database that commits."""
    company, ana = make_company()

    def act() -> Invoice:
        customer = create_customer({"name": "Maple", "email": "ap@maple.example"}, by=ana, now=NOW)
        items = (ItemDraft(description="Office clean", unit_price=Decimal("100.00")),)
        draft = BookingDraft(customer_id=customer.pk, service_date=TODAY, items=items, completed=True)
        booking = create_bookings([draft], by=ana, now=NOW)[0]
        made = make_invoices([InvoiceDraft((booking.pk,))], by=ana, now=NOW)[0]
        send_invoices([made.pk], by=ana, now=NOW)
        return made

    with scope(company=Company.objects.get(pk=company.pk)):
        return transact(act)


def is_viewed(invoice: Invoice) -> bool:
    with scope(company=invoice.company_id):
        return Invoice.objects.filter(pk=invoice.pk, viewed_at__isnull=False).exists()


def test_looking_at_it_notes_the_view_without_a_cookie(page: Page, site: str, invoice: Invoice) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    with page.expect_response(lambda answer: answer.url.endswith("/views")) as noted:
        page.goto(f"{site}/i/{invoice.link_token}")
    assert noted.value.status == 204
    assert is_viewed(invoice)
    assert page.get_by_text("Office clean").is_visible()
    assert page.context.cookies() == []
    assert complaints == []


def test_a_program_that_only_fetches_notes_nothing(
    browser: Browser, browser_context_args: Any, site: str, invoice: Invoice
) -> None:
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/i/{invoice.link_token}")
    assert page.get_by_text("Office clean").is_visible()
    assert page.get_by_role("link", name="Download PDF").is_visible()
    time.sleep(0.5)
    context.close()
    assert not is_viewed(invoice)
