from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bookbill.money.errors import MoneyError
from bookbill.money.share import Shares, share_out

nets = st.integers(-(10**6), 10**9)
taxes = st.lists(st.integers(-(10**5), 10**8), max_size=4)


def test_half_of_a_booking_is_half_of_its_net_and_of_each_tax() -> None:
    assert share_out(5_750, net_minor=10_000, tax_minors=[500, 1_000]) == Shares(5_000, (250, 500))


def test_a_cent_goes_to_the_net_between_equals() -> None:
    assert share_out(1, net_minor=50, tax_minors=[50]) == Shares(1, (0,))


def test_a_booking_without_tax_is_reduced_in_its_net() -> None:
    assert share_out(300, net_minor=1_000, tax_minors=[]) == Shares(300, ())
    assert share_out(0, net_minor=0, tax_minors=[0, 0]) == Shares(0, (0, 0))


def test_nothing_cannot_be_reduced() -> None:
    with pytest.raises(MoneyError) as refused:
        share_out(1, net_minor=0, tax_minors=[0])
    assert refused.value.code == "nothing_to_split_over"


@given(nets, taxes, st.lists(st.fractions(0, 1), max_size=4))
def test_reductions_one_after_the_other_take_exactly_what_is_left(
    net: int, taxes: list[int], parts_of_the_rest: list[Fraction]
) -> None:
    left = [net, *taxes]
    assume(sum(left) > 0)
    for part in [*parts_of_the_rest, Fraction(1)]:
        amount = int(sum(left) * part)
        shares = share_out(amount, net_minor=left[0], tax_minors=left[1:])
        taken = [shares.net_minor, *shares.tax_minors]
        assert sum(taken) == amount
        assert all(
            abs(share) <= abs(rest) and share * rest >= 0 for share, rest in zip(taken, left, strict=True)
        )
        left = [rest - share for rest, share in zip(left, taken, strict=True)]
    assert not any(left)
