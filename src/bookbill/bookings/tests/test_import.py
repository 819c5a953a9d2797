"""`bookbill import-bookings`: a file by its mapping, all or nothing, once."""

from pathlib import Path

import pytest

from bookbill.activity.models import Entry
from bookbill.bookings.commands import import_bookings_command
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.customers.models import Customer
from bookbill.lib.errors import BadInput

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
