"""Rounding: half away from zero, from exact fractions only."""

from decimal import Decimal
from fractions import Fraction


def round_half_away(value: Decimal | Fraction) -> int:
    """The nearest whole number; a half goes away from zero: 0.5 → 1, -0.5 → -1, 2.5 → 3."""
    return round_ratio(*value.as_integer_ratio())


def round_ratio(numerator: int, denominator: int) -> int:
    """The same for ``numerator / denominator``; the denominator is positive."""
    if numerator < 0:
        return -((denominator - 2 * numerator) // (2 * denominator))
    return (denominator + 2 * numerator) // (2 * denominator)
