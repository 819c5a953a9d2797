"""Two people, one moment: each race is held by its lock, and seen to go wrong without it."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from itertools import combinations
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from bookbill.bookings.actions import booking as booking_actions
from bookbill.bookings.actions import repricing
from bookbill.bookings.actions.booking import complete_bookings, create_bookings, delete_booking
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.catalogue import ComponentDraft, create_tax_code
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.actions.succession import edit_tax_code
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking, TaxComponent
from bookbill.companies import allowance, numbers
from bookbill.companies.actions import update_company
from bookbill.companies.doors import once
from bookbill.companies.models import Company, NumberSeries, SeriesKind
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import create_customer, edit_customer
from bookbill.customers.models import Customer, CustomerQuerySet
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import delete_draft, edit_invoice, make_invoices
from bookbill.invoices.actions.holding import hold_sending, undo_sending
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.models import Invoice, Version
from bookbill.ledger.actions.claims import reduce_claim, write_off
from bookbill.ledger.actions.payments import place_payment, record_payments, reverse_payment
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.operations.verify.command import verify
from tests.support.cast import NOW, TODAY, make_company
from tests.support.racing import run_together

pytestmark = [pytest.mark.both_databases, pytest.mark.django_db(transaction=True)]

Act = Callable[[], Any]
ROUNDS = 3
ROUNDS_TO_GO_WRONG = 40


@pytest.fixture
def house() -> Iterator["House"]:
    company, ana = make_company()
    with scope(company=company):
        yield House(company, ana)


@dataclass
class House:
    """A company whose people act at the same moment, each on a connection of their own."""

    company: Company
    by: Actor

    def together(self, *acts: Act) -> list[Any]:
        def scoped(act: Act) -> Act:
            def run() -> Any:
                with scope(company=self.company):
                    return transact(act)

            return run

        return run_together(*map(scoped, acts))

    def customer(self) -> Customer:
        fields = {"name": "Maple", "email": "maple@customer.example"}
        return transact(lambda: create_customer(fields, by=self.by, now=NOW))

    def bookings(self, count: int = 1, *, completed: bool = True) -> list[Booking]:
        """Bookings of one new customer, 100.00 each."""
        owner = self.customer()
        drafts = [BookingDraft(owner.pk, TODAY, self.priced("100"), completed=completed)] * count
        return transact(lambda: create_bookings(drafts, by=self.by, now=NOW))

    def invoices(self, count: int = 1) -> list[Invoice]:
        """Drafts of one new customer, 100.00 each."""
        drafts = [InvoiceDraft((booking.pk,)) for booking in self.bookings(count)]
        return transact(lambda: make_invoices(drafts, by=self.by, now=NOW))

    def sent_invoice(self) -> Invoice:
        (draft,) = self.invoices()
        transact(self.send(draft.pk))
        return Invoice.objects.get(pk=draft.pk)

    def priced(self, price: str) -> tuple[ItemDraft, ...]:
        return (ItemDraft(description="Work", unit_price=Decimal(price)),)

    def send(self, *ids: UUID, at: dt.datetime = NOW) -> Act:
        return lambda: send_invoices(ids, by=self.by, now=at)

    def reprice(self, booking_id: UUID, price: str) -> Act:
        return lambda: edit_booking(booking_id, BookingEdit({}, self.priced(price)), by=self.by, now=NOW)

    def pay(self, invoice: Invoice, amount: int) -> Act:
        draft = self.payment(invoice.customer_id, amount)
        return lambda: record_payment_on_invoice(invoice.pk, draft, by=self.by, now=NOW)

    def payment(self, customer_id: UUID, amount: int, **fields: Any) -> PaymentDraft:
        return PaymentDraft(customer_id, "cheque", amount, "CAD", TODAY, **fields)

    def cancel(self, invoice_id: UUID) -> Act:
        return lambda: cancel_invoice(invoice_id, reason="wrong", by=self.by, now=NOW)


class WentWrong(AssertionError):
    """What a lock is there to prevent has happened."""


def hold(right: bool, what: object) -> None:
    if not right:
        raise WentWrong(str(what))


def refusals(results: list[Any]) -> list[str]:
    """The codes of what was refused; anything else that was raised is wrong."""
    for result in results:
        hold(not isinstance(result, Exception) or isinstance(result, RuleBroken), repr(result))
    return [result.code for result in results if isinstance(result, RuleBroken)]


def nothing_broken() -> None:
    broken = [finding for finding in verify() if finding.bad]
    hold(not broken, broken)


def the_same_booking_is_invoiced_twice(house: House) -> None:
    (booking,) = house.bookings()

    def make() -> list[Invoice]:
        return make_invoices([InvoiceDraft((booking.pk,))], by=house.by, now=NOW)

    results = house.together(make, make)
    hold(refusals(results) == ["booking_already_invoiced"], results)
    hold(Invoice.objects.filter(customer=booking.customer_id).count() == 1, "two invoices")


def one_invoice_is_sent_twice(house: House) -> None:
    (invoice,) = house.invoices()
    results = house.together(house.send(invoice.pk), house.send(invoice.pk))
    hold(refusals(results) == [], results)
    versions = Version.objects.filter(invoice=invoice).order_by("n").values_list("n", "document")
    hold([n for n, _document in versions] == [1, 2], versions)
    number = Invoice.objects.get(pk=invoice.pk).number
    hold(all(f'"number":"{number}"' in document for _n, document in versions), "two numbers")


def an_invoice_is_paid_and_cancelled(house: House) -> None:
    invoice = house.sent_invoice()
    (booking_id,) = Booking.objects.filter(invoice=invoice).values_list("pk", flat=True)
    transact(lambda: write_off(booking_id, amount_minor=2_000, reason="lost", by=house.by, now=NOW))
    results = house.together(house.pay(invoice, 10_000), house.cancel(invoice.pk))
    refused = refusals(results)
    hold(refused in ([], ["not_payable"]), results)
    kept = Booking.objects.get(pk=booking_id)
    paid = 0 if refused else 10_000
    hold((kept.invoice_id, kept.paid_minor, kept.written_off_minor) == (None, paid, 0), kept.paid_minor)
    frozen = Invoice.objects.get(pk=invoice.pk)
    hold(
        (frozen.status, frozen.paid_minor, frozen.due_minor) == ("cancelled", 0, 0),
        "a cancelled copy changed",
    )


def a_booking_is_edited_while_its_invoice_is_sent(house: House) -> None:
    (invoice,) = house.invoices()
    booking = Booking.objects.get(invoice=invoice)
    results = house.together(house.reprice(booking.pk, "80"), house.send(invoice.pk))
    hold(refusals(results) == [], results)
    live, version = Invoice.objects.get(pk=invoice.pk), Version.objects.get(invoice=invoice)
    hold(live.total_minor == live.charged_minor == 8_000, live.total_minor)
    hold(version.total_minor in (8_000, 10_000), version.total_minor)
    hold(live.is_changed() == (version.total_minor == 10_000), "changed since sent")


def two_payments_fill_one_booking(house: House) -> None:
    (booking,) = house.bookings()
    draft = house.payment(booking.customer_id, 10_000, placing={booking.pk: 10_000})

    def pay() -> list[Payment]:
        return record_payments([draft], by=house.by, now=NOW)

    results = house.together(pay, pay)
    hold(refusals(results) == ["more_than_due"], results)
    hold(Payment.objects.filter(customer=booking.customer_id).count() == 1, "two payments")
    hold(Booking.objects.get(pk=booking.pk).paid_minor == 10_000, "not paid once")


def two_payments_come_for_one_invoice(house: House) -> None:
    invoice = house.sent_invoice()
    results = house.together(house.pay(invoice, 7_000), house.pay(invoice, 7_000))
    hold(refusals(results) == [], results)
    credit = Payment.objects.credit_by_customer([invoice.customer_id])[invoice.customer_id]
    hold((Invoice.objects.get(pk=invoice.pk).paid_minor, credit) == (10_000, 4_000), credit)


def a_price_falls_while_it_is_paid(house: House) -> None:
    invoice = house.sent_invoice()
    booking = Booking.objects.get(invoice=invoice)
    results = house.together(house.reprice(booking.pk, "60"), house.pay(invoice, 10_000))
    hold(refusals(results) == [], results)
    credit = Payment.objects.credit_by_customer([invoice.customer_id])[invoice.customer_id]
    hold((Invoice.objects.get(pk=invoice.pk).paid_minor, credit) == (6_000, 4_000), credit)


def one_payment_is_placed_and_reversed(house: House) -> None:
    (booking,) = house.bookings()
    (payment,) = transact(
        lambda: record_payments([house.payment(booking.customer_id, 10_000)], by=house.by, now=NOW)
    )
    results = house.together(
        lambda: place_payment(payment.pk, {booking.pk: 10_000}, by=house.by, now=NOW),
        lambda: reverse_payment(payment.pk, reason="typed twice", by=house.by, now=NOW),
    )
    hold(refusals(results) in ([], ["more_than_payment"]), results)
    hold(Booking.objects.get(pk=booking.pk).paid_minor == 0, "money of a reversed payment lies on a booking")


RACES = [
    the_same_booking_is_invoiced_twice,
    one_invoice_is_sent_twice,
    an_invoice_is_paid_and_cancelled,
    a_booking_is_edited_while_its_invoice_is_sent,
    two_payments_fill_one_booking,
    two_payments_come_for_one_invoice,
    a_price_falls_while_it_is_paid,
    one_payment_is_placed_and_reversed,
]
Race = Callable[[House], None]


def watched(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> list[None]:
    """Grows with each call of the guard ``name``, which does what it always does."""
    guard, asked = getattr(owner, name), list[None]()

    def noted(*args: Any) -> Any:
        asked.append(None)
        return guard(*args)

    monkeypatch.setattr(owner, name, noted)
    return asked


def goes_wrong(house: House, race: Race, *, rounds: int) -> bool:
    try:
        for _ in range(rounds):
            race(house)
            nothing_broken()
    except WentWrong:
        return True
    return False


@pytest.mark.parametrize("race", RACES, ids=lambda race: race.__name__)
def test_a_race_is_held_by_the_lock_on_the_customer_and_goes_wrong_without(
    house: House, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = watched(monkeypatch, CustomerQuerySet, "lock")
    for _ in range(ROUNDS):
        race(house)
    nothing_broken()
    assert len(asked) >= 2 * ROUNDS  # both acts each time: few rounds may go well without

    monkeypatch.setattr(CustomerQuerySet, "lock", lambda rows, ids: rows.in_bulk(set(ids)))
    if connection.vendor == "postgresql":
        assert goes_wrong(house, race, rounds=ROUNDS_TO_GO_WRONG)
    else:  # it has one writer at a time, so there nothing can go wrong
        assert not goes_wrong(house, race, rounds=1)


def many_number_invoices(house: House, *, threads: int = 8, each: int = 10) -> None:
    """Every thread sends its own customer's invoices, on days that go back and forth."""
    drafts = [house.invoices(each) for _ in range(threads)]

    def sender(own: list[Invoice], first_day: int) -> Act:
        def run() -> None:
            with scope(company=house.company):
                for place, invoice in enumerate(own):
                    day = NOW + dt.timedelta(days=(first_day * 3 + place * 5) % 7)
                    transact(house.send(invoice.pk, at=day))

        return run

    results = run_together(*[sender(own, first_day) for first_day, own in enumerate(drafts)])
    hold(results == [None] * threads, results)
    taken = list(
        Invoice.objects.filter(sent_at__isnull=False)
        .order_by("number_n")
        .values_list("number_n", "issue_date")
    )
    hold([n for n, _date in taken] == list(range(1, threads * each + 1)), taken)
    dates = [date for _n, date in taken if date]
    hold(dates == sorted(dates), "a later number has an earlier date")


