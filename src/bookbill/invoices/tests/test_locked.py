"""What a plan leaves out is shown, locked, with the sentence that says which plan has it."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.invoices.models import Invoice

REASON = "Invoicing comes with the Startup plan."


@pytest.mark.parametrize(("plan", "locked"), [("free", True), ("startup", False), ("grow", False)])
def test_pages_show_invoicing_locked_with_the_reason(
    desk: Client,
    company: Company,
    make_sent: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    plan: str,
    locked: bool,
) -> None:
    invoice, booking = make_sent(), make_booking()
    Company.objects.filter(pk=company.pk).update(plan=plan)
    for address in (
        "/payments/invoices",
        f"/payments/invoices/{invoice.pk}",
        f"/bookings/{booking.pk}",
        f"/customers/{booking.customer_id}/invoices",
        "/",
    ):
        page = desk.get(address).content.decode()
        assert (REASON in page) is locked, address
        assert ("btn-locked" in page) is locked, address
    refused = desk.get("/payments/invoices/choose").content.decode()
    assert (REASON in refused and "See the plans" in refused) is locked
    assert ("What you have stays readable" in desk.get("/payments/invoices").content.decode()) is locked
    assert desk.get(f"/payments/invoices/{invoice.pk}/pdf").status_code == 200
    assert desk.get(f"/payments/invoices/{invoice.pk}/payments").status_code == 200
