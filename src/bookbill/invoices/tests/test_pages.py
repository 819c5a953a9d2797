"""The pages of invoices, through the door that people use."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.rules import Status
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY


def test_generate_invoice_saves_a_draft_then_sends_it(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    address = f"/payments/invoices/new?bookings={booking.pk}"
    assert "Generate Invoice for B-1001" in desk.get(address).content.decode()

    answer = desk.post(
        address,
        {
            "bookings": str(booking.pk),
            "recipients": "a@x.example, b@y.example",
            "terms_days": "14",
            "note": "Thanks",
            "act": "draft",
        },
    )
    assert answer.status_code == 303
    invoice = Invoice.objects.get()
    assert invoice.status == Status.DRAFT
    assert invoice.extra_recipients == ["a@x.example", "b@y.example"]

    answer = desk.post(
        f"/payments/invoices/{invoice.pk}/sendings", {"recipients": "a@x.example", "act": "send"}
    )
    assert answer.status_code == 303
    assert Version.objects.count() == 1
    for tab in ("", "/versions", "/emails", "/history"):
        shown = desk.get(f"/payments/invoices/{invoice.pk}{tab}")
        assert shown.status_code == 200
        assert "INV-2026-00001" in shown.content.decode() or "INV-" in shown.content.decode()


def test_sending_from_a_page_that_is_behind_says_where_the_booking_is_by_now(
    desk: Client, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    booking = make_booking()
    draft = make_invoice(booking)
    form = {"bookings": str(booking.pk), "recipients": "a@x.example", "terms_days": "14", "act": "send"}

    answer = desk.post(f"/payments/invoices/new?bookings={booking.pk}", form)

    assert (answer.status_code, Invoice.objects.get().pk) == (422, draft.pk)
    assert "Booking B-1001 is already on a draft." in answer.content.decode()


def test_a_wrong_address_is_refused_beside_its_field_and_nothing_is_made(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    answer = desk.post(
        f"/payments/invoices/new?bookings={booking.pk}",
        {"bookings": str(booking.pk), "recipients": "not-an-address", "terms_days": "14", "act": "send"},
    )
    assert answer.status_code == 422
    assert "is not an email address" in answer.content.decode()
    assert not Invoice.objects.exists()


def test_the_preview_is_a_watermarked_pdf_and_stores_nothing(
    desk: Client, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    answer = desk.post(
        f"/payments/invoices/new?bookings={booking.pk}",
        {"bookings": str(booking.pk), "terms_days": "14", "act": "preview"},
    )
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF")
    assert not Invoice.objects.exists()


@pytest.mark.parametrize("path", ["", "/choose", "/instant"])
def test_every_page_opens_empty(desk: Client, path: str) -> None:
    assert desk.get(f"/payments/invoices{path}").status_code == 200


def test_the_list_takes_as_many_queries_for_one_invoice_as_for_thirty(
    desk: Client, make_invoice: Callable[..., Invoice], django_assert_max_num_queries: Any
) -> None:
    make_invoice()
    desk.get("/payments/invoices")
    with django_assert_max_num_queries(60) as one:
        desk.get("/payments/invoices")
    for _ in range(29):
        make_invoice()
    with django_assert_max_num_queries(len(one)):
        assert desk.get("/payments/invoices").status_code == 200


def test_to_invoice_is_a_total_and_what_of_it_is_due(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    paid, _other = make_booking(), make_booking(price="150.00")
    draft = PaymentDraft(paid.customer_id, "cash", 4_000, "CAD", TODAY, fill=(paid.pk,))
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    for path, said in (
        ("/payments/invoices", "2 bookings, $210.00 due"),
        (f"/customers/{paid.customer_id}/invoices", "1 booking, $60.00 due"),
    ):
        assert said in desk.get(path).content.decode()


def test_a_draft_has_no_versions_and_its_page_says_so(
    desk: Client, make_invoice: Callable[..., Invoice]
) -> None:
    answer = desk.get(f"/payments/invoices/{make_invoice().pk}/versions")
    assert (answer.status_code, list(answer.context["versions"])) == (200, [])


def test_each_booking_shows_its_money_and_apart_from_it_what_else_covers_it(
    desk: Client, ana: Actor, make_booking: Callable[..., Booking], make_invoice: Callable[..., Invoice]
) -> None:
    paid = make_booking()
    bare = make_booking(paid.customer)
    draft = PaymentDraft(
        customer_id=paid.customer_id,
        method="cash",
        amount_minor=3_000,
        currency="CAD",
        received_on=TODAY,
        fill=(paid.pk,),
    )
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    transact(lambda: reduce_claim(paid.pk, amount_minor=2_000, reason="Late", by=ana, now=NOW))
    transact(lambda: write_off(paid.pk, amount_minor=500, reason="Small", by=ana, now=NOW))
    invoice = make_invoice(paid, bare)

    shown = desk.get(f"/payments/invoices/{invoice.pk}").content.decode()

    lines = re.search(r'id="lines".*?</table>', shown, re.DOTALL)
    assert lines
    rows = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)).strip() for row in lines[0].split("<tr")[1:]]
    assert rows[0].endswith("Total Paid Balance")
    assert rows[1].endswith("$100.00 $30.00 Credited $20.00 Written off $5.00 $45.00")
    assert rows[2].endswith("$100.00 $0.00 $100.00")


@pytest.mark.parametrize("page", ["cancellation", "edit", "new"])
def test_enter_presses_what_is_safe(
    desk: Client,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
    make_sent: Callable[..., Invoice],
    page: str,
) -> None:
    """The first button of a form is what Enter in one of its fields presses."""
    booking = make_booking()
    make_booking(booking.customer)  # offers to put both on one
    where = {
        "cancellation": lambda: f"{make_sent(booking).pk}/cancellation",
        "edit": lambda: f"{make_invoice(booking).pk}/edit",
        "new": lambda: f"new?bookings={booking.pk}",
    }[page]()
    shown = desk.get(f"/payments/invoices/{where}").content.decode()
    form = re.split(r"<form[^>]*novalidate", shown)[1]
    first = re.findall(r"<button[^>]*>", form)[0]
    assert ('name="act" value="draft"' in first) is (page != "cancellation")
    assert ("name=" in first) is (page != "cancellation")
