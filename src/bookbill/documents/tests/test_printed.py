from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.documents.document import BookingBlock, Document, totals_of
from bookbill.documents.printed import Printed, printed
from bookbill.documents.tests.builders import (
    GST_QST,
    HST,
    HST_INCLUDED,
    make_block,
    make_document,
)


def totals(texts: Printed) -> dict[str, str]:
    return {row.label: row.amount for row in texts.totals}


def minor(amount: str) -> int:
    return int(Decimal(amount.replace(",", "").replace("−", "-")).scaleb(2))


def test_the_figures_are_written_as_in_the_language_and_the_currency() -> None:
    document = make_document([make_block(1, ("Deep clean", "1", "1234.5"), tax=None)])
    english, french = printed(document, "en"), printed(document, "fr")
    assert (english.due.value, english.facts[0].value) == ("$1,234.50", "Jun 30, 2026")
    assert (french.due.value, french.facts[0].value) == ("1\u00a0234,50\u00a0$", "30 juin 2026")
    assert (french.language, french.territory) == ("fr", "CA")


def test_the_same_document_gives_the_same_texts() -> None:
    assert printed(make_document(3)) == printed(make_document(3))


@pytest.mark.parametrize(
    ("days", "due_date", "label"),
    [(0, "2026-06-30", "Due on receipt"), (14, "2026-07-14", "Net 14"), (14, None, "Net 14")],
)
def test_terms_are_said_in_words(days: int, due_date: str | None, label: str) -> None:
    texts = printed(make_document(terms_days=days, due_date=due_date))
    assert {fact.label: fact.value for fact in texts.facts}["Terms"] == label


@pytest.mark.parametrize("issue_date", ["2026-06-30", None])
def test_terms_that_a_chosen_due_date_contradicts_are_not_said(issue_date: str | None) -> None:
    """A draft has a due date only where one was chosen."""
    texts = printed(make_document(terms_days=14, due_date="2026-07-31", issue_date=issue_date))
    assert "Terms" not in {fact.label for fact in texts.facts}


def test_a_draft_has_no_number_and_no_dates() -> None:
    texts = printed(
        make_document(status="draft", number=None, issue_date=None, due_date=None, terms_days=None)
    )
    assert texts.number == "Draft"
    assert [fact.label for fact in texts.facts] == ["Purchase order", "Status"]
    assert texts.due_by == ""


def test_paid_credited_and_written_off_are_apart() -> None:
    block = make_block(1, paid_minor=3000)
    block = replace(block, reduced_minor=1000, written_off_minor=500, due_minor=block.due_minor - 1500)
    rows = totals(printed(make_document([block])))
    assert (rows["Paid"], rows["Credited"], rows["Written off"]) == ("−$30.00", "−$10.00", "−$5.00")
    assert rows["Balance due"] == "$68.00"


def test_a_single_tax_shows_its_rate_and_several_show_letters() -> None:
    plain = printed(make_document([make_block(1, tax=HST), make_block(2, tax=None)]))
    assert [row.tax for row in plain.rows] == ["13%", "–"]
    assert "HST 13% on $100.00" in totals(plain)
    lettered = printed(make_document([make_block(1, tax=HST), make_block(2, tax=GST_QST)]))
    assert [row.tax for row in lettered.rows] == ["A", "B C"]
    assert [row.label[:5] for row in lettered.totals if "·" in row.label] == ["A · H", "B · G", "C · Q"]
    again = replace(HST, key="pst", components=(replace(HST.components[0], name="PST"),))
    alike = printed(make_document([make_block(1, tax=HST), make_block(2, tax=again)]))
    assert [row.tax for row in alike.rows] == ["A", "B"]


@pytest.mark.parametrize(
    ("name", "rate", "language", "label"),
    [
        ("HST 13%", "13", "en", "HST 13% on $100.00"),
        ("HST 13 %", "13", "en", "HST 13 % on $100.00"),
        ("HST 13\u00a0%", "13", "en", "HST 13\u00a0% on $100.00"),
        ("TVH 13%", "13", "fr", "TVH 13% sur 100,00\u00a0$"),
        ("TVH 13\u202f%", "13", "fr", "TVH 13\u202f% sur 100,00\u00a0$"),
        ("TVQ 9.975%", "9.975", "fr", "TVQ 9.975% sur 100,00\u00a0$"),
        ("HST 13%", "3", "en", "HST 13% 3% on $100.00"),
    ],
)
def test_a_tax_whose_name_tells_the_rate_does_not_tell_it_twice(
    name: str, rate: str, language: str, label: str
) -> None:
    block = make_block(1, tax=HST)
    block = replace(block, taxes=(replace(block.taxes[0], name=name, rate=rate),))
    assert label in totals(printed(make_document([block]), language))


@pytest.mark.parametrize(
    ("language", "note", "contained"),
    [
        ("en", "Amounts in CAD. Some prices include tax.", "A · HST 13% on $200.00 (included in the prices)"),
        (
            "fr",
            "Montants en CAD. Certains prix sont taxes comprises.",
            "A · HST 13\u00a0% sur 200,00\u00a0$ (compris dans les prix)",
        ),
    ],
)
def test_prices_with_tax_beside_others_are_told_apart(language: str, note: str, contained: str) -> None:
    blocks = [make_block(1, ("Clean", "1", "226"), tax=HST_INCLUDED), make_block(2), make_block(3, tax=None)]
    texts = printed(make_document(blocks), language)
    assert texts.price_note == note
    assert [row.tax for row in texts.rows] == ["A", "B", "–"]
    labels = [row.label for row in texts.totals if "·" in row.label]
    assert labels[0] == contained
    assert labels[1].startswith("B · HST")
    assert "(" not in labels[1]


