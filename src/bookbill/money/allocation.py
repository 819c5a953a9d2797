"""Splitting an amount without losing a cent (largest remainder), and filling claims in order."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from bookbill.money.errors import MoneyError


def split(total: int, weights: Sequence[int | Decimal | Fraction]) -> list[int]:
    """Split ``total`` by ``weights``: the shares sum to it and each is less than 1 away from its exact part.

    The units that are left after rounding down go to the largest fractions, between equals to the earlier
    index: so callers order by service date, then number. A weight of zero gets nothing, a negative weight a
    share of the other sign, and ``split(-total, …)`` is the negative of ``split(total, …)``.

    Raises MoneyError ``nothing_to_split_over`` for an amount over weights that sum to zero.
    """
    whole = _as_integers(weights)
    weight_sum = sum(whole)
    if weight_sum == 0:
        if total:
            raise MoneyError("nothing_to_split_over")
        return [0] * len(whole)
    if weight_sum < 0:
        return apportion(total, [-total * weight for weight in whole], -weight_sum)
    return apportion(total, [total * weight for weight in whole], weight_sum)


def apportion(total: int, numerators: Sequence[int], denominator: int) -> list[int]:
    """Round the exact parts ``numerators / denominator`` so that they sum to ``total``.

    ``total`` must be their exact sum rounded, up or down. Each share is less than 1 away from its part and
    never has the other sign. The core of ``split``, for parts that are known better than by a weight.
    """
    if len(numerators) == 1:
        return [total]
    if total < 0:
        return [-share for share in apportion(-total, [-numerator for numerator in numerators], denominator)]
    shares, remainders = [], []
    for numerator in numerators:
        share, remainder = divmod(numerator, denominator)
        shares.append(share)
        remainders.append(remainder)
    left = total - sum(shares)
    if left:
        # sorted() is stable: equal remainders keep the order of their index
        for index in sorted(range(len(shares)), key=remainders.__getitem__, reverse=True)[:left]:
            shares[index] += 1
    return shares


def fill_in_order(amount: int, capacities: Sequence[int]) -> list[int]:
    """Fill the capacities one after the other until the amount is used up: a payment meets the oldest first.

    What fits nowhere stays out: the rest is ``amount - sum(result)``. Raises MoneyError ``negative_amount``
    for a negative amount or capacity.
    """
    if amount < 0 or any(capacity < 0 for capacity in capacities):
        raise MoneyError("negative_amount")
    filled = []
    for capacity in capacities:
        part = min(amount, capacity)
        filled.append(part)
        amount -= part
    return filled


def _as_integers(weights: Sequence[int | Decimal | Fraction]) -> list[int]:
    ratios = [weight.as_integer_ratio() for weight in weights]
    common = lcm(*(denominator for _, denominator in ratios))
    return [numerator * (common // denominator) for numerator, denominator in ratios]
