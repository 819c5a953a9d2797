"""Random bookings to price."""

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from bookbill.money.pricing import Component, Discount, Line, TaxTerms
from bookbill.money.tests.reference import slow_price


@dataclass(frozen=True)
class Asked:
    """The arguments of one pricing."""

    lines: list[Line]
    discount: Discount | None
    exempt: bool
    exponent: int


def decimals(low: int, high: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 10**places, high * 10**places).map(lambda whole: Decimal(whole).scaleb(-places))


def components(*categories: str) -> st.SearchStrategy[tuple[Component, ...]]:
    everyday = st.sampled_from(["0", "5", "7", "9.975", "13", "15", "19", "20", "100"]).map(Decimal)
    one = st.builds(
        Component,
        name=st.just("tax"),
        rate=everyday | decimals(0, 100, 6),
        compound=st.booleans(),
        category=st.sampled_from(categories),
    )
    return st.lists(one, max_size=3).map(tuple)


# strategies are built once: building them for every example took most of the time of these tests
CHARGED = components("standard")
UNCHARGED = components("zero", "exempt", "reverse_charge", "outside_scope")
ANY = CHARGED | components("standard", "zero", "exempt", "reverse_charge", "outside_scope")
POSITIVE = st.tuples(decimals(0, 50, 3), decimals(0, 300, 4))
SIGNED = POSITIVE | POSITIVE | st.tuples(decimals(-5, 5, 3), decimals(-30, 300, 4))
CODE_OF_LINE = st.integers(0, 3)
PERCENTAGES = decimals(0, 100, 2) | decimals(0, 100, 6)
EXPONENTS = st.sampled_from([0, 2, 2, 2, 3])


def tax_terms(
    parts: st.SearchStrategy[tuple[Component, ...]] = ANY, *, inclusive: bool | None = None, key: str = "a"
) -> st.SearchStrategy[TaxTerms]:
    flags = st.booleans() if inclusive is None else st.just(inclusive)
    return st.builds(TaxTerms, key=st.just(key), inclusive=flags, components=parts)


def lines_under(
    terms: TaxTerms | None, figures: st.SearchStrategy[tuple[Decimal, Decimal]] = POSITIVE
) -> st.SearchStrategy[list[Line]]:
    return st.lists(figures, min_size=1, max_size=5).map(
        lambda pairs: [Line(quantity, unit_price, terms) for quantity, unit_price in pairs]
    )


CODES = {
    inclusive: st.tuples(*(tax_terms(inclusive=inclusive, key=key) for key in "abc"))
    for inclusive in (None, False, True)
}
LINES = st.lists(st.tuples(SIGNED, CODE_OF_LINE), min_size=1, max_size=6)


@st.composite
def asked(
    draw: st.DrawFn,
    *,
    inclusive: bool | None = None,
    exempt: bool | None = None,
    discounted: bool | None = None,
    may_be_negative: bool = False,
) -> Asked:
    """Up to six lines over up to three tax codes and none; the total is not negative unless that is allowed."""
    codes = draw(CODES[inclusive])
    figures = draw(LINES)
    untaxed = None if inclusive is None else codes[0]
    lines = [
        Line(quantity, unit_price, (*codes, untaxed)[index]) for (quantity, unit_price), index in figures
    ]
    exponent = draw(EXPONENTS)
    free = draw(st.booleans()) if exempt is None else exempt
    discount = None
    if draw(st.booleans()) if discounted is None else discounted:
        discount = draw_discount(draw, lines, exponent)
    if not may_be_negative and slow_price(lines, discount, exempt=free, exponent=exponent).total < 0:
        lines = [*lines, Line(Decimal(1), Decimal(100_000), lines[0].tax)]
    return Asked(lines, discount, free, exponent)


def draw_discount(draw: st.DrawFn, lines: list[Line], exponent: int) -> Discount:
    """A percentage, or an amount up to the sum of the positive lines."""
    if draw(st.booleans()):
        return Discount("percent", draw(PERCENTAGES))
    amounts = slow_price(lines, None, exempt=False, exponent=exponent).amounts
    whole = draw(st.integers(0, sum(amount for amount in amounts if amount > 0)))
    return Discount("amount", Decimal(whole).scaleb(-exponent))
