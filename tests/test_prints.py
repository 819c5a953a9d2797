"""What an invoice says is the same on the staff's page, the customer's page, paper, in the mail and for programs (domain.md §3)."""

import html
import io
import re
from collections.abc import Callable
from decimal import Decimal

import pypdf
import pytest
from django.test import Client
from django.utils.html import strip_tags

from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.delivery.composing import MailCause
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.emails import compose_version_mail
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.tasks import ensure_pdf
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.money.pricing import Discount
from tests.support.cast import NOW

ADDRESS = dict.fromkeys(("line1", "line2", "city", "region", "postal_code", "country"), "")
WHERE = ("staff", "customer", "paper", "mail")


@pytest.fixture
def sent(
    ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice], tax_code: TaxCode
) -> Invoice:
    items = (
        ItemDraft(description="Office clean", unit_price=Decimal(46), quantity=Decimal("2.5"), unit="h"),
        ItemDraft(description="Windows", unit_price=Decimal(15)),
    )
    invoice = make_invoice(
        make_booking(items=items, tax_code_id=tax_code.pk, discount=Discount("amount", Decimal(30)))
    )
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    ensure_pdf(Version.objects.get())
    return Invoice.objects.get()


def words(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(strip_tags(page)))


def texts(invoice: Invoice, staff: Client) -> dict[str, str]:
    """What each of the four says, as one line of text."""
    paper = pypdf.PdfReader(io.BytesIO(staff.get(f"/i/{invoice.link_token}/pdf").content))
    mail = Message.objects.order_by("pk").last()
    assert mail
    return {
        "staff": words(staff.get(f"/payments/invoices/{invoice.pk}").content.decode()),
        "customer": words(staff.get(f"/i/{invoice.link_token}").content.decode()),
        "paper": words(" ".join(page.extract_text() for page in paper.pages)),
        "mail": words(compose_version_mail(MailCause.of(mail)).html),
    }


def test_each_booking_its_quantities_its_tax_and_every_sum_stand_everywhere(
    ana: Actor, sent: Invoice, page_of: Callable[[Actor], Client], api_of: Callable[[Actor], ApiClient]
) -> None:
    said = texts(sent, page_of(ana))
    booking = api_of(ana).get(f"/invoices/{sent.pk}").json()["bookings"][0]
    for where in WHERE:
        for fact in (booking["number"], "Jun 30, 2026", "Office clean", "2.5 h", "46.00", "Windows"):
            assert fact in said[where], (where, fact)
        for fact in ("Subtotal", "130.00", "Discount", "30.00", "HST 13% on $100.00", "13.00", "113.00"):
            assert fact in said[where], (where, fact)
    assert "$13.00" in said["staff"]
    assert "Tax 13%" in said["customer"]
    assert "with $13.00 tax" in said["mail"]
    assert [(tax["base_minor"], tax["amount_minor"]) for tax in booking["taxes"]] == [(10_000, 1_300)]
    assert [(item["quantity"], item["unit_price"]) for item in booking["items"]] == [
        ("2.5", "46.00"),
        ("1", "15.00"),
    ]


def test_whom_it_bills_and_the_terms_stand_everywhere(
    ana: Actor,
    company: Company,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    page_of: Callable[[Actor], Client],
    api_of: Callable[[Actor], ApiClient],
) -> None:
    Company.objects.filter(pk=company.pk).update(terms_and_conditions={"en": "Keys are kept in a safe."})
    customer = make_customer(
        "Joe Maple",
        company_name="Maple Offices",
        phone="+1 514 555 0199",
        purchase_order="PO-7741",
        billing_address={**ADDRESS, "line1": "88 Avenue du Parc", "city": "Hull"},
        tax_ids=[{"scheme": "eu_vat", "value": "BE 1"}],
    )
    invoice = make_invoice(make_booking(customer))
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    ensure_pdf(Version.objects.get())

    said = texts(Invoice.objects.get(), page_of(ana))
    facts = (
        "INV-2026-00001",
        "Jul 1",
        "Maple Offices",
        "Joe Maple",
        "joe@customer.example",
        "+1 514 555 0199",
        "88 Avenue du Parc",
        "Hull",
    )
    for where in WHERE:
        for fact in (*facts, "EU VAT BE 1", "PO-7741", "Keys are kept in a safe."):
            assert fact in said[where], (where, fact)
    answer = api_of(ana).get(f"/invoices/{invoice.pk}").json()
    assert (answer["billing"]["phone"], answer["billing"]["purchase_order"]) == ("+1 514 555 0199", "PO-7741")
    assert answer["terms_and_conditions"] == "Keys are kept in a safe."


def test_the_price_of_one_thing_stands_beside_a_discounted_amount_everywhere(
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    page_of: Callable[[Actor], Client],
) -> None:
    one = ItemDraft(description="Office clean", unit_price=Decimal(100))
    invoice = make_invoice(make_booking(items=(one,), discount=Discount("percent", Decimal(10))))
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    ensure_pdf(Version.objects.get())
    for where, said in texts(Invoice.objects.get(), page_of(ana)).items():
        beside = said.split("Office clean", 1)[1].split("Subtotal")[0]
        assert "100.00" in beside, (where, beside)


def test_a_cancelled_one_says_everywhere_why_nothing_is_due(
    ana: Actor, sent: Invoice, page_of: Callable[[Actor], Client]
) -> None:
    transact(lambda: cancel_invoice(sent.pk, reason="Wrong", notify=True, by=ana, now=NOW))
    ensure_pdf(Version.objects.get(kind="cancelled"))
    said = texts(sent, page_of(ana))
    for where in WHERE:
        assert re.search(r"No longer due: cancelled ?−\$113\.00", said[where]), where
