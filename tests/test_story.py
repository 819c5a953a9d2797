"""A long random story of everyday acts; whatever happens, every invariant holds afterwards."""

import datetime as dt
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bookbill.bookings.actions.booking import complete_bookings, create_bookings, delete_booking
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.catalogue import ComponentDraft
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.repricing_runs import reprice_next, start_repricing
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, Repricing, TaxCode
from bookbill.bookings.priced_with import priced_with
from bookbill.companies.actions import update_company
from bookbill.companies.models import AfterSending, Company
from bookbill.customers.actions import create_customer, edit_customer
from bookbill.customers.models import Customer
from bookbill.invoices.actions.bulk import delete_each, pay_each, send_each
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import delete_draft, edit_invoice, make_invoices
from bookbill.invoices.actions.duplicating import duplicate_invoice
from bookbill.invoices.actions.holding import hold_sending, undo_sending
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.reminding import remind_invoices
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import place_payment, record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.errors import RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.money.pricing import Discount
from bookbill.operations.verify.command import verify
from tests.support.cast import NOW, make_company, make_tax_code

pytestmark = pytest.mark.both_databases

Act = tuple[str, int, int, int]
ACTS = (
    "book", "complete", "reprice", "discount", "cancel_booking", "cancel_with_fee", "delete_booking", "move", "invoice", "instant", "send",
    "send_two", "edit_draft", "delete_draft", "pay", "pay_invoice", "pay_too_much", "place", "reverse", "write_off", "reduce",
    "cancel_invoice", "cancel_and_make_new", "gather", "remind", "schedule", "undo", "duplicate", "send_each", "pay_each", "delete_each",
    "rename", "exempt", "policy", "replace_code", "follow_code", "usual_tax",
)  # fmt: skip


