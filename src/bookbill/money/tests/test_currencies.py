import pytest

from bookbill.money.currencies import CURRENCIES, exponent_of, is_currency
from bookbill.money.errors import MoneyError


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [
        ("EUR", 2),
        ("USD", 2),
        ("HUF", 2),
        ("JPY", 0),
        ("ISK", 0),
        ("KWD", 3),
        ("IQD", 3),
        ("CLF", 4),
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, exponent: int) -> None:
    assert exponent_of(currency) == exponent


def test_the_table_is_complete_and_in_order() -> None:
    assert list(CURRENCIES) == sorted(CURRENCIES)
    by_exponent = {exponent: list(CURRENCIES.values()).count(exponent) for exponent in range(5)}
    assert by_exponent == {0: 17, 1: 0, 2: 139, 3: 7, 4: 2}
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XAU", "XXX", "DEM", "EU", "€"])
def test_what_cannot_be_billed_in_is_no_currency(code: str) -> None:
    assert not is_currency(code)
    with pytest.raises(MoneyError) as refused:
        exponent_of(code)
    assert refused.value.code == "unknown_currency"
