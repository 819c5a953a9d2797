"""The same work once more, as a draft: over the lines of a live invoice, and over what a cancelled one said."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.booking import delete_booking
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.catalogue import ComponentDraft, create_service
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, BookingItem, TaxCode
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.models import Invoice
from bookbill.invoices.rules import Status
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.money.pricing import Discount
from tests.support.cast import NOW, make_tax_code

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]
LIST = "/payments/invoices"


def text(answer: Any) -> str:
    return str(answer.content.decode())


def test_a_duplicate_is_a_draft_over_new_bookings_with_the_same_lines(
    desk: Client, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    customer = Customer.objects.get(pk=make_booking().customer_id)
    old = make_sent(make_booking(customer, price="40.00"), make_booking(customer, price="60.00"), note="Hi")
    answer = desk.post(f"{LIST}/{old.pk}/copies")
    new = Invoice.objects.exclude(pk=old.pk).get()
    assert answer["Location"] == f"{LIST}/{new.pk}/edit?copy={old.pk}"
    assert "Taxes are those of today" not in text(desk.get(answer["Location"]))
    assert (new.status, new.total_minor, new.note, new.paid_minor) == (Status.DRAFT, 10_000, "Hi", 0)
    lines = Booking.objects.filter(invoice=new).values_list("items__description", "total_minor")
    assert sorted(lines) == [("Office clean", 4_000), ("Office clean", 6_000)]


def test_the_same_press_of_duplicate_makes_one_draft(desk: Client, make_sent: Make) -> None:
    old = make_sent()
    for count, page in enumerate((f"{LIST}/{old.pk}", f"{LIST}/{old.pk}/menu"), 1):
        shown = text(desk.get(page)).split(f'action="{LIST}/{old.pk}/copies"')[1]
        once = re.findall(r'name="operation_id" value="([^"]+)"', shown)[0]
        for _ in range(2):
            assert desk.post(f"{LIST}/{old.pk}/copies", {"operation_id": once}).status_code == 303
        assert Invoice.objects.filter(status=Status.DRAFT).count() == count


@pytest.mark.parametrize("cancelled", [False, True])
@pytest.mark.parametrize(
    ("code", "change", "said"),
    [
        ("HST 13 %", {"components": [ComponentDraft("HST", Decimal(15))]}, "HST 15% in place of HST 13%."),
        ("HST 13 %", {"inclusive": True}, "HST 13% (included in the prices) in place of HST 13%."),
        ("HST 13 %", {"tax_exempt": True, "exemption_reason": "Status card"}, "HST 13% no longer applies. The customer is tax exempt: Status card"),
        ("", {"tax_exempt": False}, "HST 13% where there was none. The customer is no longer tax exempt."),
    ],
    ids=["successor", "inclusive", "exempt now", "exempt no more"],
)  # fmt: skip
def test_a_duplicate_says_where_its_taxes_are_others(
    desk: Client,
    ana: Actor,
    make_sent: Make,
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
    tax_code: TaxCode,
    cancelled: bool,
    code: str,
    change: dict[str, Any],
    said: str,
) -> None:
    customer = make_customer() if code else make_customer(tax_exempt=True, exemption_reason="Status card")
    old = make_sent(make_booking(customer, tax_code_id=tax_code.pk))
    if "tax_exempt" in change:
        transact(lambda: edit_customer(customer.pk, change, by=ana, now=NOW))
    else:
        transact(lambda: edit_tax_code(tax_code.pk, change, by=ana, now=NOW))
    if cancelled:
        transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))

    page = text(desk.get(desk.post(f"{LIST}/{old.pk}/copies")["Location"]))

    assert "Taxes are those of today" in page
    assert said in " ".join(re.sub("<[^>]*>", " ", page).split())
    copy = Invoice.objects.get(status=Status.DRAFT)
    for odd in ("", "x", "%00", str(customer.pk)):
        assert "Taxes are those of today" not in text(desk.get(f"{LIST}/{copy.pk}/edit?copy={odd}"))


def test_a_cancelled_invoice_may_be_duplicated_too(desk: Client, ana: Actor, make_sent: Make) -> None:
    old = make_sent()
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))
    assert desk.post(f"{LIST}/{old.pk}/copies").status_code == 303
    assert Invoice.objects.get(status=Status.DRAFT).total_minor == 10_000


HALF = BookingEdit(
    {"discount": Discount("percent", Decimal(50))},
    (ItemDraft(description="Office clean", unit_price=Decimal(70)),),
)


@pytest.mark.parametrize(
    "since",
    ["edited", "discounted", "discounted, then cancelled", "cancelled with a fee", "cancelled"],
)
def test_a_duplicate_of_a_cancelled_invoice_is_what_was_sent(
    desk: Client,
    ana: Actor,
    make_sent: Make,
    make_booking: Callable[..., Booking],
    since: str,
) -> None:
    service = transact(lambda: create_service(name="Clean", unit_price=Decimal(100), by=ana, now=NOW))
    line = ItemDraft(description="Office clean", unit_price=Decimal(100), service_id=service.pk)
    booking = make_booking(items=(line,))
    old = make_sent(booking)
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))
    fee = ItemDraft(description="Late", unit_price=Decimal(20))
    acts: dict[str, Callable[[], object]] = {
        "edited": lambda: edit_booking(booking.pk, HALF, by=ana, now=NOW),
        "discounted": lambda: edit_booking(booking.pk, BookingEdit(HALF.fields), by=ana, now=NOW),
        "discounted, then cancelled": lambda: (
            edit_booking(booking.pk, BookingEdit(HALF.fields), by=ana, now=NOW),
            cancel_booking(booking.pk, fee=None, reason="x", by=ana, now=NOW),
        ),
        "cancelled with a fee": lambda: cancel_booking(booking.pk, fee=fee, reason="x", by=ana, now=NOW),
        "cancelled": lambda: cancel_booking(booking.pk, fee=None, reason="x", by=ana, now=NOW),
    }
    transact(acts[since])

    assert desk.post(f"{LIST}/{old.pk}/copies").status_code == 303

    copy = Invoice.objects.get(status=Status.DRAFT)
    made = BookingItem.objects.get(booking__invoice=copy)
    assert (copy.total_minor, made.description) == (10_000, "Office clean")
    # Where the booking's lines are still the same, they stay those of the catalogue.
    assert (made.service_id == service.pk) == since.startswith("cancelled")


@pytest.mark.parametrize("inclusive", [False, True])
def test_a_duplicate_outlives_the_bookings_of_a_cancelled_invoice(
    desk: Client,
    ana: Actor,
    make_sent: Make,
    make_booking: Callable[..., Booking],
    company: Company,
    inclusive: bool,
) -> None:
    discount = Discount("amount", Decimal("7.00"))
    code = make_tax_code(company, inclusive=inclusive)
    planned = make_booking(completed=False, tax_code_id=code.pk, discount=discount)
    old = make_sent(planned)
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))
    transact(lambda: delete_booking(planned.pk, by=ana, now=NOW))

    assert desk.post(f"{LIST}/{old.pk}/copies").status_code == 303
    copy = Invoice.objects.get(status=Status.DRAFT)
    assert (copy.total_minor, copy.tax_minor) == (old.total_minor, old.tax_minor)
    made = Booking.objects.get(invoice=copy)
    assert made.items.values_list("description", "tax_code").get() == ("Office clean", code.pk)


@pytest.mark.parametrize("since", ["", "cancelled", "edited"])
def test_a_duplicate_to_an_exempt_customer_is_what_was_sent_or_says_why_not(
    api: ApiClient,
    ana: Actor,
    company: Company,
    make_sent: Make,
    make_booking: Any,
    make_customer: Any,
    since: str,
) -> None:
    code = make_tax_code(company, inclusive=True)
    exempt = make_customer(tax_exempt=True, exemption_reason="Status card")
    booking = make_booking(exempt, tax_code_id=code.pk)
    old = make_sent(booking)
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))
    if since == "cancelled":
        transact(lambda: cancel_booking(booking.pk, fee=None, reason="x", by=ana, now=NOW))
    elif since == "edited":
        transact(lambda: edit_booking(booking.pk, HALF, by=ana, now=NOW))

    copied = api.post(f"/invoices/{old.pk}/copies")

    if since == "edited":
        assert (copied.status_code, copied.json()["code"]) == (409, "booking_changed")
        assert f"Booking {booking.number} was changed since" in copied.json()["detail"]
    else:
        assert (copied.status_code, copied.json()["total_minor"]) == (201, old.total_minor)


def test_a_duplicate_to_an_exempt_customer_has_the_discount_that_was_sent(
    api: ApiClient, ana: Actor, make_sent: Make, make_booking: Any, make_customer: Any
) -> None:
    exempt = make_customer(tax_exempt=True, exemption_reason="Status card")
    booking = make_booking(exempt, discount=Discount("percent", Decimal(10)))
    old = make_sent(booking)
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))
    transact(lambda: edit_booking(booking.pk, BookingEdit(HALF.fields), by=ana, now=NOW))
    transact(lambda: cancel_booking(booking.pk, fee=None, reason="x", by=ana, now=NOW))
    assert api.post(f"/invoices/{old.pk}/copies").json()["total_minor"] == 9_000


def test_a_duplicate_has_the_tax_that_was_sent_whatever_its_booking_was_given_since(
    api: ApiClient, ana: Actor, company: Company, make_sent: Make, make_booking: Any
) -> None:
    sent, since = make_tax_code(company), make_tax_code(company, "GST 5 %", "5")
    booking = make_booking(tax_code_id=sent.pk)
    old = make_sent(booking)
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))
    edit = BookingEdit(
        {"tax_code_id": since.pk}, (ItemDraft(description="Office clean", unit_price=Decimal(100)),)
    )
    transact(lambda: edit_booking(booking.pk, edit, by=ana, now=NOW))
    transact(lambda: cancel_booking(booking.pk, fee=None, reason="x", by=ana, now=NOW))
    assert api.post(f"/invoices/{old.pk}/copies").json()["total_minor"] == old.total_minor == 11_300


@pytest.mark.parametrize("inclusive", [False, True])
def test_a_duplicate_says_what_it_cannot_know_of_a_deleted_booking(
    api: ApiClient,
    ana: Actor,
    company: Company,
    make_sent: Make,
    make_booking: Any,
    make_customer: Any,
    inclusive: bool,
) -> None:
    """Which taxes the prices contained that an exempt customer did not pay."""
    customer = make_customer(tax_exempt=True, exemption_reason="Status card")
    code = make_tax_code(company, inclusive=inclusive)
    discount = Discount("amount", Decimal("7.00"))
    planned = make_booking(customer, completed=False, tax_code_id=code.pk, discount=discount)
    old = make_sent(planned)
    transact(lambda: cancel_invoice(old.pk, reason="Wrong", by=ana, now=NOW))
    transact(lambda: delete_booking(planned.pk, by=ana, now=NOW))

    copied = api.post(f"/invoices/{old.pk}/copies")

    if inclusive:
        assert (copied.status_code, copied.json()["code"]) == (409, "booking_gone")
        assert planned.number in copied.json()["detail"]
        assert not Invoice.objects.filter(status=Status.DRAFT).exists()
    else:
        assert (copied.status_code, copied.json()["total_minor"]) == (201, old.total_minor)