class Story:
    """The state is the database; each act picks its objects by number, and may be refused."""

    def __init__(self) -> None:
        self.company, self.by = make_company(f"Company {Company.objects.count()}")
        self.now = NOW
        with scope(company=self.company):
            self.codes = [
                make_tax_code(self.company),
                make_tax_code(self.company, "VAT", "20", inclusive=True),
                None,
            ]
            for name in ("Maple", "Oak"):
                transact(partial(self.add_customer, name))

    def add_customer(self, name: str) -> None:
        create_customer({"name": name, "email": f"{name}@customer.example"}, by=self.by, now=self.now)

    def act(self, act: Act) -> None:
        name, one, two, amount = act
        self.now += dt.timedelta(hours=7)
        try:
            transact(lambda: getattr(self, name)(one, two, amount))
        except RuleBroken:
            pass  # a refusal is part of the story; it must leave nothing behind

    def pick(self, rows: Any, number: int) -> Any:
        found = list(rows.order_by("pk"))
        if not found:
            raise RuleBroken("nothing", "nothing there yet")
        return found[number % len(found)]

    def items(self, one: int, amount: int) -> tuple[ItemDraft, ...]:
        code: TaxCode | None = self.codes[one % 3]
        price = Decimal(amount) / 100
        first = ItemDraft(
            description="Work",
            quantity=Decimal(one % 4 + 1),
            unit_price=price,
            tax_code_id=code.pk if code else None,
        )
        return (
            (first, ItemDraft(description="Supplies", unit_price=Decimal("3.333"))) if one % 2 else (first,)
        )

    def book(self, one: int, two: int, amount: int) -> None:
        customer = self.pick(Customer.objects, one)
        draft = BookingDraft(
            customer.pk,
            self.now.date() - dt.timedelta(days=two),
            self.items(two, amount),
            completed=bool(two % 3),
        )
        create_bookings([draft], by=self.by, now=self.now)

    def instant(self, one: int, two: int, amount: int) -> None:
        customer = self.pick(Customer.objects, one)
        draft = BookingDraft(
            customer.pk, self.now.date(), self.items(two, amount), completed=True, is_instant=True
        )
        made = create_bookings([draft], by=self.by, now=self.now)[0]
        make_invoices([InvoiceDraft((made.pk,))], by=self.by, now=self.now)

    def complete(self, one: int, two: int, amount: int) -> None:
        complete_bookings(
            [self.pick(Booking.objects.filter(state="scheduled"), one).pk], by=self.by, now=self.now
        )

    def reprice(self, one: int, two: int, amount: int) -> None:
        edit_booking(
            self.pick(Booking.objects, one).pk,
            BookingEdit({}, self.items(two, amount)),
            by=self.by,
            now=self.now,
        )

    def discount(self, one: int, two: int, amount: int) -> None:
        discount = (
            Discount("percent", Decimal(two % 101)) if two % 2 else Discount("amount", Decimal(amount) / 100)
        )
        edit_booking(
            self.pick(Booking.objects, one).pk, BookingEdit({"discount": discount}), by=self.by, now=self.now
        )

    def move(self, one: int, two: int, amount: int) -> None:
        fields = {"customer_id": self.pick(Customer.objects, two).pk}
        edit_booking(self.pick(Booking.objects, one).pk, BookingEdit(fields), by=self.by, now=self.now)

    def cancel_booking(self, one: int, two: int, amount: int) -> None:
        cancel_booking(
            self.pick(Booking.objects, one).pk, fee=None, reason="weather", by=self.by, now=self.now
        )

    def cancel_with_fee(self, one: int, two: int, amount: int) -> None:
        fee = ItemDraft(description="Late cancellation", unit_price=Decimal(amount) / 200)
        cancel_booking(
            self.pick(Booking.objects, one).pk, fee=fee, reason="too late", by=self.by, now=self.now
        )

    def delete_booking(self, one: int, two: int, amount: int) -> None:
        delete_booking(self.pick(Booking.objects, one).pk, by=self.by, now=self.now)

    def invoice(self, one: int, two: int, amount: int) -> None:
        first = self.pick(Booking.objects.to_invoice(), one)
        others = (
            Booking.objects.to_invoice()
            .filter(customer=first.customer_id)
            .exclude(pk=first.pk)
            .order_by("pk")[: two % 3]
        )
        make_invoices([InvoiceDraft((first.pk, *(other.pk for other in others)))], by=self.by, now=self.now)

    def send(self, one: int, two: int, amount: int) -> None:
        send_invoices([self.pick(Invoice.objects, one).pk], by=self.by, now=self.now, mark_only=bool(two % 2))

    def send_two(self, one: int, two: int, amount: int) -> None:
        ids = {self.pick(Invoice.objects, one).pk, self.pick(Invoice.objects, two).pk}
        send_invoices(sorted(ids), by=self.by, now=self.now)

    def edit_draft(self, one: int, two: int, amount: int) -> None:
        invoice = self.pick(Invoice.objects, one)
        own = Booking.objects.filter(customer=invoice.customer_id, invoice=None, state="completed").order_by(
            "pk"
        )[: two % 3 + 1]
        edit_invoice(
            invoice.pk,
            {"booking_ids": [booking.pk for booking in own], "note": "changed"},
            by=self.by,
            now=self.now,
        )

    def delete_draft(self, one: int, two: int, amount: int) -> None:
        delete_draft(self.pick(Invoice.objects, one).pk, by=self.by, now=self.now)

    def draft(self, customer_id: Any, amount: int, **fields: Any) -> PaymentDraft:
        return PaymentDraft(customer_id, "cheque", amount, self.company.currency, self.now.date(), **fields)

    def pay(self, one: int, two: int, amount: int) -> None:
        booking = self.pick(Booking.objects, one)
        record_payments(
            [self.draft(booking.customer_id, amount, placing={booking.pk: min(amount, 1 + two)})],
            by=self.by,
            now=self.now,
        )

    def pay_invoice(self, one: int, two: int, amount: int) -> None:
        invoice = self.pick(Invoice.objects, one)
        record_payment_on_invoice(
            invoice.pk, self.draft(invoice.customer_id, amount), by=self.by, now=self.now
        )

    def pay_too_much(self, one: int, two: int, amount: int) -> None:
        invoice = self.pick(Invoice.objects, one)
        record_payment_on_invoice(
            invoice.pk, self.draft(invoice.customer_id, amount + 50_000), by=self.by, now=self.now
        )

    def place(self, one: int, two: int, amount: int) -> None:
        payment = self.pick(Payment.objects, one)
        booking = self.pick(Booking.objects.filter(customer=payment.customer_id), two)
        place_payment(payment.pk, {booking.pk: min(amount, payment.amount_minor)}, by=self.by, now=self.now)

    def reverse(self, one: int, two: int, amount: int) -> None:
        reverse_payment(self.pick(Payment.objects, one).pk, reason="typed twice", by=self.by, now=self.now)

    def write_off(self, one: int, two: int, amount: int) -> None:
        write_off(
            self.pick(Booking.objects, one).pk,
            amount_minor=amount % 2_000 + 1,
            reason="lost",
            by=self.by,
            now=self.now,
        )

    def reduce(self, one: int, two: int, amount: int) -> None:
        reduce_claim(
            self.pick(Booking.objects, one).pk,
            amount_minor=amount % 900 + 1,
            reason="goodwill",
            by=self.by,
            now=self.now,
        )

    def cancel_invoice(self, one: int, two: int, amount: int) -> None:
        cancel_invoice(
            self.pick(Invoice.objects, one).pk,
            reason="wrong",
            hold_back=bool(two % 2),
            notify=bool(amount % 2),
            by=self.by,
            now=self.now,
        )

    def cancel_and_make_new(self, one: int, two: int, amount: int) -> None:
        cancel_invoice(
            self.pick(Invoice.objects, one).pk, reason="wrong", make_new=True, by=self.by, now=self.now
        )

    def gather(self, one: int, two: int, amount: int) -> None:
        first = self.pick(Booking.objects.filter(invoice__sent_at=None), one)
        others = (
            Booking.objects.filter(customer=first.customer_id, invoice__sent_at=None, state="completed")
            .exclude(pk=first.pk)
            .order_by("pk")[: two % 4]
        )
        draft = InvoiceDraft((first.pk, *(other.pk for other in others)))
        make_invoices([draft], move_from_drafts=True, by=self.by, now=self.now)

    def remind(self, one: int, two: int, amount: int) -> None:
        remind_invoices([self.pick(Invoice.objects, one).pk], by=self.by, now=self.now)

    def schedule(self, one: int, two: int, amount: int) -> None:
        later = self.now + dt.timedelta(days=two + 1)
        hold_sending([self.pick(Invoice.objects, one).pk], run_at=later, by=self.by, now=self.now)

    def undo(self, one: int, two: int, amount: int) -> None:
        promised = self.pick(Invoice.objects.filter(sending_at__isnull=False), one)
        undo_sending([promised.pk], by=self.by, now=self.now)

    def duplicate(self, one: int, two: int, amount: int) -> None:
        duplicate_invoice(
            self.pick(Invoice.objects, one).pk, service_date=self.now.date(), by=self.by, now=self.now
        )

    def some(self, one: int, two: int) -> list[Any]:
        return [self.pick(Invoice.objects, one + number).pk for number in range(two % 3 + 1)]

    def send_each(self, one: int, two: int, amount: int) -> None:
        send_each(self.some(one, two), by=self.by, now=self.now)

    def pay_each(self, one: int, two: int, amount: int) -> None:
        pay_each(self.some(one, two), method="cash", received_on=self.now.date(), by=self.by, now=self.now)

    def delete_each(self, one: int, two: int, amount: int) -> None:
        delete_each(self.some(one, two), by=self.by, now=self.now)

    def rename(self, one: int, two: int, amount: int) -> None:
        edit_customer(
            self.pick(Customer.objects, one).pk, {"company_name": f"Company {two}"}, by=self.by, now=self.now
        )

    def exempt(self, one: int, two: int, amount: int) -> None:
        fields = {"tax_exempt": bool(two % 2), "exemption_reason": "charity"}
        edit_customer(self.pick(Customer.objects, one).pk, fields, by=self.by, now=self.now)

    def replace_code(self, one: int, two: int, amount: int) -> None:
        code = self.codes[one % 2]
        assert code
        components = [ComponentDraft("A", Decimal(two)), ComponentDraft("B", Decimal(5), compound=True)]
        changes = {"components": components[: amount % 2 + 1], "inclusive": bool(amount % 3)}
        self.codes[one % 2] = edit_tax_code(code.pk, changes, by=self.by, now=self.now)

    def follow_code(self, one: int, two: int, amount: int) -> None:
        replaced = self.pick(TaxCode.objects.exclude(successor=None), one)
        carrying = priced_with(replaced, after_sending=AfterSending.FOLLOW).order_by("pk")
        ids = list(carrying.values_list("pk", flat=True)[: two + 1])
        run = start_repricing(replaced.pk, ids, by=self.by, now=self.now)
        while Repricing.objects.get(pk=run.pk).finished_at is None:
            reprice_next(run.pk, now=self.now)

    def usual_tax(self, one: int, two: int, amount: int) -> None:
        code = self.codes[one % 3]
        update_company({"default_tax_code_id": code.pk if code else None}, by=self.by, now=self.now)

    def policy(self, one: int, two: int, amount: int) -> None:
        choice = [AfterSending.FOLLOW, AfterSending.LOCK_ONCE_SENT, AfterSending.LOCK_ONCE_PAID][one % 3]
        Company.objects.filter(pk=self.company.pk).update(
            after_sending=choice, use_credit_at_sending=bool(two % 2)
        )


acts = st.tuples(st.sampled_from(ACTS), st.integers(0, 30), st.integers(0, 30), st.integers(1, 30_000))


@settings(max_examples=max(8, settings().max_examples // 5))
@given(st.lists(acts, min_size=20, max_size=50))
def test_every_invariant_holds_after_any_story(db: None, acts: list[Act]) -> None:
    story = Story()
    with scope(company=story.company):
        for act in acts:
            story.act(act)
    broken = [finding for finding in verify(company_name=story.company.name) if finding.bad]
    assert not broken
