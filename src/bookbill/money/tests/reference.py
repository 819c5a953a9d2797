"""The rules of pricing once more: slowly, with fractions, cent by cent, and sharing no code with the real ones.

Tests compare the two on random bookings.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from bookbill.money.pricing import Discount, Line, TaxTerms


@dataclass(frozen=True)
class SlowPrice:
    amounts: list[int]
    nets: list[int]
    discounts: list[int]
    bases: list[int]
    taxes: list[int]

    @property
    def total(self) -> int:
        return sum(self.nets) + sum(self.taxes)


def nearest(value: Fraction) -> int:
    """Half away from zero."""
    return floor(value + Fraction(1, 2)) if value >= 0 else -floor(-value + Fraction(1, 2))


def hand_out(total: int, parts: Sequence[Fraction]) -> list[int]:
    """Give the units one by one to the part that is furthest below its due, the first of equals."""
    if total < 0:
        return [-share for share in hand_out(-total, [-part for part in parts])]
    shares = [floor(part) for part in parts]
    while sum(shares) < total:
        behind = [part - share for part, share in zip(parts, shares, strict=True)]
        shares[behind.index(max(behind))] += 1
    return shares


def slow_split(total: int, weights: Sequence[int | Fraction]) -> list[int]:
    if total == 0:
        return [0 for _ in weights]
    return hand_out(total, [Fraction(total) * weight / sum(weights) for weight in weights])


def slow_price(lines: Sequence[Line], discount: Discount | None, *, exempt: bool, exponent: int) -> SlowPrice:
    amounts = [nearest(Fraction(line.quantity) * Fraction(line.unit_price) * 10**exponent) for line in lines]
    cuts = slow_split(
        slow_discount(amounts, discount, exponent),
        [max(0, amount) for amount in amounts],
    )
    nets, discounts = [a - c for a, c in zip(amounts, cuts, strict=True)], list(cuts)
    codes: list[TaxTerms] = []
    for line in lines:
        if line.tax is not None and line.tax not in codes:
            codes.append(line.tax)
    bases, taxes = [], []
    for code in codes:
        mine = [index for index, line in enumerate(lines) if line.tax == code]
        rates = [
            Fraction(component.rate) / 100 if component.category == "standard" else Fraction(0)
            for component in code.components
        ]
        exact: list[Fraction] = []
        for component, rate in zip(code.components, rates, strict=True):
            exact.append(rate * (1 + sum(exact)) if component.compound else rate)
        combined = 1 + sum(exact, Fraction(0))
        net = gross = sum(nets[index] for index in mine)
        if code.inclusive:
            grosses = [nets[index] for index in mine]
            net = nearest(gross / combined)
            before = nearest((gross + sum(cuts[index] for index in mine)) / combined)
            if any(g < 0 for g in grosses) and any(g > 0 for g in grosses):
                shares = hand_out(net, [g / combined for g in grosses])
            else:
                shares = slow_split(net, grosses)
            off = slow_split(before - net, [cuts[index] for index in mine])
            for index, share, cut in zip(mine, shares, off, strict=True):
                nets[index], discounts[index] = share, cut
        if exempt:
            continue
        contained = slow_split(gross - net, exact)
        earlier = 0
        for component, rate, inside in zip(code.components, rates, contained, strict=True):
            base = net + earlier if component.compound else net
            tax = inside if code.inclusive else nearest(base * rate)
            bases.append(base)
            taxes.append(tax)
            earlier += tax
    return SlowPrice(amounts, nets, discounts, bases, taxes)


def slow_discount(amounts: Sequence[int], discount: Discount | None, exponent: int) -> int:
    if discount is None:
        return 0
    if discount.kind == "amount":
        return int(discount.value * Decimal(10) ** exponent)
    return nearest(max(Fraction(sum(amounts)), Fraction(0)) * Fraction(discount.value) / 100)
