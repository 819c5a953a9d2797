"""What holds for every booking, on random bookings; and the same figures from a slow second pricing."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.money.errors import MoneyError
from bookbill.money.pricing import Discount, Line, Priced, TaxTerms, price
from bookbill.money.tests.bookings import (
    CHARGED,
    PERCENTAGES,
    SIGNED,
    UNCHARGED,
    Asked,
    asked,
    decimals,
    lines_under,
    tax_terms,
)
from bookbill.money.tests.reference import slow_price


def priced(booking: Asked) -> Priced:
    return price(
        booking.lines,
        discount=booking.discount,
        exempt=booking.exempt,
        exponent=booking.exponent,
    )


def plain(*lines: Line) -> Priced:
    return price(lines, discount=None, exempt=False, exponent=2)


def leaves(value: object) -> Iterator[object]:
    if is_dataclass(value):
        for field in fields(value):
            yield from leaves(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from leaves(item)
    else:
        yield value


@given(asked(may_be_negative=True))
def test_it_agrees_with_the_slow_reference(booking: Asked) -> None:
    slow = slow_price(
        booking.lines,
        booking.discount,
        exempt=booking.exempt,
        exponent=booking.exponent,
    )
    if slow.total < 0:
        with pytest.raises(MoneyError, match="negative_total"):
            priced(booking)
        return
    result = priced(booking)
    assert [line.amount_minor for line in result.lines] == slow.amounts
    assert [line.net_minor for line in result.lines] == slow.nets
    assert [line.discount_minor for line in result.lines] == slow.discounts
    assert [tax.base_minor for tax in result.taxes] == slow.bases
    assert [tax.amount_minor for tax in result.taxes] == slow.taxes
    assert result.total_minor == slow.total


@given(asked())
def test_the_sums_are_the_sums_of_their_parts(booking: Asked) -> None:
    result = priced(booking)
    assert result.subtotal_minor - result.discount_minor + result.tax_minor == result.total_minor
    assert sum(line.net_minor for line in result.lines) + result.tax_minor == result.total_minor
    assert sum(line.discount_minor for line in result.lines) == result.discount_minor
    assert sum(tax.amount_minor for tax in result.taxes) == result.tax_minor
    assert result.total_minor >= 0


@given(asked())
def test_no_amount_is_anything_but_a_whole_number(booking: Asked) -> None:
    assert {type(leaf) for leaf in leaves(priced(booking))} <= {int, str, bool, Decimal}


@given(asked(), asked())
def test_a_booking_costs_the_same_whatever_was_priced_before_and_in_any_decimal_context(
    booking: Asked, other: Asked
) -> None:
    first = priced(booking)
    with localcontext(prec=2):
        priced(other)
        assert priced(booking) == first


@given(asked())
def test_a_discount_comes_off_positive_lines_only_and_never_more_than_they_are(
    booking: Asked,
) -> None:
    for line in priced(booking).lines:
        assert 0 <= line.discount_minor <= max(line.amount_minor, 0)
        assert line.net_minor * line.amount_minor >= 0
        assert abs(line.net_minor) <= abs(line.amount_minor)


@given(asked(inclusive=True, exempt=False))
def test_inclusive_prices_less_the_discount_are_what_is_paid(booking: Asked) -> None:
    entered = slow_price(booking.lines, None, exempt=False, exponent=booking.exponent).amounts
    off = sum(entered) - priced(booking).total_minor
    if booking.discount is None:
        assert off == 0
    elif booking.discount.kind == "amount":
        assert off == booking.discount.value.scaleb(booking.exponent)
    else:
        assert abs(off - max(sum(entered), 0) * Fraction(booking.discount.value) / 100) <= Fraction(1, 2)


@given(asked(inclusive=False, exempt=False, discounted=False))
def test_exclusive_prices_are_the_subtotal(booking: Asked) -> None:
    result = priced(booking)
    assert result.subtotal_minor == sum(line.amount_minor for line in result.lines)
    assert result.discount_minor == 0


@given(asked(exempt=False, discounted=False))
def test_the_exempt_pay_the_same_lines_without_the_taxes(booking: Asked) -> None:
    taxed = priced(booking)
    without_minor = taxed.total_minor - taxed.tax_minor
    if without_minor < 0:
        with pytest.raises(MoneyError, match="negative_total"):
            priced(replace(booking, exempt=True))
        return
    exempt = priced(replace(booking, exempt=True))
    assert exempt.lines == taxed.lines
    assert exempt.taxes == ()
    assert exempt.total_minor == without_minor


@given(asked(discounted=False), st.data())
def test_the_order_of_lines_does_not_matter_without_a_discount(booking: Asked, data: st.DataObject) -> None:
    """With one, a tie gives a cent to the earlier line, which may carry another tax."""
    first, second = (
        priced(booking),
        priced(replace(booking, lines=data.draw(st.permutations(booking.lines)))),
    )
    assert (first.subtotal_minor, first.tax_minor, first.total_minor) == (
        second.subtotal_minor,
        second.tax_minor,
        second.total_minor,
    )
    assert sorted((tax.key, tax.component, tax.amount_minor) for tax in first.taxes) == sorted(
        (tax.key, tax.component, tax.amount_minor) for tax in second.taxes
    )


ONE_CODE = tax_terms().flatmap(lines_under)
ONE_CODE_SIGNED = tax_terms().flatmap(lambda terms: lines_under(terms, SIGNED))


def off(lines: list[Line], percent: Decimal) -> Priced:
    return price(lines, discount=Discount("percent", percent), exempt=False, exponent=2)


@given(ONE_CODE, PERCENTAGES, st.data())
def test_under_one_tax_code_the_order_of_lines_never_matters(
    lines: list[Line], percent: Decimal, data: st.DataObject
) -> None:
    other_order = data.draw(st.permutations(lines))
    assert replace(off(lines, percent), lines=()) == replace(off(other_order, percent), lines=())


@given(tax_terms(), st.lists(decimals(0, 300, 2), min_size=1, max_size=6))
def test_one_line_or_many_carry_the_same_tax(terms: TaxTerms, amounts: list[Decimal]) -> None:
    many = plain(*(Line(Decimal(1), amount, terms) for amount in amounts))
    one = plain(Line(Decimal(1), sum(amounts, Decimal(0)), terms))
    assert many.taxes == one.taxes
    assert many.total_minor == one.total_minor


@given(ONE_CODE_SIGNED)
def test_a_correction_takes_back_exactly_what_it_corrects(lines: list[Line]) -> None:
    back = [replace(line, quantity=-line.quantity) for line in lines]
    both = plain(*lines, *back)
    assert (both.total_minor, both.tax_minor) == (0, 0)

    room = Line(Decimal(1), Decimal(10_000_000), None)
    there, reverse = plain(room, *lines), plain(room, *back)
    assert [tax.amount_minor for tax in reverse.taxes] == [-tax.amount_minor for tax in there.taxes]
    assert reverse.subtotal_minor - 10**9 == -(there.subtotal_minor - 10**9)


@given(tax_terms(CHARGED, inclusive=False), decimals(0, 5_000, 2))
def test_taking_the_tax_out_undoes_putting_it_on(terms: TaxTerms, net: Decimal) -> None:
    on = plain(Line(Decimal(1), net, terms))
    gross = Decimal(on.total_minor).scaleb(-2)
    out = plain(Line(Decimal(1), gross, replace(terms, inclusive=True)))
    assert out.total_minor == on.total_minor
    # every component was rounded by itself, by at most a half
    assert abs(out.subtotal_minor - on.subtotal_minor) <= len(terms.components) // 2
    for back, there in zip(out.taxes, on.taxes, strict=True):
        assert abs(back.amount_minor - there.amount_minor) <= len(terms.components)


@given(asked(discounted=False, exempt=False), tax_terms(key="new").flatmap(lines_under), st.booleans())
def test_more_service_never_makes_a_booking_cheaper(
    booking: Asked, more: list[Line], same_code: bool
) -> None:
    if same_code:
        more = [replace(line, tax=booking.lines[0].tax) for line in more]
    assert priced(replace(booking, lines=[*booking.lines, *more])).total_minor >= priced(booking).total_minor


@given(ONE_CODE, PERCENTAGES, PERCENTAGES)
def test_a_higher_discount_never_costs_more(lines: list[Line], percent: Decimal, other: Decimal) -> None:
    low, high = (off(lines, value) for value in sorted([percent, other]))
    assert high.total_minor <= low.total_minor
    assert high.subtotal_minor == low.subtotal_minor


@given(ONE_CODE, st.booleans())
def test_all_of_it_off_leaves_nothing_to_pay(lines: list[Line], exempt: bool) -> None:
    result = price(lines, discount=Discount("percent", Decimal(100)), exempt=exempt, exponent=2)
    assert result.total_minor == 0
    assert result.discount_minor == result.subtotal_minor


@given(tax_terms(UNCHARGED).flatmap(lines_under))
def test_categories_that_charge_nothing_change_no_sum(lines: list[Line]) -> None:
    with_code, without = plain(*lines), plain(*(replace(line, tax=None) for line in lines))
    assert replace(with_code, taxes=()) == without
    assert lines[0].tax is not None
    assert len(with_code.taxes) == len(lines[0].tax.components)
