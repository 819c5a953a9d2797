"""Each line of `verify` is seen red: a company in order, one row damaged by hand, exactly that line says so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from bookbill.activity.models import Entry, EntryPersonal
from bookbill.bookings.models import Booking, BookingItem, Repricing, TaxCode
from bookbill.companies.models import Member
from bookbill.delivery.models import Message
from bookbill.documents.files import name_of, storage
from bookbill.documents.models import StoredFile
from bookbill.invoices.actions.sending import PDF_JOB
from bookbill.invoices.models import Charge, FreedBooking, Invoice, Version
from bookbill.invoices.tasks import ensure_pdf
from bookbill.ledger.models import Allocation, Payment, Reduction
from bookbill.lib import triggers
from bookbill.lib.tenancy import scope, scopes_disabled
from bookbill.operations.verify.command import CHECKS, verify
from bookbill.work.models import Job
from tests.support.cast import NOW, make_company
from tests.support.crawling import undone
from tests.support.furnishing import Furnished, furnish

pytestmark = pytest.mark.both_databases

COMPANY = "Bright Home Co."


@dataclass(frozen=True)
class House:
    furnished: Furnished
    stranger: UUID
    """A member of another company."""

    def write(self, model: Any, pk: object, **values: object) -> None:
        """Change a row behind the product's back."""
        columns = ", ".join(f"{connection.ops.quote_name(name)} = %s" for name in values)
        key = model._meta.pk
        run(
            f"UPDATE {model._meta.db_table} SET {columns} WHERE {key.column} = %s",
            [*values.values(), key.get_db_prep_value(pk, connection)],
        )

    def invoice(self, place: int) -> Invoice:
        return self.furnished.invoices[place]

    def booking(self, place: int) -> Booking:
        return self.furnished.bookings[place]


def run(statement: str, params: list[Any] | None = None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)


@pytest.fixture
def house(db: None) -> Iterator[House]:
    company, owner = make_company(COMPANY)
    furnished = furnish(company, owner)
    other, _bo = make_company("Harbour Gardens")
    with scopes_disabled():
        stranger = Member.objects.get(company=other).pk
    with scope(company=company):
        ensure_pdf(Version.objects.order_by("pk")[0])
        yield House(furnished, stranger)


def unguarded() -> None:
    """The database checks what is written when it is, as usual, but lets damage through until `guarded`."""
    triggers.remove_all()
    if connection.vendor == "sqlite":
        run("PRAGMA ignore_check_constraints = ON")
    else:
        run("SET CONSTRAINTS ALL IMMEDIATE")


def guarded() -> None:
    triggers.apply_all()
    if connection.vendor == "sqlite":
        run("PRAGMA ignore_check_constraints = OFF")


