"""Pricing by example, and what it refuses."""

from decimal import Decimal

import pytest

from bookbill.money.errors import MoneyError
from bookbill.money.pricing import (
    Component,
    Discount,
    Line,
    Priced,
    PricedLine,
    PricedTax,
    TaxTerms,
    price,
)


def code(
    *rates: str,
    inclusive: bool = False,
    compound: bool = False,
    category: str = "standard",
) -> TaxTerms:
    """A tax code; ``compound`` makes all but its first component compound."""
    parts = tuple(
        Component(f"tax {rate}", Decimal(rate), compound and index > 0, category)
        for index, rate in enumerate(rates)
    )
    return TaxTerms("+".join(rates) + category, inclusive, parts)


def line(amount: str, tax: TaxTerms | None = None, *, quantity: str = "1") -> Line:
    return Line(Decimal(quantity), Decimal(amount), tax)


def priced(
    *lines: Line,
    percent: str = "",
    off: str = "",
    exempt: bool = False,
    exponent: int = 2,
) -> Priced:
    discount = None
    if percent or off:
        discount = Discount("percent", Decimal(percent)) if percent else Discount("amount", Decimal(off))
    return price(lines, discount=discount, exempt=exempt, exponent=exponent)


HST = code("13")
HST_INSIDE = code("13", inclusive=True)
QUEBEC = code("5", "9.975")
QUEBEC_INSIDE = code("5", "9.975", inclusive=True)


@pytest.mark.parametrize(
    ("nets", "tax"),
    [
        (["0.50"], 7),
        (["0.50", "0.50", "0.50"], 20),
        (["1.50"], 20),
        (["3.50", "3.50"], 91),
        (["-0.50", "1.00"], 7),
    ],
)
def test_tax_is_taken_once_on_the_sum_of_the_nets(nets: list[str], tax: int) -> None:
    assert priced(*(line(net, HST) for net in nets)).tax_minor == tax


@pytest.mark.parametrize(("gross", "net", "tax"), [("10.00", 885, 115), ("2.99", 265, 34), ("0.01", 1, 0)])
def test_an_inclusive_price_holds_its_tax(gross: str, net: int, tax: int) -> None:
    result = priced(line(gross, HST_INSIDE))
    assert (result.subtotal_minor, result.tax_minor, result.total_minor) == (
        net,
        tax,
        net + tax,
    )


def test_an_inclusive_price_holds_each_component() -> None:
    result = priced(line("132.22", QUEBEC_INSIDE))
    assert (result.subtotal_minor, [tax.amount_minor for tax in result.taxes]) == (
        11_500,
        [575, 1_147],
    )


def test_components_are_taken_on_the_net_and_compound_ones_on_the_earlier_taxes_too() -> None:
    assert [(tax.base_minor, tax.amount_minor) for tax in priced(line("115.00", QUEBEC)).taxes] == [
        (11_500, 575),
        (11_500, 1_147),
    ]
    assert [
        (tax.base_minor, tax.amount_minor)
        for tax in priced(line("115.00", code("5", "9.975", compound=True))).taxes
    ] == [(11_500, 575), (12_075, 1_204)]


def test_an_inclusive_compound_code_gives_back_what_the_exclusive_one_adds() -> None:
    result = priced(line("132.79", code("5", "9.975", inclusive=True, compound=True)))
    assert [(tax.base_minor, tax.amount_minor) for tax in result.taxes] == [
        (11_500, 575),
        (12_075, 1_204),
    ]


def test_quantity_times_price_is_rounded_once_per_line() -> None:
    assert priced(line("9.9999", quantity="0.333")).total_minor == 333
    assert priced(line("0.0050")).total_minor == 1
    assert priced(line("0.0050"), line("0.0050")).total_minor == 2


@pytest.mark.parametrize(("exponent", "total"), [(0, 1_111), (2, 111_095), (3, 1_110_952), (4, 11_109_525)])
def test_the_currency_says_what_a_minor_unit_is(exponent: int, total: int) -> None:
    assert priced(line("987.5133", quantity="1.125"), exponent=exponent).total_minor == total


def test_an_exempt_customer_pays_the_net() -> None:
    exclusive, inclusive = (priced(line("113.00", terms), exempt=True) for terms in (HST, HST_INSIDE))
    assert (exclusive.total_minor, exclusive.taxes) == (11_300, ())
    assert (inclusive.total_minor, inclusive.taxes) == (10_000, ())


def test_the_whole_result_of_a_mixed_booking() -> None:
    vat = TaxTerms(
        "vat",
        inclusive=True,
        components=(Component("VAT", Decimal(20), False, "standard"),),
    )
    result = priced(
        line("100.00", HST),
        line("60.00", vat),
        line("40.00"),
        line("-10.00"),
        percent="10",
    )
    assert result == Priced(
        # 10 % of 190.00 as entered, spread over 100.00, 60.00 and 40.00
        lines=(
            PricedLine(amount_minor=10_000, net_minor=9_050, discount_minor=950),
            PricedLine(amount_minor=6_000, net_minor=4_525, discount_minor=475),
            PricedLine(amount_minor=4_000, net_minor=3_620, discount_minor=380),
            PricedLine(amount_minor=-1_000, net_minor=-1_000, discount_minor=0),
        ),
        subtotal_minor=18_000,
        discount_minor=1_805,
        taxes=(
            PricedTax(
                "13standard",
                0,
                "tax 13",
                Decimal(13),
                "standard",
                False,
                False,
                9_050,
                1_177,
            ),
            PricedTax("vat", 0, "VAT", Decimal(20), "standard", False, True, 4_525, 905),
        ),
        tax_minor=2_082,
        total_minor=18_277,
    )


