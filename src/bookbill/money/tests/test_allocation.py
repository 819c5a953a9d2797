from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bookbill.money.allocation import apportion, fill_in_order, split
from bookbill.money.errors import MoneyError
from bookbill.money.rounding import round_half_away
from bookbill.money.tests.reference import slow_split

totals = st.integers(-(10**15), 10**15)
positive_weights = st.lists(st.integers(0, 10**11), min_size=1, max_size=30).filter(any)
few_weights = st.lists(st.integers(0, 4), min_size=1, max_size=8).filter(any)


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1, 1, 1], [34, 33, 33]),
        (-100, [1, 1, 1], [-34, -33, -33]),
        (101, [1, 1, 1], [34, 34, 33]),
        (1, [0, 1, 1], [0, 1, 0]),
        (10, [50, 30, 20], [5, 3, 2]),
        (12, [-1, 13], [-1, 13]),
        (7, [Decimal("0.5"), Fraction(1, 3), 1], [2, 1, 4]),
        (0, [], []),
        (0, [0, 0], [0, 0]),
        (5, [-1, -1], [3, 2]),
    ],
)
def test_split_by_example(total: int, weights: list[int | Decimal | Fraction], shares: list[int]) -> None:
    assert split(total, weights) == shares


@given(totals, positive_weights)
def test_split_loses_no_cent_and_stays_within_one_of_exact(total: int, weights: list[int]) -> None:
    shares = split(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        exact = Fraction(total * weight, sum(weights))
        assert abs(share - exact) < 1
        assert share * exact >= 0
        assert (share == exact) or exact.denominator > 1


@given(st.integers(0, 40), few_weights)
def test_split_hands_the_rest_to_the_largest_fractions_and_between_equals_to_the_earlier(
    total: int, weights: list[int]
) -> None:
    assert split(total, weights) == slow_split(total, weights)


@given(totals, positive_weights)
def test_split_is_the_same_on_both_sides_of_zero(total: int, weights: list[int]) -> None:
    assert split(-total, weights) == [-share for share in split(total, weights)]
    assert split(total, [-weight for weight in weights]) == split(total, weights)


@given(totals, positive_weights, st.fractions(Fraction(1, 1000), 1000))
def test_only_the_proportions_of_the_weights_count(total: int, weights: list[int], factor: Fraction) -> None:
    assert split(total, [weight * factor for weight in weights]) == split(total, weights)


@given(st.lists(st.integers(-(10**6), 10**6), min_size=1, max_size=12), st.data())
def test_a_part_of_a_sum_never_takes_more_than_each_part_has(parts: list[int], data: st.DataObject) -> None:
    assume(sum(parts) > 0)
    shares = split(data.draw(st.integers(0, sum(parts))), parts)
    assert all(
        abs(share) <= abs(part) and share * part >= 0 for share, part in zip(shares, parts, strict=True)
    )
    assert split(sum(parts), parts) == parts


@pytest.mark.parametrize("weights", [[], [0], [0, 0], [5, -5]])
def test_an_amount_is_not_split_over_nothing(weights: list[int]) -> None:
    with pytest.raises(MoneyError) as refused:
        split(1, weights)
    assert refused.value.code == "nothing_to_split_over"


@given(
    st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=12),
    st.integers(1, 10**6),
)
def test_parts_of_both_signs_are_rounded_together(numerators: list[int], denominator: int) -> None:
    total = round_half_away(Fraction(sum(numerators), denominator))
    shares = apportion(total, numerators, denominator)
    assert sum(shares) == total
    for share, numerator in zip(shares, numerators, strict=True):
        assert abs(share - Fraction(numerator, denominator)) < 1
        assert share * numerator >= 0


@pytest.mark.parametrize(
    ("amount", "capacities", "filled"),
    [
        (250, [100, 100, 100], [100, 100, 50]),
        (250, [100, 0, 100], [100, 0, 100]),
        (0, [100], [0]),
        (5, [], []),
        (100, [100, 100], [100, 0]),
    ],
)
def test_a_payment_fills_the_first_claim_first(amount: int, capacities: list[int], filled: list[int]) -> None:
    assert fill_in_order(amount, capacities) == filled


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**11), max_size=30))
def test_filling_uses_all_it_can_and_starts_no_claim_before_the_earlier_ones_are_full(
    amount: int, capacities: list[int]
) -> None:
    filled = fill_in_order(amount, capacities)
    assert sum(filled) == min(amount, sum(capacities))
    full = [part == capacity for part, capacity in zip(filled, capacities, strict=True)]
    first_open = full.index(False) if False in full else len(full)
    assert not any(filled[first_open + 1 :])
    assert all(0 <= part <= capacity for part, capacity in zip(filled, capacities, strict=True))


@pytest.mark.parametrize(("amount", "capacities"), [(-1, [5]), (5, [5, -1])])
def test_filling_refuses_negative_figures(amount: int, capacities: list[int]) -> None:
    with pytest.raises(MoneyError) as refused:
        fill_in_order(amount, capacities)
    assert refused.value.code == "negative_amount"
