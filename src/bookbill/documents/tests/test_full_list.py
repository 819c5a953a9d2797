import csv
import io
from decimal import Decimal

import pytest

from bookbill.documents.full_list import full_list_csv, safe_cell
from bookbill.documents.tests.builders import GST_QST, HST_INCLUDED, make_block, make_document


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_columns_sum_to_the_document() -> None:
    document = make_document(
        [
            make_block(1, ("Clean", "2.5", "46.2"), ("Coupon", "1", "-15"), tax=GST_QST, discount="3.33"),
            make_block(2, ("Oven", "1", "113"), tax=HST_INCLUDED, discount="1"),
            make_block(3, tax=None),
        ]
    )
    rows = rows_of(full_list_csv(document))
    net = sum(Decimal(row["amount_without_tax"]) for row in rows if row["amount_without_tax"])
    tax = sum(Decimal(row["tax"]) for row in rows if row["tax"])
    total = sum(Decimal(row["total"]) for row in rows)
    totals = document.totals
    assert [int(value * 100) for value in (net, tax, total)] == [
        totals.subtotal_minor - totals.discount_minor,
        totals.tax_minor,
        totals.total_minor,
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_no_text_is_taken_for_a_formula(start: str) -> None:
    attack = start + 'cmd|"/c calc"!A1'
    block = make_block(1, (attack, "1", "100"), service_address=attack)
    row = rows_of(full_list_csv(make_document([block])))[0]
    assert row["description"] == row["service_address"] == "'" + attack


def test_figures_stay_figures() -> None:
    block = make_block(1, ("Clean", "1", "100"), ("Coupon", "1", "-15"), tax=None)
    assert rows_of(full_list_csv(make_document([block])))[1]["total"] == "-15.00"
    assert safe_cell("12 Rue Fabre") == "12 Rue Fabre"


def test_a_currency_without_decimals_has_none() -> None:
    block = make_block(1, ("Clean", "1", "1200"), tax=None, exponent=0)
    assert rows_of(full_list_csv(make_document([block], currency="JPY")))[0]["total"] == "1200"
