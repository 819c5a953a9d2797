"""What a plan leaves out is shown, locked, with the sentence that says which plan has it."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.invoices.models import Invoice
from tests.support.cast import NOW, TODAY

REASON = "Invoicing comes with the Startup plan."
LOCKED = re.compile(
    r'="/payments/invoices(/[0-9a-f-]{36})?/(edit|details|sendings|reminders|copies|cancelled-copies|new|instant)["?]'
    '|formaction="/payments/invoices/selections'
)
"""A link, form or button that leads to an act which the plan leaves out."""


@pytest.mark.parametrize(("plan", "locked"), [("free", True), ("startup", False), ("grow", False)])
def test_pages_show_invoicing_locked_with_the_reason(
    desk: Client,
    company: Company,
    make_sent: Callable[..., Invoice],
    make_invoice: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    time_machine: Any,
    plan: str,
    locked: bool,
) -> None:
    time_machine.move_to(NOW)
    invoice, draft = make_sent(), make_invoice()
    booking, ahead = make_booking(), make_booking(completed=False, service_date=TODAY + dt.timedelta(days=1))
    Company.objects.filter(pk=company.pk).update(plan=plan)
    for address in (
        "/payments/invoices",
        f"/payments/invoices/{invoice.pk}",
        f"/bookings/{booking.pk}",
        f"/customers/{booking.customer_id}/invoices",
        "/",
        "/bookings",
        f"/customers/{booking.customer_id}/bookings",
        f"/payments/invoices/{draft.pk}",
        f"/payments/invoices/{invoice.pk}/menu",
        f"/payments/invoices/{invoice.pk}/cancellation",
        f"/payments/invoices/{draft.pk}/menu",
        f"/bookings/{ahead.pk}/menu",
        f"/customers/{booking.customer_id}/menu",
    ):
        page = desk.get(address).content.decode()
        assert (REASON in page) is locked, address
        assert ("btn-locked" in page or "menu-locked" in page) is locked, address
        assert not (locked and LOCKED.search(page)), address
        assert not (locked and 'value="make_new"' in page), address
    refused = desk.get("/payments/invoices/choose").content.decode()
    assert (REASON in refused and "See the plans" in refused) is locked
    assert ("What you have stays readable" in desk.get("/payments/invoices").content.decode()) is locked
    assert desk.get(f"/payments/invoices/{invoice.pk}/pdf").status_code == 200
    assert desk.get(f"/payments/invoices/{invoice.pk}/payments").status_code == 200


def test_the_palette_shows_invoicing_locked_and_leads_to_the_plans(desk: Client, company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(plan="free")
    found = desk.get("/search", {"q": "invoice"}).content.decode()
    assert "Generate Invoice" in found
    assert REASON in found
    assert 'href="/payments/invoices/choose"' not in found
    assert 'href="/payments/invoices/instant"' not in found
    assert 'href="/settings/plan"' in found
