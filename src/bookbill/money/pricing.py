"""What a booking costs: line amounts, discount, taxes and total, in whole minor units.

Two identities hold for every result, with prices that contain tax and with prices that do not:

- ``subtotal_minor - discount_minor + tax_minor == total_minor``; subtotal and discount are net of tax;
- the lines' ``net_minor`` and the taxes' ``amount_minor`` sum to ``total_minor``.

All arithmetic is on scaled integers: exact, and two to seven times as fast as with ``Fraction``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bookbill.money.allocation import apportion, split
from bookbill.money.errors import MoneyError
from bookbill.money.rounding import round_ratio

LINE_MAX_MINOR, TOTAL_MAX_MINOR = 10**11, 10**15
CHARGED = "standard"

# quantities have at most 3 decimals, unit prices 4, percentages 6
_QUANTITY_UNIT, _PRICE_UNIT, _PERCENT_UNIT = 10**3, 10**4, 10**6
_HUNDRED_PERCENT = 100 * _PERCENT_UNIT
_MINOR_UNITS = (1, 10, 100, 1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Component:
    """One part of a tax code: ``rate`` in percent (9.975), 0 to 100 with at most 6 decimals.

    A compound component is taken on the net plus the earlier taxes of its code. Only the category "standard"
    charges; the others (zero, exempt, reverse charge, outside scope) print a row with the amount 0, whatever
    their rate.
    """

    name: str
    rate: Decimal
    compound: bool
    category: str


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """A tax code as the booking copied it. ``key`` identifies it; ``inclusive``: prices contain the tax."""

    key: str
    inclusive: bool
    components: tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity (at most 3 decimals) at a price in major units (at most 4); either may be negative."""

    quantity: Decimal
    unit_price: Decimal
    tax: TaxTerms | None


@dataclass(frozen=True, slots=True)
class Discount:
    """A percentage of the amounts as entered, or an amount in major units."""

    kind: Literal["percent", "amount"]
    value: Decimal


@dataclass(frozen=True, slots=True)
class PricedLine:
    """``amount_minor`` is quantity times price as entered; net and discount are without tax."""

    amount_minor: int
    net_minor: int
    discount_minor: int


@dataclass(frozen=True, slots=True)
class PricedTax:
    """What one component of one code charges. ``base_minor`` contains earlier taxes where it is compound."""

    key: str
    component: int
    name: str
    rate: Decimal
    category: str
    compound: bool
    inclusive: bool
    base_minor: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Priced:
    """The price of one booking; its taxes in the order of their codes' first lines, then of components."""

    lines: tuple[PricedLine, ...]
    subtotal_minor: int
    discount_minor: int
    taxes: tuple[PricedTax, ...]
    tax_minor: int
    total_minor: int


def price(lines: Sequence[Line], *, discount: Discount | None, exempt: bool, exponent: int) -> Priced:
    """Price one booking (the rules of money 1, 3 and 5). ``exponent`` is the currency's number of decimals.

    An exempt customer pays the net, with no tax rows. Raises MoneyError: ``bad_quantity``,
    ``bad_unit_price``, ``bad_rate``, ``bad_discount`` (decimals or range), ``line_too_large``,
    ``discount_too_large``, ``negative_total``, ``total_too_large``, ``tax_terms_differ`` (one key, two
    meanings).
    """
    amounts = [_amount_of(line, index, exponent) for index, line in enumerate(lines)]
    discounts = _spread(discount, amounts, exponent)
    nets = [amount - cut for amount, cut in zip(amounts, discounts, strict=True)]
    taxes: list[PricedTax] = []
    for terms, members in _by_code(lines):
        rates = [_rate_of(component) for component in terms.components]
        gross = sum(nets[index] for index in members)
        if terms.inclusive:
            # nets and discounts of this code still contain its tax; from here on they do not
            factors, one = _factors(terms, rates)
            divisor = one + sum(factors)
            net_parts = _net_parts([nets[index] for index in members], one, divisor)
            cuts = _net_cuts([discounts[index] for index in members], gross, one, divisor)
            for index, net_part, cut in zip(members, net_parts, cuts, strict=True):
                nets[index], discounts[index] = net_part, cut
            net = sum(net_parts)
            charges = split(gross - net, factors)
        else:
            net = gross
            charges = _charges(terms, rates, net)
        if not exempt:
            taxes += _rows(terms, net, charges)

    net_minor, discount_minor = sum(nets), sum(discounts)
    tax_minor = sum(tax.amount_minor for tax in taxes)
    total_minor = net_minor + tax_minor
    if total_minor < 0:
        raise MoneyError("negative_total")
    if max(total_minor, net_minor + discount_minor) > TOTAL_MAX_MINOR:
        raise MoneyError("total_too_large")
    return Priced(
        lines=tuple(map(PricedLine, amounts, nets, discounts)),
        subtotal_minor=net_minor + discount_minor,
        discount_minor=discount_minor,
        taxes=tuple(taxes),
        tax_minor=tax_minor,
        total_minor=total_minor,
    )


