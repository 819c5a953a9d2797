from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.money.rounding import round_half_away, round_ratio

fractions = st.fractions(min_value=-(10**12), max_value=10**12, max_denominator=10**6)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        ("0.5", 1),
        ("-0.5", -1),
        ("1.5", 2),
        ("2.5", 3),
        ("-2.5", -3),
        ("2.4999999", 2),
        ("-0.49", 0),
        ("0", 0),
    ],
)
def test_a_half_goes_away_from_zero(value: str, rounded: int) -> None:
    assert round_half_away(Decimal(value)) == rounded
    assert round_half_away(Fraction(value)) == rounded


@given(fractions)
def test_rounding_moves_by_at_most_a_half_and_the_same_on_both_sides_of_zero(
    value: Fraction,
) -> None:
    rounded = round_half_away(value)
    assert abs(rounded - value) <= Fraction(1, 2)
    assert round_half_away(-value) == -rounded
    assert type(rounded) is int


@given(
    st.decimals(
        allow_nan=False,
        allow_infinity=False,
        places=7,
        min_value=-(10**15),
        max_value=10**15,
    )
)
def test_it_agrees_with_the_decimal_module_and_ignores_its_precision(
    value: Decimal,
) -> None:
    with localcontext(prec=60):
        expected = int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
    with localcontext(prec=2):
        assert round_half_away(value) == expected


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**30), st.integers(1, 10**6))
def test_a_ratio_need_not_be_in_lowest_terms(numerator: int, denominator: int, factor: int) -> None:
    assert round_ratio(numerator * factor, denominator * factor) == round_ratio(numerator, denominator)