def test_eight_threads_number_eighty_invoices_without_gap_or_repeat(house: House) -> None:
    many_number_invoices(house)
    nothing_broken()


def unlocked(company: Company, kind: SeriesKind) -> list[NumberSeries]:
    return list(NumberSeries.objects.filter(company=company, kind=kind).order_by("year"))


def test_without_the_lock_on_the_series_numbering_goes_wrong_on_postgresql(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbers, "_locked", unlocked)
    # Both stand right before the series.
    monkeypatch.setattr(allowance, "_lock", lambda company: None)
    monkeypatch.setattr(numbers, "_locked_company", lambda company: company)
    on_postgresql = connection.vendor == "postgresql"
    few = partial(many_number_invoices, threads=4, each=5 if on_postgresql else 1)
    assert goes_wrong(house, few, rounds=1) is on_postgresql


def the_restart_is_switched_off_while_the_first_number_is_taken(house: House) -> None:
    """There is no row of a series yet that the two could meet at. Two numbers of one format would be alike from 2027 on."""
    company, owner = make_company("Harbour")
    with scope(company=company):
        new = House(company, owner)
        (invoice,) = new.invoices()
        settings = {"number_format": "INV-{n}", "number_restarts_yearly": False}
        results = new.together(
            lambda: send_invoices([invoice.pk], by=owner, now=NOW, mark_only=True),  # waits for no allowance
            lambda: update_company(settings, by=owner, now=NOW),
        )
        refused = refusals(results)
        hold(refused in ([], ["series_in_use"]), results)
        number = Invoice.objects.get(pk=invoice.pk).number
    hold(number == ("INV-2026-00001" if refused else "INV-1"), (number, refused))


