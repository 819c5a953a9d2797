"""Tax codes and services over time: what changes in place, what gets a successor, and who follows."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from bookbill.activity.models import Entry
from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.catalogue import (
    ComponentDraft,
    archive_service,
    create_service,
    create_tax_code,
    edit_service,
)
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.succession import archive_tax_code, edit_tax_code
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, Service, TaxCode
from bookbill.companies.actions import update_company
from bookbill.companies.models import Company
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.duplicating import duplicate_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.money.pricing import Discount
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

THIRTEEN, FIFTEEN = ComponentDraft("HST", Decimal(13)), ComponentDraft("HST", Decimal(15))


@pytest.fixture
def hst(company: Company, ana: Actor) -> TaxCode:
    return transact(lambda: create_tax_code(name="HST", components=[THIRTEEN], by=ana, now=NOW))


def raised(code: TaxCode, ana: Actor, **changes: Any) -> TaxCode:
    """The code with another rate."""
    changes = changes or {"components": [FIFTEEN]}
    return transact(lambda: edit_tax_code(code.pk, changes, by=ana, now=NOW))


def with_service(ana: Actor, code: TaxCode | None, name: str = "Deep clean") -> Service:
    return transact(
        lambda: create_service(
            name=name, unit_price=Decimal(100), tax_code_id=code.pk if code else None, by=ana, now=NOW
        )
    )


def refusal(act: Callable[[], Any]) -> RuleBroken:
    with pytest.raises(RuleBroken) as refused:
        transact(act)
    return refused.value


def test_a_code_that_no_booking_carries_is_edited_in_place(hst: TaxCode, ana: Actor) -> None:
    service = with_service(ana, hst)
    after = raised(hst, ana, name="HST 15 %", inclusive=True, components=[FIFTEEN])
    assert (after.pk, after.name, after.inclusive, after.archived_at) == (hst.pk, "HST 15 %", True, None)
    assert after.terms().components[0].rate == 15
    service.refresh_from_db()
    assert service.tax_code_id == hst.pk
    assert Entry.objects.of_subject("tax_code", hst.pk)[0].type == "tax_code.edited"


def test_a_code_that_a_booking_carries_gets_a_successor_and_the_booking_stays(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(tax_code_id=hst.pk)
    service = with_service(ana, hst)
    transact(lambda: update_company({"default_tax_code_id": hst.pk}, by=ana, now=NOW))
    successor = raised(hst, ana)
    hst.refresh_from_db()
    assert (hst.successor_id, hst.archived_at, f"{hst.terms().components[0].rate:.0f}") == (
        successor.pk,
        NOW,
        "13",
    )
    assert (successor.name, f"{successor.terms().components[0].rate:.0f}") == ("HST", "15")
    service.refresh_from_db()
    assert service.tax_code_id == successor.pk
    assert Company.objects.get().default_tax_code_id == successor.pk
    booking.refresh_from_db()
    assert (booking.total_minor, booking.tax_code_id) == (11_300, hst.pk)
    entry = Entry.objects.of_subject("tax_code", hst.pk)[0]
    assert (entry.type, entry.before["components"], entry.after["components"]) == (
        "tax_code.succeeded",
        ["HST 13"],
        ["HST 15"],
    )
    assert Entry.objects.of_subject("service", service.pk)[0].after == {"tax_code_id": str(successor.pk)}


def test_saving_a_code_as_it_is_makes_no_successor(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    make_booking(tax_code_id=hst.pk)
    assert raised(hst, ana, name="HST", inclusive=False, components=[THIRTEEN]).pk == hst.pk
    assert TaxCode.objects.count() == 1


def test_a_replaced_code_is_edited_no_more_and_names_the_one_in_force(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    make_booking(tax_code_id=hst.pk)
    newer = raised(hst, ana, name="HST 15 %", components=[FIFTEEN])
    refused = refusal(lambda: edit_tax_code(hst.pk, {"name": "Again"}, by=ana, now=NOW))
    assert (refused.code, refused.message) == (
        "tax_code_archived",
        "“HST” was replaced by “HST 15 %”. Use that one.",
    )
    make_booking(tax_code_id=newer.pk)
    newest = raised(newer, ana, name="HST 16 %")
    assert TaxCode.objects.in_force(hst.pk) == newest


def test_an_edit_over_someone_elses_is_refused(hst: TaxCode, ana: Actor) -> None:
    raised(hst, ana)
    stale = refusal(lambda: edit_tax_code(hst.pk, {"name": "Mine"}, revision=1, by=ana, now=NOW))
    assert stale.code == "stale"


def test_a_new_booking_is_refused_a_replaced_code_and_an_old_one_keeps_it(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(tax_code_id=hst.pk)
    raised(hst, ana)
    with pytest.raises(RuleBroken) as refused:
        make_booking(tax_code_id=hst.pk)
    assert (refused.value.code, refused.value.field) == ("tax_code_archived", "tax_code_id")
    dearer = BookingEdit({}, (ItemDraft(description="Office clean", unit_price=Decimal(200)),))
    edited = transact(lambda: edit_booking(booking.pk, dearer, by=ana, now=NOW))
    assert edited.total_minor == 22_600
    fee = ItemDraft(description="Fee", unit_price=Decimal(10))
    cancelled = transact(lambda: cancel_booking(booking.pk, fee=fee, reason="", by=ana, now=NOW))
    assert cancelled.total_minor == 1_130


def test_a_booking_is_not_moved_to_a_replaced_code(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    make_booking(tax_code_id=hst.pk)
    raised(hst, ana)
    other = make_booking(tax_code_id=None)
    for edit in (
        BookingEdit({"tax_code_id": hst.pk}),
        BookingEdit({}, (ItemDraft(description="Job", unit_price=Decimal(1), tax_code_id=hst.pk),)),
    ):
        assert (
            refusal(lambda edit=edit: edit_booking(other.pk, edit, by=ana, now=NOW)).code  # type: ignore[misc]
            == "tax_code_archived"
        )


def test_a_duplicated_invoice_is_taxed_as_today(
    hst: TaxCode,
    ana: Actor,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    invoice = make_invoice(make_booking(tax_code_id=hst.pk))
    raised(hst, ana)
    copy = transact(lambda: duplicate_invoice(invoice.pk, service_date=TODAY, by=ana, now=NOW))
    assert (invoice.total_minor, copy.total_minor) == (11_300, 11_500)


def test_a_code_in_use_is_not_archived_and_says_what_uses_it(hst: TaxCode, ana: Actor) -> None:
    service = with_service(ana, hst)
    transact(lambda: update_company({"default_tax_code_id": hst.pk}, by=ana, now=NOW))
    assert "default tax" in refusal(lambda: archive_tax_code(hst.pk, archived=True, by=ana, now=NOW)).message
    transact(lambda: update_company({"default_tax_code_id": None}, by=ana, now=NOW))
    assert (
        refusal(lambda: archive_tax_code(hst.pk, archived=True, by=ana, now=NOW)).message
        == "1 service has “HST”. Give it another tax first."
    )
    transact(lambda: archive_service(service.pk, archived=True, by=ana, now=NOW))
    assert transact(lambda: archive_tax_code(hst.pk, archived=True, by=ana, now=NOW)).archived_at == NOW
    back = refusal(lambda: archive_service(service.pk, archived=False, by=ana, now=NOW))
    assert back.code == "tax_code_archived"
    assert transact(lambda: archive_tax_code(hst.pk, archived=False, by=ana, now=NOW)).archived_at is None
    types = [entry.type for entry in Entry.objects.of_subject("tax_code", hst.pk)]
    assert types == ["tax_code.restored", "tax_code.archived", "tax_code.created"]


def test_a_replaced_code_is_not_brought_back(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    make_booking(tax_code_id=hst.pk)
    raised(hst, ana)
    refused = refusal(lambda: archive_tax_code(hst.pk, archived=False, by=ana, now=NOW))
    assert refused.code == "tax_code_archived"


def test_a_changed_service_changes_no_booking_even_when_that_is_priced_again(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    service = with_service(ana, None)
    booking = make_booking(items=(ItemDraft(service_id=service.pk),))
    changes = {"unit_price": Decimal(250), "tax_code_id": hst.pk, "name": "Deeper clean"}
    transact(lambda: edit_service(service.pk, changes, by=ana, now=NOW))
    booking.refresh_from_db()
    assert booking.total_minor == 10_000
    discount = BookingEdit({"discount": Discount("amount", Decimal(5))})
    assert transact(lambda: edit_booking(booking.pk, discount, by=ana, now=NOW)).total_minor == 9_500
    assert booking.items.get().description == "Deep clean"
    later = make_booking(items=(ItemDraft(service_id=service.pk),))
    assert (later.total_minor, later.items.get().description) == (28_250, "Deeper clean")
    assert Entry.objects.of_subject("service", service.pk)[0].before["unit_price"] == "100"


def test_a_line_takes_its_own_tax_then_its_services_then_the_bookings(
    hst: TaxCode, ana: Actor, make_booking: Callable[..., Booking]
) -> None:
    reduced = transact(
        lambda: create_tax_code(name="Reduced", components=[ComponentDraft("R", Decimal(5))], by=ana, now=NOW)
    )
    zero = transact(
        lambda: create_tax_code(
            name="Zero", components=[ComponentDraft("Z", Decimal(0), category="zero")], by=ana, now=NOW
        )
    )
    service = with_service(ana, reduced)
    booking = make_booking(
        tax_code_id=hst.pk,
        items=(
            ItemDraft(service_id=service.pk, tax_code_id=zero.pk),
            ItemDraft(service_id=service.pk),
            ItemDraft(description="Own", unit_price=Decimal(1)),
        ),
    )
    taken = [item.tax_code_id for item in booking.items.order_by("position")]
    assert taken == [zero.pk, reduced.pk, hst.pk]


def test_a_booking_that_says_nothing_takes_the_usual_tax_and_one_that_says_none_does_not(
    hst: TaxCode, ana: Actor, make_customer: Callable[..., Customer]
) -> None:
    transact(lambda: update_company({"default_tax_code_id": hst.pk}, by=ana, now=NOW))
    items = (ItemDraft(description="Job", unit_price=Decimal(100)),)
    customer = make_customer()
    drafts = [
        BookingDraft(customer.pk, TODAY, items),
        BookingDraft(customer.pk, TODAY, items, tax_code_id=None),
    ]
    usual, untaxed = transact(lambda: create_bookings(drafts, by=ana, now=NOW))
    assert (usual.total_minor, untaxed.total_minor) == (11_300, 10_000)
    assert untaxed.items.get().tax_code_id is None


def test_another_reason_of_an_exemption_reaches_what_is_not_settled(
    ana: Actor, make_customer: Callable[..., Customer], make_booking: Callable[..., Booking]
) -> None:
    customer = make_customer(tax_exempt=True, exemption_reason="Charity")
    waiting, done = make_booking(customer, completed=False), make_booking(customer)
    transact(lambda: edit_customer(customer.pk, {"exemption_reason": "Diplomat"}, by=ana, now=NOW))
    for booking in (waiting, done):
        booking.refresh_from_db()
    assert (waiting.exemption_reason, done.exemption_reason) == ("Diplomat", "Charity")
    assert Entry.objects.of_subject("booking", waiting.pk)[0].type == "booking.repriced"


def test_a_booking_that_had_money_keeps_its_tax_though_the_money_is_gone(
    ana: Actor, hst: TaxCode, make_customer: Callable[..., Customer], make_booking: Callable[..., Booking]
) -> None:
    customer = make_customer()
    booking = make_booking(customer, completed=False, tax_code_id=hst.pk)
    deposit = PaymentDraft(
        customer_id=customer.pk,
        method="cash",
        amount_minor=500,
        currency="CAD",
        received_on=TODAY,
        placing={booking.pk: 500},
    )
    paid = transact(lambda: record_payments([deposit], by=ana, now=NOW))[0]
    transact(lambda: reverse_payment(paid.pk, reason="Somebody else's", by=ana, now=NOW))
    exempt = {"tax_exempt": True, "exemption_reason": "Charity"}
    transact(lambda: edit_customer(customer.pk, exempt, by=ana, now=NOW))
    booking.refresh_from_db()
    assert booking.total_minor == 11_300


def test_a_booking_that_was_billed_keeps_its_tax_though_the_invoice_was_cancelled(
    ana: Actor,
    hst: TaxCode,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    customer = make_customer()
    booking = make_booking(customer, completed=False, tax_code_id=hst.pk)
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    transact(lambda: cancel_invoice(invoice.pk, reason="Too early", by=ana, now=NOW))
    exempt = {"tax_exempt": True, "exemption_reason": "Charity"}
    transact(lambda: edit_customer(customer.pk, exempt, by=ana, now=NOW))
    booking.refresh_from_db()
    assert (booking.invoice_id, booking.total_minor) == (None, 11_300)
