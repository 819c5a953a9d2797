"""Random bookings to price."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from bookbill.money.pricing import Component, Discount, Line, TaxTerms
from bookbill.money.tests.reference import slow_price

CATEGORIES = [
    "standard",
    "standard",
    "standard",
    "zero",
    "exempt",
    "reverse_charge",
    "outside_scope",
]
EVERYDAY_RATES = ["0", "5", "7", "9.975", "13", "15", "19", "20", "100"]


@dataclass(frozen=True)
class Asked:
    """The arguments of one pricing."""

    lines: list[Line]
    discount: Discount | None
    exempt: bool
    exponent: int


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 10**places, high * 10**places).map(lambda whole: Decimal(whole).scaleb(-places))


def rates() -> st.SearchStrategy[Decimal]:
    return st.sampled_from(EVERYDAY_RATES).map(Decimal) | decimals(0, 100, 6)


def components(categories: list[str]) -> st.SearchStrategy[Component]:
    return st.builds(
        Component,
        name=st.sampled_from(["GST", "QST", "VAT"]),
        rate=rates(),
        compound=st.booleans(),
        category=st.sampled_from(categories),
    )


@st.composite
def tax_terms(
    draw: st.DrawFn,
    key: str,
    *,
    inclusive: bool | None = None,
    categories: list[str] = CATEGORIES,
) -> TaxTerms:
    parts = draw(st.lists(components(categories), min_size=0, max_size=3))
    return TaxTerms(key, draw(st.booleans()) if inclusive is None else inclusive, tuple(parts))


def positive_lines(
    terms: st.SearchStrategy[TaxTerms | None],
) -> st.SearchStrategy[Line]:
    return st.builds(Line, decimals(0, 50, 3), decimals(0, 300, 4), terms)


def lines_of(terms: st.SearchStrategy[TaxTerms | None]) -> st.SearchStrategy[Line]:
    """Mostly positive, some negative by quantity or by price."""
    return (
        positive_lines(terms)
        | positive_lines(terms)
        | st.builds(Line, decimals(-5, 5, 3), decimals(-30, 300, 4), terms)
    )


@st.composite
def asked(
    draw: st.DrawFn,
    *,
    inclusive: bool | None = None,
    exempt: bool | None = None,
    discounted: bool | None = None,
    may_be_negative: bool = False,
) -> Asked:
    """A booking of up to six lines over up to three tax codes and none; its total is not negative unless allowed."""
    codes: list[TaxTerms | None] = [
        draw(tax_terms(key, inclusive=inclusive)) for key in ("a", "b", "c")[: draw(st.integers(1, 3))]
    ]
    if inclusive is None:
        codes.append(None)
    lines = draw(st.lists(lines_of(st.sampled_from(codes)), min_size=1, max_size=6))
    exponent = draw(st.sampled_from([0, 2, 2, 2, 3]))
    discount = None
    if draw(st.booleans()) if discounted is None else discounted:
        discount = draw(discounts(lines, exponent))
    free = draw(st.booleans()) if exempt is None else exempt
    if not may_be_negative and slow_price(lines, discount, exempt=free, exponent=exponent).total < 0:
        lines = [*lines, Line(Decimal(1), Decimal(100_000), lines[0].tax)]
    return Asked(lines, discount, free, exponent)


@st.composite
def discounts(draw: st.DrawFn, lines: list[Line], exponent: int) -> Discount:
    """A percentage, or an amount up to the sum of the positive lines."""
    if draw(st.booleans()):
        return Discount("percent", draw(decimals(0, 100, 2) | decimals(0, 100, 6)))
    amounts = slow_price(lines, None, exempt=False, exponent=exponent).amounts
    whole = draw(st.integers(0, sum(amount for amount in amounts if amount > 0)))
    return Discount("amount", Decimal(whole).scaleb(-exponent))