def test_prices_with_tax_show_the_discount_with_tax_and_say_so() -> None:
    texts = printed(make_document([make_block(1, ("Clean", "1", "113"), tax=HST_INCLUDED, discount="11.30")]))
    assert [(row.description, row.amount) for row in texts.rows] == [
        ("Clean", "113.00"),
        ("Discount", "−11.30"),
    ]
    assert texts.price_note == "Amounts in CAD. Prices include tax."
    assert totals(texts) == {
        "Subtotal without tax": "$100.00",
        "Discount without tax": "−$10.00",
        "HST 13% on $90.00": "$11.70",
        "Total": "$101.70",
        "Paid": "$0.00",
        "Balance due": "$101.70",
    }


def test_somebody_exempt_sees_the_tax_he_does_not_pay() -> None:
    block = make_block(1, ("Clean", "1", "113"), tax=HST_INCLUDED, exempt=True)
    texts = printed(make_document([block], exemption_reason="Registered charity"))
    assert [(row.description, row.amount) for row in texts.rows] == [
        ("Clean", "113.00"),
        ("Tax not charged", "−13.00"),
    ]
    assert totals(texts)["Total"] == "$100.00"
    assert texts.sections[0].text == "Registered charity"


def test_the_country_is_named_only_to_somebody_abroad() -> None:
    document = make_document()
    at_home = replace(document.billing, address=replace(document.billing.address, country="CA"))
    abroad = replace(document.billing, address=replace(document.billing.address, country="FR"))
    assert "Canada" not in printed(replace(document, billing=at_home)).billing.lines
    assert "France" in printed(replace(document, billing=abroad)).billing.lines


@pytest.mark.parametrize("change", [{"status": "cancelled"}, {"pay_url": None}, {"paid": True}])
def test_there_is_no_link_where_nothing_is_to_pay(change: dict[str, Any]) -> None:
    if change.pop("paid", False):
        change = {"status": "paid", "bookings": [make_block(1, paid_minor=11300)]}
    assert printed(make_document(**change)).pay is None


items = st.lists(
    st.tuples(
        st.sampled_from(["Clean", "Windows", "Oven"]),
        st.sampled_from(["1", "2.5", "0.333"]),
        st.sampled_from(["100", "46.2", "0.1225", "-5"]),
    ),
    min_size=1,
    max_size=3,
).filter(lambda rows: sum(float(quantity) * float(price) for _, quantity, price in rows) > 1)
blocks = st.builds(
    lambda n, rows, tax, discount, exempt: make_block(n, *rows, tax=tax, discount=discount, exempt=exempt),
    st.integers(1, 9999),
    items,
    st.sampled_from([None, HST, GST_QST, HST_INCLUDED]),
    st.sampled_from(["", "0.50"]),
    st.booleans(),
)


@given(st.lists(blocks, min_size=1, max_size=5))
def test_the_rows_and_the_added_taxes_sum_to_the_total(made: list[BookingBlock]) -> None:
    document = make_document(made)
    texts = printed(document)
    added = sum(tax.amount_minor for tax in document.totals.taxes if not tax.inclusive)
    assert sum(minor(row.amount) for row in texts.rows) + added == document.totals.total_minor


def long_document(services: int = 3) -> Document:
    """1,001 lines over four months."""
    made = [
        make_block(
            n,
            (f"Service {n % services}", "1.5", f"{20 + n % 7}"),
            tax=GST_QST,
            discount="1" if n % 5 == 0 else "",
            service_date=f"2026-{3 + n % 4:02}-{1 + n % 28:02}",
        )
        for n in range(1001)
    ]
    return make_document(made)


def test_above_a_thousand_lines_there_is_one_for_each_service_and_month_with_the_same_totals() -> None:
    document = long_document()
    texts = printed(document)
    assert texts.is_summary
    assert len(texts.rows) == 13  # 3 services × 4 months, and the discounts
    assert texts.rows[0].date == "March 2026"
    assert (
        sum(minor(row.amount) for row in texts.rows) + document.totals.tax_minor
        == document.totals.total_minor
    )
    assert totals(texts)["Total"] == f"${document.totals.total_minor / 100:,.2f}"


def test_a_service_under_several_taxes_has_one_line_a_month_that_names_them() -> None:
    made = [
        make_block(n, ("Office clean", "1", "20"), tax=HST if n % 2 else None, service_date="2026-03-01")
        for n in range(1001)
    ]
    rows = printed(make_document(made)).rows
    assert [(row.description, row.tax, row.amount) for row in rows] == [
        ("Office clean", "13%, –", "20,020.00")
    ]


def test_a_thousand_lines_are_still_printed_one_by_one() -> None:
    document = long_document()
    bookings = document.bookings[:1000]
    texts = printed(replace(document, bookings=bookings, totals=totals_of(bookings)))
    assert not texts.is_summary
    assert texts.csv == ""


def test_a_thousand_different_services_are_summed_by_month() -> None:
    document = long_document(services=1001)
    texts = printed(document)
    assert [row.description for row in texts.rows] == ["All services"] * 4 + ["Discount"]
    assert texts.attachment_note.startswith(
        "One line for each month: the services are too many to list. The full list"
    )
    assert (
        sum(minor(row.amount) for row in texts.rows) + document.totals.tax_minor
        == document.totals.total_minor
    )


def test_a_cancelled_one_says_why_nothing_is_left_to_pay() -> None:
    texts = printed(make_document([make_block(1, tax=None, paid_minor=4_000)], status="cancelled"))
    assert [(row.label, row.amount) for row in texts.totals] == [
        ("Total", "$100.00"),
        ("Paid", "−$40.00"),
        ("No longer due: cancelled", "−$60.00"),
        ("Balance due", "$0.00"),
    ]