def test_the_first_number_keeps_to_settings_saved_at_that_moment_and_does_not_without_the_lock(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    race = the_restart_is_switched_off_while_the_first_number_is_taken
    for _ in range(ROUNDS):
        race(house)

    monkeypatch.setattr(numbers, "_locked_company", lambda company: company)
    on_postgresql = connection.vendor == "postgresql"
    rounds = ROUNDS_TO_GO_WRONG if on_postgresql else 1
    assert goes_wrong(house, race, rounds=rounds) is on_postgresql


def the_last_mail_of_the_day_is_wanted_twice(house: House) -> None:
    """By the invoices of two customers: the lock on a customer does not keep them apart."""
    (one,), (other,) = house.invoices(), house.invoices()
    results = house.together(house.send(one.pk), house.send(other.pk))
    hold(refusals(results) == ["mail_limit_reached"], results)


def test_two_at_one_moment_never_send_more_than_the_day_allows_and_do_without_the_lock(
    house: House, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def race(house: House) -> None:
        settings.MAILS_PER_DAY = Message.objects.count() + 1
        the_last_mail_of_the_day_is_wanted_twice(house)

    for _ in range(ROUNDS):
        race(house)

    monkeypatch.setattr(allowance, "_lock", lambda company: None)
    on_postgresql = connection.vendor == "postgresql"
    assert goes_wrong(house, race, rounds=ROUNDS_TO_GO_WRONG if on_postgresql else 1) is on_postgresql


def a_code_is_corrected_while_its_first_booking_is_made(house: House) -> None:
    """Each booking costs what the code it carries says, whoever came first."""
    owner = house.customer()
    code = transact(
        lambda: create_tax_code(
            name="HST", components=[ComponentDraft("HST", Decimal(13))], by=house.by, now=NOW
        )
    )
    draft = BookingDraft(owner.pk, TODAY, house.priced("100"), tax_code_id=code.pk)
    corrected = {"components": [ComponentDraft("HST", Decimal(15))]}
    results = house.together(
        lambda: create_bookings([draft], by=house.by, now=NOW),
        lambda: edit_tax_code(code.pk, corrected, by=house.by, now=NOW),
    )
    refused = refusals(results)
    hold(refused in ([], ["stale"], ["tax_code_archived"]), results)
    for booking in Booking.objects.filter(customer=owner):
        carried = TaxComponent.objects.get(tax_code=booking.tax_code_id)
        hold(booking.total_minor == 10_000 + 100 * carried.rate, (booking.total_minor, carried.rate))


def a_successor_is_corrected_while_bookings_are_repriced_to_it(house: House) -> None:
    """No booking carries the successor yet, so a correction changes it in place, or makes one more once it is carried."""
    at = {rate: [ComponentDraft("HST", Decimal(rate))] for rate in (13, 15, 17)}
    old = transact(lambda: create_tax_code(name="HST", components=at[13], by=house.by, now=NOW))
    draft = BookingDraft(house.customer().pk, TODAY, house.priced("100"), tax_code_id=old.pk)
    (booking,) = transact(lambda: create_bookings([draft], by=house.by, now=NOW))
    new = transact(lambda: edit_tax_code(old.pk, {"components": at[15]}, by=house.by, now=NOW))
    results = house.together(
        lambda: repricing.reprice_bookings([booking.pk], old=old.pk, new=new.pk, by=house.by, now=NOW),
        lambda: edit_tax_code(new.pk, {"components": at[17]}, by=house.by, now=NOW),
    )
    hold(refusals(results) in ([], ["stale"]), results)
    booking.refresh_from_db()
    carried = TaxComponent.objects.get(tax_code=booking.tax_code_id)
    hold(booking.total_minor == 10_000 + 100 * carried.rate, (booking.total_minor, carried.rate))


@pytest.mark.parametrize(
    ("race", "guarded"),
    [
        (a_code_is_corrected_while_its_first_booking_is_made, booking_actions),
        (a_successor_is_corrected_while_bookings_are_repriced_to_it, repricing),
    ],
    ids=["made", "repriced"],
)
def test_a_tax_code_is_never_changed_under_a_booking_and_is_without_the_second_look(
    house: House, race: Race, guarded: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = watched(monkeypatch, guarded, "refuse_changed")
    for _ in range(ROUNDS):
        race(house)
    nothing_broken()
    assert len(asked) >= ROUNDS

    monkeypatch.setattr(guarded, "refuse_changed", lambda catalogue: None)
    on_postgresql = connection.vendor == "postgresql"
    rounds = ROUNDS_TO_GO_WRONG if on_postgresql else 1
    assert goes_wrong(house, race, rounds=rounds) is on_postgresql


def pay_twice(house: House, api: ApiClient) -> None:
    """Two requests with one Idempotency-Key, as two tabs or an impatient program send them."""
    customer = house.customer()
    body = {"customer_id": str(customer.pk), "method": "cash", "amount_minor": 500}
    answers = run_together(*[lambda: api.post("/payments", body, key=f"{customer.pk}")] * 3)
    hold([answer.status_code for answer in answers] == [201] * 3, answers)
    hold(len({answer.content for answer in answers}) == 1, "different answers")
    hold(Payment.objects.filter(customer=customer).count() == 1, "paid more than once")


def test_one_key_acts_once_among_threads_and_among_processes_and_twice_without_its_row(
    house: House, api_of: Callable[[Actor], ApiClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    api = api_of(house.by)
    for _ in range(ROUNDS):
        pay_twice(house, api)

    # As if each had a process of its own: nobody waits for a twin in memory.
    monkeypatch.setattr(once, "_alone", lambda address: nullcontext())
    for _ in range(ROUNDS):
        pay_twice(house, api)

    monkeypatch.setattr(once, "_inserted_or_found", lambda mine: mine)
    with pytest.raises(WentWrong):
        pay_twice(house, api)


def every_act(house: House) -> list[Act]:
    """What people do with one customer's things, each able to meet any other. Made anew for each pair."""
    first, second = house.bookings(2)
    scheduled = transact(
        lambda: create_bookings(
            [BookingDraft(first.customer_id, TODAY, house.priced("30"))], by=house.by, now=NOW
        )
    )[0]
    sent, draft = transact(
        lambda: make_invoices([InvoiceDraft((first.pk,)), InvoiceDraft((second.pk,))], by=house.by, now=NOW)
    )
    transact(house.send(sent.pk))
    (payment,) = transact(
        lambda: record_payments([house.payment(first.customer_id, 4_000)], by=house.by, now=NOW)
    )
    by, now = house.by, NOW
    return [
        house.send(draft.pk),
        house.send(sent.pk),
        house.send(sent.pk, draft.pk),
        house.cancel(sent.pk),
        house.reprice(first.pk, "80"),
        house.reprice(second.pk, "120"),
        house.pay(sent, 9_000),
        lambda: place_payment(payment.pk, {first.pk: 3_000}, by=by, now=now),
        lambda: place_payment(payment.pk, {second.pk: 2_000}, by=by, now=now),
        lambda: reverse_payment(payment.pk, reason="typed twice", by=by, now=now),
        lambda: write_off(first.pk, amount_minor=8_000, reason="lost", by=by, now=now),
        lambda: reduce_claim(first.pk, amount_minor=8_000, reason="goodwill", by=by, now=now),
        lambda: cancel_booking(first.pk, fee=None, reason="rain", by=by, now=now),
        lambda: delete_draft(draft.pk, by=by, now=now),
        lambda: edit_invoice(draft.pk, {"booking_ids": [scheduled.pk]}, by=by, now=now),
        lambda: make_invoices([InvoiceDraft((scheduled.pk,))], by=by, now=now),
        lambda: delete_booking(scheduled.pk, by=by, now=now),
        lambda: complete_bookings([scheduled.pk], by=by, now=now),
        lambda: hold_sending([draft.pk], by=by, now=now),
        lambda: undo_sending([draft.pk], by=by, now=now),
        lambda: edit_customer(first.customer_id, {"tax_exempt": True, "exemption_reason": "school"}, by=by, now=now),
        lambda: edit_customer(first.customer_id, {"company_name": "Maple Ltd."}, by=by, now=now),
    ]  # fmt: skip


@pytest.mark.long
def test_any_two_acts_at_one_moment_keep_every_invariant(house: House) -> None:
    count = len(every_act(house))
    for one, other in combinations(range(count), 2):
        acts = every_act(house)
        refusals(house.together(acts[one], acts[other]))
    nothing_broken()


def test_all_acts_at_one_moment_keep_every_invariant(house: House) -> None:
    for _ in range(2):
        refusals(house.together(*every_act(house)))
    nothing_broken()


def test_the_locks_of_one_company_never_hold_up_another(house: House) -> None:
    (invoice,) = house.invoices()
    other_company, bo = make_company("Harbour")
    with scope(company=other_company):
        other = House(other_company, bo)
        (others,) = other.invoices()
    if connection.vendor == "sqlite":
        return  # one writer at a time

    def send_while_the_other_sends() -> None:
        house.send(invoice.pk)()
        results = other.together(other.send(others.pk))
        assert not isinstance(results[0], Exception), results

    transact(send_while_the_other_sends)