def _amount_of(line: Line, index: int, exponent: int) -> int:
    quantity = _scaled(line.quantity, _QUANTITY_UNIT, "bad_quantity", index)
    unit_price = _scaled(line.unit_price, _PRICE_UNIT, "bad_unit_price", index)
    amount = round_ratio(quantity * unit_price * _MINOR_UNITS[exponent], _QUANTITY_UNIT * _PRICE_UNIT)
    if abs(amount) > LINE_MAX_MINOR:
        raise MoneyError("line_too_large", line=index)
    return amount


def _spread(discount: Discount | None, amounts: Sequence[int], exponent: int) -> list[int]:
    """What the discount takes off each amount as entered: from positive lines only, never more than all."""
    if discount is None:
        return [0] * len(amounts)
    claims = [max(amount, 0) for amount in amounts]
    if discount.kind == "percent":
        percent = _scaled(discount.value, _PERCENT_UNIT, "bad_discount")
        if not 0 <= percent <= _HUNDRED_PERCENT:
            raise MoneyError("bad_discount")
        # at most 100 % of a sum that negative lines only lower: never above the positive lines
        whole = round_ratio(max(sum(amounts), 0) * percent, _HUNDRED_PERCENT)
    else:
        whole = _scaled(discount.value, _MINOR_UNITS[exponent], "bad_discount")
        if whole < 0:
            raise MoneyError("bad_discount")
        if whole > sum(claims):
            raise MoneyError("discount_too_large")
    return split(whole, claims)


def _by_code(lines: Iterable[Line]) -> Iterable[tuple[TaxTerms, list[int]]]:
    """The tax codes in order of first appearance, each with the indexes of its lines."""
    codes: dict[str, tuple[TaxTerms, list[int]]] = {}
    for index, line in enumerate(lines):
        if line.tax is None:
            continue
        terms, members = codes.setdefault(line.tax.key, (line.tax, []))
        if terms is not line.tax and terms != line.tax:
            raise MoneyError("tax_terms_differ", line=index)
        members.append(index)
    return codes.values()


def _factors(terms: TaxTerms, rates: Sequence[int]) -> tuple[list[int], int]:
    """The exact tax of each component on a net of ``one``: ``([5, 10], 100)`` would say 5 % and 10 %."""
    factors: list[int] = []
    one = 1
    for component, rate in zip(terms.components, rates, strict=True):
        base = one + sum(factors) if component.compound else one
        factors = [factor * _HUNDRED_PERCENT for factor in factors]
        factors.append(base * rate)
        one *= _HUNDRED_PERCENT
    return factors, one


def _net_parts(grosses: Sequence[int], one: int, divisor: int) -> list[int]:
    """An inclusive code's net, rounded once, shared over its lines by their gross after the discount."""
    net = round_ratio(sum(grosses) * one, divisor)
    if min(grosses) < 0 < max(grosses):
        # by weight, +10.00 and -9.99 would share a net of 0.01 as +10.00 and -9.99: as if they held no tax
        return apportion(net, [gross * one for gross in grosses], divisor)
    return split(net, grosses)


def _net_cuts(cuts: Sequence[int], gross: int, one: int, divisor: int) -> list[int]:
    """An inclusive code's discount without tax, shared over its lines: its net before less its net after."""
    cut = sum(cuts)
    return split(
        round_ratio((gross + cut) * one, divisor) - round_ratio(gross * one, divisor),
        cuts,
    )


def _charges(terms: TaxTerms, rates: Sequence[int], net: int) -> list[int]:
    """The tax of each component of an exclusive code on its net, each rounded by itself."""
    charges: list[int] = []
    for component, rate in zip(terms.components, rates, strict=True):
        base = net + sum(charges) if component.compound else net
        charges.append(round_ratio(base * rate, _HUNDRED_PERCENT))
    return charges


def _rows(terms: TaxTerms, net: int, charges: Sequence[int]) -> Iterable[PricedTax]:
    for index, (component, charge) in enumerate(zip(terms.components, charges, strict=True)):
        yield PricedTax(
            key=terms.key,
            component=index,
            name=component.name,
            rate=component.rate,
            category=component.category,
            compound=component.compound,
            inclusive=terms.inclusive,
            base_minor=net + sum(charges[:index]) if component.compound else net,
            amount_minor=charge,
        )


def _rate_of(component: Component) -> int:
    rate = _scaled(component.rate, _PERCENT_UNIT, "bad_rate")
    if not 0 <= rate <= _HUNDRED_PERCENT:
        raise MoneyError("bad_rate")
    return rate if component.category == CHARGED else 0


def _scaled(value: Decimal, unit: int, code: str, line: int | None = None) -> int:
    """``value * unit``, exactly. Refuses a value that is not a whole number of ``1 / unit``, and NaN."""
    # as_integer_ratio() ignores the decimal context; the bound keeps 1E+999999 from filling the memory
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise MoneyError(code, line=line)
    numerator, denominator = value.as_integer_ratio()
    factor, rest = divmod(unit, denominator)
    if rest:
        raise MoneyError(code, line=line)
    return numerator * factor
