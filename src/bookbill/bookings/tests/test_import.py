"""`bookbill import-bookings`: a file by its mapping, all or nothing, once."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest

from bookbill.activity.models import Entry
from bookbill.bookings.commands import import_bookings_command
from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.lib.errors import BadInput
from tests.support.cast import NOW

pytestmark = pytest.mark.both_databases

MAPPING = """
empty = ["NULL"]
external_id = "row-{id}"
date = "{year}-{month|months}-{day}"
state = "{status|states}"
[customer]
name = ["Agent {agent}", "Walk-in {country}"]
[[items]]
description = "Nights"
sum = ["weekend", "week"]
at_least = "1"
unit_price = "{price}"
[[items]]
description = "Parking"
quantity = "{parking}"
unit_price = "10.00"
unless_zero = "parking"
[values.months]
July = "7"
[values.states]
Done = "completed"
Gone = "cancelled"
"""
HEAD = "id,year,month,day,status,agent,country,weekend,week,price,parking\n"
GOOD = (
    HEAD
    + "1,2015,July,1,Done,240,PRT,2,5,98.5,1\n2,2015,July,3,Gone,NULL,GBR,0,1,75,0\n3,2015,July,9,Done,240,PRT,0,0,0,0\n"
)


@pytest.fixture
def files(tmp_path: Path, company: Company) -> tuple[Path, Path]:
    mapping, file = tmp_path / "map.toml", tmp_path / "bookings.csv"
    mapping.write_text(MAPPING)
    file.write_text(GOOD)
    return file, mapping


def run(files: tuple[Path, Path], *, dry_run: bool = False) -> tuple[str, int]:
    file, mapping = files
    return import_bookings_command(
        file=str(file), company="Bright Home Co.", mapping=str(mapping), dry_run=dry_run
    )


def test_a_file_becomes_bookings_of_customers_and_a_second_run_adds_nothing(files: tuple[Path, Path]) -> None:
    assert run(files) == ("Imported 3 bookings and 2 customers, 0 known already, 0 left out.", 0)
    rows = Booking.objects.order_by("external_id").values_list(
        "external_id", "customer__name", "state", "total_minor"
    )
    assert list(rows) == [
        ("row-1", "Agent 240", "completed", 69_950),
        ("row-2", "Walk-in GBR", "cancelled", 0),
        ("row-3", "Agent 240", "completed", 0),
    ]
    assert run(files) == ("Imported 0 bookings and 0 customers, 3 known already, 0 left out.", 0)


def test_a_dry_run_says_the_same_and_changes_nothing(files: tuple[Path, Path]) -> None:
    entries = Entry.objects.count()
    assert run(files, dry_run=True)[0].startswith("Would import 3 bookings")
    assert (Booking.objects.count(), Customer.objects.count(), Entry.objects.count()) == (0, 0, entries)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("4,2015,July,99,Done,240,PRT,1,1,10,0", "is not a date"),
        ("4,2015,Julember,9,Done,240,PRT,1,1,10,0", "is not in [values.months]"),
        ("4,2015,July,9,Done,240,PRT,1,1,1e5,0", "is not a number"),
        ("4,2015,July,9,Done,240,PRT,NaN,1,10,0", "not a number"),
        ("1,2015,July,9,Done,240,PRT,1,1,10,0", "stands in an earlier row"),
        ("4,2015,July,9,Asleep,240,PRT,1,1,10,0", "is not in [values.states]"),
        ("NULL,2015,July,9,Done,240,PRT,1,1,10,0", "no external id"),
    ],
)
def test_one_wrong_row_is_named_and_nothing_is_imported(files: tuple[Path, Path], row: str, why: str) -> None:
    files[0].write_text(GOOD + row + "\n")
    text, status = run(files)
    assert status == 1
    assert "line 5: " in text
    assert why in text
    assert not Booking.objects.exists()
    assert not Customer.objects.exists()


def test_an_unknown_word_in_the_mapping_is_refused(files: tuple[Path, Path]) -> None:
    files[1].write_text("colour = 'blue'\n" + MAPPING)
    with pytest.raises(BadInput, match=r"Unknown in the mapping: colour\."):
        run(files)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("[customer]\nname", "[[customer]]\nname"), "[customer] must be a table"),
        (('empty = ["NULL"]', "empty = 7"), "empty"),
        (('at_least = "1"', 'at_least = "one"'), "at_least"),
        (('external_id = "row-{id}"', "external_id = 5"), "external_id"),
        (('external_id = "row-{id}"', "external_id = []"), "external_id"),
        (("[values.months]", "[values]\nx = 1\n[values.months]"), "values"),
        (("{month|months}", "{month|moons}"), "[values.moons]"),
        (('price = "{price}"', 'price = "{cost}"'), "cost"),
        (('"Walk-in {country}"', '"Walk-in {land}"'), "land"),
        (('sum = ["weekend", "week"]', 'sum = ["weekend", "weeks"]'), "weeks"),
        (('unless_zero = "parking"', 'unless_zero = "cars"'), "cars"),
    ],
)
def test_a_mapping_that_cannot_be_meant_is_refused_in_one_sentence_before_any_row(
    files: tuple[Path, Path], change: tuple[str, str], sentence: str
) -> None:
    assert change[0] in MAPPING
    files[1].write_text(MAPPING.replace(*change))
    with pytest.raises(BadInput) as refused:
        run(files)
    assert sentence in refused.value.message


def test_a_value_that_means_nothing_may_be_one_text(files: tuple[Path, Path]) -> None:
    files[1].write_text(MAPPING.replace('empty = ["NULL"]', 'empty = "NULL"'))
    assert run(files)[1] == 0
    assert Customer.objects.filter(name="Walk-in GBR").exists()


def test_a_file_from_a_spreadsheet_begins_with_a_mark_that_is_no_part_of_its_first_column(
    files: tuple[Path, Path],
) -> None:
    files[0].write_text(GOOD, encoding="utf-8-sig")
    assert run(files)[0].startswith("Imported 3 bookings")


def test_rows_are_named_by_the_line_where_they_end_though_cells_hold_line_breaks(
    files: tuple[Path, Path],
) -> None:
    files[0].write_text(
        HEAD + '1,2015,July,1,Done,"2\n40",PRT,1,1,9,0\n\n2,2015,July,99,Done,1,PRT,1,1,9,0\n'
    )
    assert "line 5: " in run(files)[0]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("4,2015,July,9,Done,240,PRT,1,1,-10,0", "below zero"),
        ("4,2015,July,9,Done,240,PRT,1,1,99999999999,0", "larger than Bookbill can bill"),
        ("4,2015,July,9,Done,240,PRT,1_0,1,10,0", "is not a number"),
        ("4,2015,July,9,Done,240,PRT,1,1,10,0,x", "more cells than the first line names"),
    ],
)
def test_what_cannot_be_billed_or_read_is_named_by_its_line(
    files: tuple[Path, Path], row: str, why: str
) -> None:
    files[0].write_text(GOOD + row + "\n")
    text, status = run(files)
    assert status == 1
    assert "line 5: " in text
    assert why in text
    assert not Booking.objects.exists()


def test_rows_whose_customer_has_no_key_are_not_put_on_one_customer(files: tuple[Path, Path]) -> None:
    keyed = MAPPING.replace("[customer]", '[customer]\nexternal_id = "crm-{agent}"')
    files[1].write_text(keyed)
    text, status = run(files)
    assert status == 1
    assert "line 3: no external id of the customer can be read" in text


def test_constants_joins_tables_and_conditions_make_what_the_mapping_says(
    files: tuple[Path, Path], tax_code: TaxCode
) -> None:
    files[1].write_text(
        MAPPING.replace(
            "[customer]",
            f'note = "{{country}}, {{agent}}"\ntime = "09:30"\ntax_code = "{tax_code.name}"\nonly = {{country = ["PRT"]}}\n[customer]',
        ).replace('description = "Nights"', 'description = "Nights"\nunit = "night"')
    )
    assert run(files)[0] == "Imported 2 bookings and 1 customers, 0 known already, 1 left out."
    booking = Booking.objects.get(external_id="row-1")
    assert (booking.note, booking.start_time, booking.tax_code_id) == (
        "PRT, 240",
        dt.time(9, 30),
        tax_code.pk,
    )
    items = booking.items.order_by("position").values_list("description", "quantity", "unit", "unit_price")
    assert list(items) == [
        ("Nights", Decimal(7), "night", Decimal("98.5")),
        ("Parking", Decimal(1), "", Decimal(10)),
    ]


def test_rows_of_an_archived_customer_are_named(files: tuple[Path, Path]) -> None:
    Customer.objects.create(
        company=Company.objects.get(),
        name="Mr. 240",
        external_id="Agent 240",
        archived_at=NOW,
        created_at=NOW,
    )
    said, status = run(files)
    assert status == 1
    for line in (2, 4):
        assert f"line {line}: Mr. 240 is archived. Restore the customer first, then add new work." in said
    assert "line 3" not in said