def test_an_amount_discount_comes_off_the_gross_of_inclusive_prices() -> None:
    result = priced(line("113.00", HST_INSIDE), off="11.30")
    assert (
        result.subtotal_minor,
        result.discount_minor,
        result.tax_minor,
        result.total_minor,
    ) == (
        10_000,
        1_000,
        1_170,
        10_170,
    )


def test_a_discount_is_spread_by_largest_remainder_and_ties_go_to_the_earlier_line() -> None:
    assert [part.discount_minor for part in priced(*[line("1.00")] * 3, off="1.00").lines] == [34, 33, 33]


def test_a_percentage_of_a_sum_that_is_not_positive_is_nothing() -> None:
    vat_on_top = line("10.00", code("100"))
    assert priced(vat_on_top, line("-12.00"), percent="50").discount_minor == 0


@pytest.mark.parametrize("category", ["zero", "exempt", "reverse_charge", "outside_scope"])
@pytest.mark.parametrize("inclusive", [False, True])
def test_only_the_standard_category_charges_but_all_are_printed(category: str, inclusive: bool) -> None:
    result = priced(line("100.00", code("20", category=category, inclusive=inclusive)))
    assert [(tax.category, tax.base_minor, tax.amount_minor) for tax in result.taxes] == [
        (category, 10_000, 0)
    ]
    assert result.total_minor == 10_000


def test_taxes_stand_in_the_order_of_their_first_line() -> None:
    result = priced(line("1", QUEBEC), line("1"), line("1", HST), line("1", QUEBEC))
    assert [(tax.key, tax.component) for tax in result.taxes] == [
        (QUEBEC.key, 0),
        (QUEBEC.key, 1),
        (HST.key, 0),
    ]


def test_lines_share_an_inclusive_net_by_their_gross() -> None:
    result = priced(line("1.00", HST_INSIDE), line("1.50", HST_INSIDE), line("3.00", HST_INSIDE))
    assert [part.net_minor for part in result.lines] == [88, 133, 266]


def test_lines_of_both_signs_share_an_inclusive_net_as_if_each_stood_alone() -> None:
    result = priced(line("10.00", HST_INSIDE), line("-9.99", HST_INSIDE))
    assert [part.net_minor for part in result.lines] == [885, -884]
    assert result.total_minor == 1


def test_a_booking_without_lines_costs_nothing() -> None:
    assert priced() == Priced((), 0, 0, (), 0, 0)


@pytest.mark.parametrize(
    ("refusal", "lines", "discount", "at_line"),
    [
        ("bad_quantity", [line("1"), line("1", quantity="0.0001")], None, 1),
        ("bad_quantity", [line("1", quantity="NaN")], None, 0),
        ("bad_quantity", [line("1", quantity="1E+999999")], None, 0),
        (
            "bad_quantity",
            [line("1", quantity="1.0000000000000000000000000000000000001")],
            None,
            0,
        ),
        ("bad_unit_price", [line("0.00001")], None, 0),
        ("bad_unit_price", [line("Infinity")], None, 0),
        ("bad_rate", [line("1", code("100.01"))], None, None),
        ("bad_rate", [line("1", code("-1"))], None, None),
        ("bad_rate", [line("1", code("1.0000001"))], None, None),
        ("bad_discount", [line("1")], Discount("percent", Decimal("100.01")), None),
        ("bad_discount", [line("1")], Discount("percent", Decimal(-1)), None),
        ("bad_discount", [line("1")], Discount("amount", Decimal("-0.01")), None),
        ("bad_discount", [line("1")], Discount("amount", Decimal("0.001")), None),
        (
            "discount_too_large",
            [line("1"), line("2"), line("-1")],
            Discount("amount", Decimal("3.01")),
            None,
        ),
        ("discount_too_large", [], Discount("amount", Decimal("0.01")), None),
        ("line_too_large", [line("1000000000.01")], None, 0),
        ("line_too_large", [line("0"), line("1000000000", quantity="-1.001")], None, 1),
        ("total_too_large", [line("1000000000")] * 10_000 + [line("0.01")], None, None),
        ("total_too_large", [line("1000000000", HST)] * 9_000, None, None),
        ("total_too_large", [line("1000000000")] * 10_001, Discount("percent", Decimal(100)), None),
        ("negative_total", [line("-0.01")], None, None),
        (
            "negative_total",
            [line("1"), line("-0.50")],
            Discount("amount", Decimal("0.51")),
            None,
        ),
        ("tax_terms_differ", [line("1", HST), line("1", HST_INSIDE)], None, 1),
    ],
)
def test_what_no_rule_accepts_is_refused(
    refusal: str, lines: list[Line], discount: Discount | None, at_line: int | None
) -> None:
    with pytest.raises(MoneyError) as refused:
        price(lines, discount=discount, exempt=False, exponent=2)
    assert (refused.value.code, refused.value.line) == (refusal, at_line)


def test_the_bounds_themselves_are_accepted() -> None:
    assert priced(line("1000000000")).total_minor == 10**11
    assert priced(*[line("1000000000")] * 10_000).total_minor == 10**15
    assert priced(line("1"), line("2"), off="3").total_minor == 0
    assert priced(line("1.0000", quantity="1.00000000")).total_minor == 100
