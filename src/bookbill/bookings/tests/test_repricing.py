"""Repricing chosen bookings after a tax code was replaced: a saved run, its outcomes, and going on after a stop."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bookbill.activity.models import Entry
from bookbill.bookings.actions import repricing
from bookbill.bookings.actions.booking import delete_booking
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.catalogue import ComponentDraft, create_tax_code
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.repricing_runs import (
    REPRICE_JOB,
    is_under_way,
    resume_repricing,
    start_repricing,
)
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, Repricing, TaxCode
from bookbill.bookings.priced_with import Group, count_groups, forecast, priced_with, progress_of
from bookbill.companies.models import AfterSending, Company
from bookbill.companies.rules import Role
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Charge, Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from bookbill.work.draining import drain
from bookbill.work.models import Job
from bookbill.work.models import State as JobState
from tests.support.cast import NOW, TODAY, add_member, make_tax_code

pytestmark = pytest.mark.both_databases


@dataclass
class House:
    """A company with bookings under 13 %, which another rate takes the place of."""

    old: TaxCode
    by: Actor
    make_booking: Callable[..., Booking]

    def booking(self, customer: Customer | None = None, **fields: Any) -> Booking:
        return self.make_booking(customer, **{"tax_code_id": self.old.pk} | fields)

    def succeed(self, code: TaxCode | None = None, rate: str = "15", **changes: Any) -> TaxCode:
        changes |= {"name": f"HST {rate} %", "components": [ComponentDraft("HST", Decimal(rate))]}
        return transact(lambda: edit_tax_code((code or self.old).pk, changes, by=self.by, now=NOW))

    def reprice(self, *bookings: Booking, work: bool = True) -> Repricing:
        """With the worker's part done."""
        ids = [booking.pk for booking in bookings]
        run = transact(lambda: start_repricing(self.old.pk, ids, by=self.by, now=NOW))
        if work:
            drain()
            run.refresh_from_db()
        return run

    def pay(self, booking: Booking, amount: int) -> None:
        placing = {booking.pk: amount}
        draft = PaymentDraft(booking.customer_id, "cash", amount, "CAD", TODAY, placing=placing)
        transact(lambda: record_payments([draft], by=self.by, now=NOW))


@pytest.fixture
def house(company: Company, ana: Actor, make_booking: Callable[..., Booking]) -> House:
    return House(make_tax_code(company), ana, make_booking)


def outcomes(run: Repricing) -> list[tuple[str | None, str | None]]:
    return [(row.outcome, row.reason) for row in run.rows.order_by("position")]


def total(booking: Booking) -> int:
    return int(Booking.objects.values_list("total_minor", flat=True).get(pk=booking.pk))


def assert_all_holds() -> None:
    assert not [finding for finding in verify() if finding.bad]


def test_chosen_bookings_get_the_code_in_force_and_no_other_is_touched(house: House) -> None:
    chosen, other = house.booking(), house.booking()
    between = house.succeed()
    house.booking(tax_code_id=between.pk)
    newest = house.succeed(between, "20")
    run = house.reprice(chosen)
    assert outcomes(run) == [("repriced", "")]
    row = run.rows.get()
    assert (row.before_minor, row.after_minor, row.number) == (11_300, 12_000, chosen.number)
    chosen.refresh_from_db()
    assert (chosen.tax_code_id, chosen.items.get().tax_code_id, chosen.total_minor) == (
        newest.pk,
        newest.pk,
        12_000,
    )
    assert chosen.taxes.get().rate == Decimal(20)
    assert (total(other), other.items.get().tax_code_id) == (11_300, house.old.pk)
    entry = Entry.objects.of_subject("booking", chosen.pk)[0]
    assert (entry.type, entry.before, entry.after) == (
        "booking.repriced",
        {"total_minor": 11_300},
        {"total_minor": 12_000},
    )
    assert run.finished_at is not None
    assert progress_of(run).state == "done"
    assert_all_holds()


def test_lines_under_other_codes_keep_them(house: House, company: Company) -> None:
    other = make_tax_code(company, "Reduced 5 %", "5")
    items = (
        ItemDraft(description="A", unit_price=Decimal(100)),
        ItemDraft(description="B", unit_price=Decimal(100), tax_code_id=other.pk),
    )
    booking = house.booking(items=items)
    new = house.succeed()
    house.reprice(booking)
    assert [item.tax_code_id for item in booking.items.order_by("position")] == [new.pk, other.pk]
    assert total(booking) == 22_000


