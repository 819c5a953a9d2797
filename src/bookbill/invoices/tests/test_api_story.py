"""The whole way over HTTP: from a customer to a paid, changed, sent again and cancelled invoice."""

import io
from typing import Any

import pypdf
import pytest

from bookbill.bookings.models import Booking
from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.models import Message
from bookbill.work.draining import drain

pytestmark = pytest.mark.both_databases


def text_of(pdf: bytes) -> str:
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def made(answer: Any) -> Any:
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_booking_becomes_a_paid_invoice_and_what_follows(api: ApiClient) -> None:
    customer = made(
        api.post(
            "/customers",
            {
                "name": "Maple Offices",
                "email": "front@maple.example",
                "billing_address": {"line1": "1 Front St", "city": "Toronto"},
            },
        )
    )
    tax = made(
        api.post(
            "/tax-codes",
            {
                "name": "Quebec",
                "inclusive": False,
                "components": [
                    {"name": "GST", "rate": "5", "compound": False},
                    {"name": "QST", "rate": "9.975", "compound": False},
                ],
            },
        )
    )
    assert [component["rate"] for component in tax["components"]] == ["5", "9.975"]
    booking = made(
        api.post(
            "/bookings",
            {
                "customer_id": customer["id"],
                "service_date": "2026-06-30",
                "start_time": "09:30",
                "items": [
                    {"description": "Office clean", "quantity": "2.5", "unit": "h", "unit_price": "46.00"}
                ],
                "discount": {"kind": "amount", "value": "15.00"},
                "tax_code_id": tax["id"],
            },
        )
    )
    assert (booking["subtotal_minor"], booking["discount_minor"]) == (11_500, 1_500)
    assert [(row["name"], row["base_minor"], row["amount_minor"]) for row in booking["taxes"]] == [
        ("GST", 10_000, 500),
        ("QST", 10_000, 998),
    ]
    assert (booking["total_minor"], booking["due_minor"], booking["currency"]) == (11_498, 11_498, "CAD")
    assert booking["items"][0] | {"quantity": "2.5", "unit_price": "46.00"} == booking["items"][0]

    assert made(api.post(f"/bookings/{booking['id']}/completion"))["state"] == "completed"
    assert api.get(f"/customers/{customer['id']}/balance").json() == {
        "due_minor": 0,
        "overdue_minor": 0,
        "credit_minor": 0,
        "prepaid_minor": 0,
        "to_invoice_minor": 11_498,
        "currency": "CAD",
    }

    draft = made(
        api.post(
            "/invoices",
            {"booking_ids": [booking["id"]], "note": "Thank you!", "extra_recipients": "books@maple.example"},
        )
    )
    at = f"/invoices/{draft['id']}"
    assert (draft["number"], draft["status"], draft["total_minor"]) == (None, "draft", 11_498)
    assert draft["recipients"] == ["front@maple.example", "books@maple.example"]
    preview = text_of(api.get(f"{at}/pdf").content)
    assert "Not sent" in preview

    sent = made(api.post(f"{at}/sendings", {}, key="send-once"))
    again = api.post(f"{at}/sendings", {}, key="send-once")
    assert again.json() == sent
    assert (sent["n"], sent["pdf_sha256"], sent["total_minor"]) == (1, None, 11_498)
    drain()
    invoice = api.get(at).json()
    assert (invoice["status"], invoice["number"], len(invoice["versions"])) == ("sent", sent["number"], 1)
    assert invoice["versions"][0]["pdf_sha256"]
    assert {message["recipient"] for message in invoice["messages"]} == set(draft["recipients"])
    first_pdf = api.get(f"{at}/pdf")
    assert first_pdf["Content-Type"] == "application/pdf"
    assert first_pdf.content == api.get(f"{at}/versions/1/pdf").content
    printed = text_of(first_pdf.content)
    for fact in (sent["number"], booking["number"], "Office clean", "114.98", "Thank you!", "Maple Offices"):
        assert fact in printed
    assert "Not sent" not in printed

    paid = {"customer_id": customer["id"], "method": "cheque", "currency": "CAD", "invoice_id": invoice["id"]}
    part = made(api.post("/payments", {**paid, "amount_minor": 5_000, "received_on": "2026-07-01"}))
    assert part["allocations"] == [{"booking_id": booking["id"], "amount_minor": 5_000}]
    assert api.get(at).json()["status"] == "partially_paid"
    rest = made(api.post("/payments", {**paid, "amount_minor": 7_000, "received_on": "2026-07-02"}))
    assert rest["credit_minor"] == 502
    settled = api.get(at).json()
    assert (settled["status"], settled["due_minor"], settled["paid_minor"]) == ("paid", 0, 11_498)
    assert [
        payment["id"] for payment in api.get(f"/payments?invoice_id={invoice['id']}").json()["items"]
    ] == [
        rest["id"],
        part["id"],
    ]

    read = api.get(f"/bookings/{booking['id']}")
    changed = api.patch(
        f"/bookings/{booking['id']}",
        {"items": [{"description": "Office clean", "unit_price": "200.00"}], "discount": None},
        If_Match=read["ETag"],
    )
    assert (changed.status_code, changed.json()["total_minor"]) == (200, 22_995)
    live = api.get(at).json()
    assert (live["status"], live["due_minor"]) == ("partially_paid", 11_497)
    assert "changed_since_sent" in live["marks"]
    assert "credit_to_place" in live["marks"]
    assert [row["id"] for row in api.get("/invoices?mark=changed_since_sent").json()["items"]] == [live["id"]]
    assert "Not sent" in text_of(api.get(f"{at}/pdf").content)
    frozen = api.get(f"{at}/versions/1").json()
    assert frozen["document"]["totals"]["total_minor"] == 11_498
    assert api.get(f"{at}/versions/1/pdf").content == first_pdf.content

    second = made(api.post(f"{at}/sendings", {"recipients": "boss@maple.example; front@maple.example"}))
    assert (second["n"], second["number"]) == (2, sent["number"])
    pdf = api.get(f"{at}/pdf").content  # before the worker came: made here and now
    assert "229.95" in text_of(pdf)
    drain()
    assert api.get(f"{at}/versions/2/pdf").content == pdf
    assert Message.objects.filter(version_n=2).count() == 2
    assert api.get(at).json()["marks"] == ["credit_to_place"]

    cancelled = made(api.post(f"{at}/cancellation", {"reason": "Wrong address", "notify": True}))
    assert (cancelled["status"], cancelled["due_minor"], cancelled["total_minor"]) == ("cancelled", 0, 22_995)
    assert [row["total_minor"] for row in cancelled["bookings"]] == [22_995]
    free = api.get(f"/bookings/{booking['id']}").json()
    assert (free["invoice_id"], free["paid_minor"]) == (None, 11_498)
    balance = api.get(f"/customers/{customer['id']}/balance").json()
    assert (balance["due_minor"], balance["prepaid_minor"], balance["credit_minor"]) == (0, 11_498, 502)
    assert Booking.objects.to_invoice().count() == 1

    types = [event["type"] for event in api.get("/events?limit=200").json()["items"]]
    assert types.count("invoice.sent") == 2
    assert types[-1] == "invoice.cancelled"
