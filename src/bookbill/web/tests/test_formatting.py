import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.lib.parsing import parse_amount
from bookbill.money.currencies import CURRENCIES, exponent_of
from bookbill.web import formatting
from bookbill.web.templatetags.formatting import breakable

NBSP, NNBSP, MINUS = "\u00a0", "\u202f", "\u2212"


@pytest.mark.parametrize(
    ("minor", "currency", "language", "written"),
    [
        (13222, "CAD", "en", "$132.22"),
        (13222, "CAD", "fr", f"132,22{NBSP}$"),
        (-500, "CAD", "en", f"{MINUS}$5.00"),
        (0, "USD", "en", "$0.00"),
        (5, "USD", "en", "$0.05"),
        (123456789, "USD", "en", "$1,234,567.89"),
        (1500, "JPY", "en", "¥1,500"),
        (1234567, "KWD", "en", f"KWD{NBSP}1,234.567"),
        (123456, "EUR", "fr", f"1{NNBSP}234,56{NBSP}€"),
        (123456789, "INR", "en", "₹12,34,567.89"),
        (10**15, "USD", "en", "$10,000,000,000,000.00"),
    ],
)
def test_money_is_written_as_its_country_writes_it(
    minor: int, currency: str, language: str, written: str
) -> None:
    assert formatting.money(minor, currency, language=language) == written


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(CURRENCIES)))
def test_a_plain_amount_is_read_back_as_the_same_amount(minor: int, currency: str) -> None:
    typed = formatting.plain_amount(minor, currency)
    assert parse_amount(typed, exponent=exponent_of(currency), field="") == minor


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(CURRENCIES)), st.sampled_from(["en", "fr"]))
def test_written_money_keeps_every_digit(minor: int, currency: str, language: str) -> None:
    written = formatting.money(minor, currency, language=language)
    symbol = formatting.currency_symbol(currency, language=language)
    digits = "".join(character for character in written.replace(symbol, "") if character.isdigit())
    assert int(digits) == abs(minor)
    assert (MINUS in written) == (minor < 0)


def test_days_are_written_in_the_language_of_the_reader() -> None:
    day = dt.date(2026, 6, 30)
    assert formatting.day(day, language="en") == "Jun 30, 2026"
    assert formatting.day(day, language="fr") == "30 juin 2026"
    assert formatting.short_day(day, language="en") == "Jun 30"
    assert formatting.near_day(day, day.replace(month=1), language="en") == "Jun 30"
    assert formatting.near_day(day, day.replace(year=day.year + 1), language="en") == formatting.day(
        day, language="en"
    )
    assert formatting.month(day, language="fr") == "juin 2026"
    assert formatting.short_month(day, language="en") == "Jun"
    assert formatting.short_month(day.replace(month=11), language="fr") == "nov."
    assert formatting.weekday_with_year(day, language="en") == "Tue, Jun 30, 2026"
    assert formatting.weekday_with_year(day, language="fr") == "mar. 30 juin 2026"


def test_a_moment_is_told_by_the_clock_of_the_zone() -> None:
    moment = dt.datetime(2026, 7, 1, 2, 30, tzinfo=dt.UTC)
    told = formatting.moment(moment, "America/Toronto", language="en")
    assert told.startswith("Jun 30, 2026")
    assert told.endswith("10:30\u00a0PM")


@pytest.mark.parametrize(
    ("value", "written"), [("2", "2"), ("2.500", "2.5"), ("0.125", "0.125"), ("1200", "1,200")]
)
def test_a_quantity_has_no_needless_zeros(value: str, written: str) -> None:
    assert formatting.quantity(Decimal(value), language="en") == written


@pytest.mark.parametrize(
    ("value", "written"), [("9.975", "9.975%"), ("5", "5%"), ("15.0", "15%"), ("0", "0%")]
)
def test_a_rate_keeps_its_decimals(value: str, written: str) -> None:
    assert formatting.rate(Decimal(value), language="en") == written


def test_a_unit_price_shows_more_decimals_only_where_it_has_them() -> None:
    assert formatting.unit_price(Decimal("12.5"), "CAD", language="en") == "$12.50"
    assert formatting.unit_price(Decimal("0.1225"), "CAD", language="en") == "$0.1225"
    assert formatting.unit_price(Decimal(1000), "CAD", language="en") == "$1,000.00"


def test_an_address_breaks_only_after_its_signs_and_is_escaped() -> None:
    assert breakable("jo@mail.example") == "jo@<wbr>mail.<wbr>example"
    assert breakable("<b>@x") == "&lt;b&gt;@<wbr>x"