def test_a_sent_invoice_shows_that_it_changed_and_its_money_stays(
    house: House, ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    booking = house.booking()
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    house.pay(booking, 11_300)
    house.succeed()
    house.reprice(booking)
    invoice.refresh_from_db()
    assert invoice.is_changed()
    assert (invoice.total_minor, invoice.due()) == (11_500, 200)
    assert sum(charge.amount_minor for charge in Charge.objects.all()) == 11_500
    assert_all_holds()


def test_a_price_that_falls_below_the_money_makes_credit(house: House) -> None:
    booking = house.booking()
    house.pay(booking, 11_300)
    house.succeed(rate="10")
    house.reprice(booking)
    booking.refresh_from_db()
    assert (booking.total_minor, booking.paid_minor) == (11_000, 11_000)
    assert_all_holds()


def test_locked_and_final_ones_are_refused_with_their_reasons_and_the_rest_is_done(
    house: House, ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    locked, free, cancelled, discounted = (house.booking() for _ in range(4))
    invoice = make_invoice(locked)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    Company.objects.update(after_sending=AfterSending.LOCK_ONCE_SENT)
    fee = ItemDraft(description="Fee", unit_price=Decimal(10))
    transact(lambda: cancel_booking(cancelled.pk, fee=fee, reason="", by=ana, now=NOW))
    house.succeed()
    Booking.objects.filter(pk=discounted.pk).update(discount_kind="amount", discount_value=Decimal(500))
    invoice.refresh_from_db()
    run = house.reprice(locked, free, cancelled, discounted)
    assert outcomes(run) == [
        ("refused", f"{invoice.number} is locked. Cancel it and make a new one to change its bookings."),
        ("repriced", ""),
        ("refused", "A cancelled booking is final."),
        ("refused", "The discount is larger than the sum it is taken from."),
    ]
    assert [total(booking) for booking in (locked, free, cancelled)] == [11_300, 11_500, 1_130]


def test_a_booking_that_left_the_code_or_went_meanwhile_is_unchanged(house: House, ana: Actor) -> None:
    left, gone = house.booking(), house.booking(completed=False)
    house.succeed()
    run = house.reprice(left, gone, work=False)
    transact(lambda: edit_booking(left.pk, BookingEdit({"tax_code_id": None}), by=ana, now=NOW))
    transact(lambda: delete_booking(gone.pk, by=ana, now=NOW))
    drain()
    assert outcomes(run) == [
        ("unchanged", "It no longer has the old tax code."),
        ("unchanged", "The booking was deleted."),
    ]
    assert total(left) == 10_000


def test_an_exempt_customer_pays_the_net_under_the_new_code_too(
    house: House, ana: Actor, make_customer: Callable[..., Customer]
) -> None:
    customer = make_customer()
    booking = house.booking(customer)
    exempt = {"tax_exempt": True, "exemption_reason": "Charity"}
    transact(lambda: edit_customer(customer.pk, exempt, by=ana, now=NOW))
    house.succeed()
    house.reprice(booking)
    booking.refresh_from_db()
    assert (booking.total_minor, booking.exemption_reason) == (10_000, "Charity")


def test_a_run_that_breaks_stops_and_goes_on_where_it_was(
    house: House, ana: Actor, make_customer: Callable[..., Customer], monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = make_customer()
    bookings = [house.booking(customer) for _ in range(60)]
    house.succeed()
    run = house.reprice(*bookings, work=False)
    assert progress_of(run).state == "running"
    whole, done = repricing.store_prices, []

    def breaks(fresh: Any, **said: Any) -> None:
        whole(fresh, **said)
        done.append(len(fresh))
        if len(done) > 1:
            raise RuntimeError("the disk is full")

    monkeypatch.setattr(repricing, "store_prices", breaks)
    drain()
    assert (progress_of(run).repriced, Booking.objects.filter(total_minor=11_500).count()) == (25, 25)
    Job.objects.filter(kind=REPRICE_JOB, state=JobState.QUEUED).update(
        state=JobState.SET_ASIDE, finished_at=NOW
    )
    assert progress_of(run).state == "stopped"
    monkeypatch.undo()
    transact(lambda: resume_repricing(run.pk, by=ana))
    transact(lambda: resume_repricing(run.pk, by=ana))
    assert is_under_way(run)
    drain()
    run.refresh_from_db()
    assert (progress_of(run).state, progress_of(run).repriced) == ("done", 60)
    entries = Entry.objects.filter(type="booking.repriced")
    assert entries.count() == 60
    assert_all_holds()


def test_an_outcome_is_written_once(house: House) -> None:
    booking = house.booking()
    house.succeed()
    run = house.reprice(booking)
    with pytest.raises(IntegrityError, match="is frozen"), transaction.atomic():
        run.rows.update(outcome="refused")


def test_what_cannot_be_begun_is_refused(house: House, company: Company, ana: Actor) -> None:
    booking = house.booking()

    def refused(code: TaxCode, ids: list[Any], by: Actor = ana) -> str:
        with pytest.raises(RuleBroken) as raised:
            transact(lambda: start_repricing(code.pk, ids, by=by, now=NOW))
        return raised.value.code

    assert refused(house.old, [booking.pk]) == "tax_code_in_force"
    house.succeed()
    assert refused(house.old, []) == "bad_selection"
    assert refused(house.old, [booking.pk, house.old.pk]) == "not_found"
    assert refused(house.old, [booking.pk], add_member(company, "ari", Role.ACCOUNTANT)) == "forbidden"
    assert not Repricing.objects.exists()


def test_what_is_planned_done_sent_and_fixed_is_told_apart_as_repricing_would(
    house: House, ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    """The SQL twin of the refusals, for each of the company's choices."""
    planned = house.booking(completed=False)
    prepaid = house.booking(completed=False)
    house.pay(prepaid, 100)
    sent, paid, draft = (house.booking() for _ in range(3))
    make_invoice(draft)
    invoices = [make_invoice(sent).pk, make_invoice(paid).pk]
    transact(lambda: send_invoices(invoices, by=ana, now=NOW))
    house.pay(paid, 100)
    cancelled = house.booking()
    fee = ItemDraft(description="Fee", unit_price=Decimal(10))
    transact(lambda: cancel_booking(cancelled.pk, fee=fee, reason="", by=ana, now=NOW))
    everything = [planned, prepaid, sent, paid, draft, cancelled]
    wanted = {
        AfterSending.FOLLOW: ["planned", "done", "sent", "sent", "done", "fixed"],
        AfterSending.LOCK_ONCE_SENT: ["planned", "done", "fixed", "fixed", "done", "fixed"],
        AfterSending.LOCK_ONCE_PAID: ["planned", "done", "sent", "fixed", "done", "fixed"],
    }
    for policy, groups in wanted.items():
        rows: Any = priced_with(house.old, after_sending=policy)
        found = dict(rows.values_list("pk", "group"))
        assert [found[booking.pk] for booking in everything] == groups
    assert count_groups(priced_with(house.old, after_sending=AfterSending.FOLLOW))[Group.SENT] == 2
    Company.objects.update(after_sending=AfterSending.LOCK_ONCE_PAID)
    house.succeed()
    run = house.reprice(*everything)
    became = dict(run.rows.values_list("booking_id", "outcome"))
    assert [became[booking.pk] for booking in everything] == [
        "refused" if group == "fixed" else "repriced" for group in wanted[AfterSending.LOCK_ONCE_PAID]
    ]


def test_the_forecast_is_what_repricing_makes_and_stores_nothing(house: House) -> None:
    booking = house.booking(price="33.33")
    new = house.succeed(inclusive=True)
    read = Booking.objects.select_related("customer").with_parts().filter(pk=booking.pk)
    foreseen = forecast(list(read), old=house.old.pk, new=new.pk)
    assert total(booking) == 3_766
    house.reprice(booking)
    assert foreseen == {booking.pk: total(booking)} == {booking.pk: 3_333}


def test_a_part_takes_as_many_queries_for_one_booking_as_for_twenty(
    house: House, ana: Actor, make_customer: Callable[..., Customer], django_assert_max_num_queries: Any
) -> None:
    customer = make_customer()
    bookings = [house.booking(customer) for _ in range(21)]
    new = house.succeed()

    def act(*chosen: Booking) -> None:
        ids = [booking.pk for booking in chosen]
        transact(lambda: repricing.reprice_bookings(ids, old=house.old.pk, new=new.pk, by=ana, now=NOW))

    with django_assert_max_num_queries(30) as for_one:
        act(bookings[0])
    with django_assert_max_num_queries(len(for_one)):
        act(*bookings[1:])


def test_a_chain_in_a_circle_is_seen_by_verify(company: Company, ana: Actor) -> None:
    made = [
        transact(
            lambda: create_tax_code(name="X", components=[ComponentDraft("X", Decimal(1))], by=ana, now=NOW)
        )
        for _ in range(2)
    ]
    one, two = made
    TaxCode.objects.filter(pk=one.pk).update(successor=two, archived_at=NOW)
    assert_all_holds()
    TaxCode.objects.filter(pk=two.pk).update(successor=one, archived_at=NOW)
    assert [finding.name for finding in verify() if finding.bad] == ["C1 tax codes are replaced in a line"]