def without_check(table: str, name: str) -> None:
    if connection.vendor == "postgresql":
        run(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


def an_amount_beyond_all_bounds(house: House) -> None:
    without_check("ledger_payment", "payment_tip_in_bounds")
    house.write(Payment, Payment.objects.order_by("pk")[0].pk, tip_minor=10**15 + 1)


def a_line_that_costs_more_than_the_booking_says(house: House) -> None:
    item = BookingItem.objects.get(booking=house.booking(2))
    house.write(BookingItem, item.pk, net_minor=item.net_minor + 1)


def an_invoice_that_counts_its_money_wrong(house: House) -> None:
    house.write(Invoice, house.invoice(2).pk, paid_minor=1_999)


def a_reduction_whose_shares_are_not_the_whole(house: House) -> None:
    reduction = Reduction.objects.get()
    house.write(Reduction, reduction.pk, net_minor=reduction.net_minor + 1)


def a_payment_of_less_than_was_placed(house: House) -> None:
    placed = Allocation.objects.filter(booking__invoice=house.invoice(2)).get()
    house.write(Payment, placed.payment_id, amount_minor=1)


def a_booking_that_gave_up_more_than_the_ledger_says(house: House) -> None:
    house.write(Booking, house.booking(9).pk, written_off_minor=501)


def a_charge_that_is_not_the_invoices_total(house: House) -> None:
    charge = Charge.objects.filter(invoice=house.invoice(1)).get()
    house.write(Charge, charge.pk, amount_minor=charge.amount_minor + 1)


def a_charge_in_another_currency(house: House) -> None:
    house.write(Charge, Charge.objects.filter(invoice=house.invoice(1)).get().pk, currency="USD")


def a_guard_that_was_taken_off(house: House) -> None:
    guarded()
    name = min(triggers.installed())
    if connection.vendor == "sqlite":
        run(f'DROP TRIGGER "{name}"')
    else:
        run(f'DROP FUNCTION "{name}"() CASCADE')


def a_status_that_the_facts_do_not_say(house: House) -> None:
    """Its column is worked out by the database, so it is replaced by one that is not."""
    known = dict(Invoice.objects.values_list("pk", "status"))
    if connection.vendor == "sqlite":
        run("DROP INDEX invoice_by_status")
        run("ALTER TABLE invoices_invoice DROP COLUMN status")
        run("ALTER TABLE invoices_invoice ADD COLUMN status varchar(16)")
    else:
        run("ALTER TABLE invoices_invoice ALTER COLUMN status DROP EXPRESSION")
    for pk, status in known.items():
        house.write(Invoice, pk, status="paid" if pk == house.invoice(1).pk else status)


def a_gap_between_numbers(house: House) -> None:
    last = Invoice.objects.filter(number_n__isnull=False).order_by("-number_n")[0]
    house.write(Invoice, last.pk, number_n=(last.number_n or 0) + 5)


def a_later_number_with_an_earlier_date(house: House) -> None:
    last = Invoice.objects.filter(number_n__isnull=False).order_by("-number_n")[0]
    house.write(Invoice, last.pk, issue_date="2026-01-02")


def a_booking_on_a_cancelled_invoice(house: House) -> None:
    cancelled = Invoice._meta.pk.get_db_prep_value(house.invoice(3).pk, connection)
    house.write(Booking, house.booking(2).pk, invoice_id=cancelled)


def a_version_that_was_changed(house: House) -> None:
    version = Version.objects.order_by("pk")[0]
    house.write(Version, version.pk, document=version.document.replace("Front St", "Back St"))


def a_cancelled_invoice_that_forgot_its_booking(house: House) -> None:
    freed = FreedBooking.objects.get(invoice=house.invoice(3))
    other = Booking._meta.pk.get_db_prep_value(house.booking(2).pk, connection)
    house.write(FreedBooking, freed.pk, booking_id=other)


def a_file_with_other_bytes(house: House) -> None:
    stored = StoredFile.objects.get()
    Path(storage().path(name_of(stored.company_id, stored.sha256))).write_bytes(b"%PDF-1.7 forged")


def an_invoice_that_lags_behind_its_bookings(house: House) -> None:
    house.write(Invoice, house.invoice(1).pk, live_claim="0" * 64)


def a_sending_that_history_forgot(house: House) -> None:
    entry = Entry.objects.filter(type="invoice.sent").order_by("pk")[0]
    for model, column in ((EntryPersonal, "entry_id"), (Entry, "id")):
        key = Entry._meta.pk.get_db_prep_value(entry.pk, connection)
        run(f"DELETE FROM {model._meta.db_table} WHERE {column} = %s", [key])


def a_pdf_that_nobody_promised(house: House) -> None:
    owed = Version.objects.filter(pdf=None).order_by("pk")[0]
    assert Job.objects.filter(kind=PDF_JOB, unique_key=str(owed.pk)).delete()[0] == 1


def a_mail_accepted_without_a_try(house: House) -> None:
    mail = Message.objects.order_by("pk").last()
    assert mail
    house.write(Message, mail.pk, state="accepted", ready_at=NOW, accepted_at=NOW, next_at=None)


def a_job_held_past_its_lease(house: House) -> None:
    job = Job.objects.set_aside().get()
    house.write(
        Job,
        job.pk,
        state="running",
        lease_holder="gone",
        lease_until=NOW.replace(year=2020),
        finished_at=None,
    )


def a_row_that_points_at_a_strangers(house: House) -> None:
    stranger = Member._meta.pk.get_db_prep_value(house.stranger, connection)
    house.write(Booking, house.booking(2).pk, provider_id=stranger)


def a_repricing_that_ended_before_its_bookings(house: House) -> None:
    house.write(Repricing, Repricing.objects.get().pk, finished_at=NOW)


def tax_codes_that_replace_each_other(house: House) -> None:
    code = TaxCode.objects.get(successor__isnull=False)
    first = TaxCode._meta.pk.get_db_prep_value(code.pk, connection)
    house.write(TaxCode, code.successor_id, successor_id=first, archived_at=NOW)


DAMAGES: dict[Callable[[House], None], str] = {
    an_amount_beyond_all_bounds: "M1 amounts are whole and in bounds",
    a_line_that_costs_more_than_the_booking_says: "M2 booking totals add up",
    an_invoice_that_counts_its_money_wrong: "M2 M5 invoices are the sums of their bookings",
    a_reduction_whose_shares_are_not_the_whole: "M3 shares sum to the whole",
    a_payment_of_less_than_was_placed: "M4 payments are accounted for",
    a_booking_that_gave_up_more_than_the_ledger_says: "M5 bookings are covered as the ledger says",
    a_charge_that_is_not_the_invoices_total: "M6 charges sum to what is claimed",
    a_charge_in_another_currency: "M7 one currency",
    a_guard_that_was_taken_off: "M8 guards are in place",
    a_status_that_the_facts_do_not_say: "D1 status follows the facts",
    a_gap_between_numbers: "D2 numbers have no gaps",
    a_later_number_with_an_earlier_date: "D2 numbers have no gaps",
    a_booking_on_a_cancelled_invoice: "D3 a booking is on one live invoice",
    a_version_that_was_changed: "D4 versions are as frozen",
    a_cancelled_invoice_that_forgot_its_booking: "D4 versions are as frozen",
    an_invoice_that_lags_behind_its_bookings: "D5 live views are fresh",
    a_sending_that_history_forgot: "D6 history is complete",
    a_pdf_that_nobody_promised: "W1 promises stand with their causes",
    a_mail_accepted_without_a_try: "W2 mails left at most once",
    a_job_held_past_its_lease: "W3 leases have not lapsed",
    a_repricing_that_ended_before_its_bookings: "W5 repricings end when all is done",
    tax_codes_that_replace_each_other: "C1 tax codes are replaced in a line",
    a_row_that_points_at_a_strangers: "T1 rows stay in their company",
    a_file_with_other_bytes: "D4 files have their hashes",
}


def red_lines() -> list[str]:
    return [finding.name for finding in verify(company_name=COMPANY) if finding.bad]


def test_every_line_has_its_damage() -> None:
    assert {check.name for check in CHECKS} == set(DAMAGES.values())


def test_a_damaged_row_turns_exactly_its_line_red(house: House, subtests: pytest.Subtests) -> None:
    """One company for all, because furnishing it takes longer than damaging it; each damage is taken back."""
    assert red_lines() == []
    for damage, line in DAMAGES.items():
        with subtests.test(damage=damage.__name__), undone():
            unguarded()
            damage(house)
            if damage is not a_guard_that_was_taken_off:
                guarded()
            assert red_lines() == [line]
    assert red_lines() == [DAMAGES[a_file_with_other_bytes]]  # a file is not taken back, so it comes last
