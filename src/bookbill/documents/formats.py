"""How a document writes its raw values: the same ways as every page, in the document's language and currency."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache

from bookbill.money.currencies import exponent_of
from bookbill.web import formatting


class Formats:
    """``signs``: amounts carry the currency's sign also where a column of paper goes without."""

    def __init__(self, language: str, currency: str, *, signs: bool = False) -> None:
        self.language = language
        self.currency = currency
        self.exponent = exponent_of(currency)
        self.locale = formatting.locale_of(language, currency)
        self._money = formatting.money_style(language, currency)
        self._plain = self._money if signs else replace(self._money, before="", after="")

    def money(self, minor: int) -> str:
        """With the currency: $1,284.50."""
        return self._money.write(minor, self.exponent)

    def amount(self, minor: int) -> str:
        """Without the currency, for columns: 1,284.50."""
        return self._plain.write(minor, self.exponent)

    def unit_price(self, price: str) -> str:
        """A price for one with the currency, its decimals up to four: $4.25, $0.1225."""
        return self._money.write_price(Decimal(price), self.exponent)

    def price(self, price: str) -> str:
        """As `unit_price`, without the currency, for columns: 4.25, 0.1225."""
        return self._plain.write_price(Decimal(price), self.exponent)

    def quantity(self, quantity: str | Decimal) -> str:
        return formatting.quantity(Decimal(quantity), language=self.language)

    def count(self, count: int) -> str:
        return formatting.count(count, language=self.language)

    def percent(self, rate: str) -> str:
        return formatting.rate(Decimal(rate), language=self.language)

    def named_rate(self, name: str, rate: str) -> str:
        return formatting.named_rate(name, Decimal(rate), language=self.language)

    def date(self, iso: str | None) -> str:
        return formatting.day(dt.date.fromisoformat(iso), language=self.language) if iso else ""

    def month(self, iso: str) -> str:
        return formatting.month(dt.date.fromisoformat(iso), language=self.language)

    def country(self, country: str) -> str:
        return formatting.country(country, language=self.language)


@lru_cache(maxsize=64)
def formats_of(language: str, currency: str, *, signs: bool = False) -> Formats:
    return Formats(language, currency, signs=signs)
