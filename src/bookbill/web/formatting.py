"""Values as people read them, in a language. Templates use the filters of the same names (`{% load formatting %}`)."""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_interval, format_skeleton, format_time
from babel.numbers import (
    format_decimal,
    format_percent,
    get_currency_symbol,
    get_decimal_symbol,
    get_group_symbol,
)
from django.utils import translation
from django.utils.translation import gettext

from bookbill.lib.addresses import address_lines
from bookbill.money.currencies import exponent_of

MINUS, NO_BREAK = "\u2212", "\u00a0"


def money(minor: int, currency: str, *, language: str | None = None) -> str:
    """Whole minor units as an amount with the currency's own symbol: 13222, "CAD" → $132.22 (English), 132,22 $ (French)."""
    return money_style(tongue(language), currency).write(minor, exponent_of(currency))


def plain_amount(minor: int, currency: str) -> str:
    """As programs read an amount: 13222, "CAD" → 132.22. No grouping, no symbol, a point."""
    exponent = exponent_of(currency)
    return f"{Decimal(minor).scaleb(-exponent):.{exponent}f}"


def decimal_point(*, language: str | None = None) -> str:
    """What stands before decimals: a point in English, a comma in French."""
    return get_decimal_symbol(spoken(language))


def short_money(minor: int, currency: str, *, language: str | None = None) -> str:
    """To the nearest whole unit, for axes of charts: 1234567, "CAD" → $12,346."""
    whole = int((Decimal(minor).scaleb(-exponent_of(currency))).to_integral_value())
    return money_style(tongue(language), currency).write(whole, 0)


def currency_symbol(currency: str, *, language: str | None = None) -> str:
    """$ for "CAD", as it is written at home."""
    return money_style(tongue(language), currency).symbol


def is_symbol_after(currency: str, *, language: str | None = None) -> bool:
    """Whether the symbol follows the digits: 132,22 $."""
    return bool(money_style(tongue(language), currency).after)


def day(value: dt.date, *, language: str | None = None) -> str:
    """Jun 30, 2026."""
    return written_day(value, tongue(language))


def short_day(value: dt.date, *, language: str | None = None) -> str:
    """Jun 30, where the year goes without saying."""
    return written_short_day(value, tongue(language))


def near_day(value: dt.date, today: dt.date, *, language: str | None = None) -> str:
    """Jun 30 in this year, Jun 30, 2025 in another."""
    return short_day(value, language=language) if value.year == today.year else day(value, language=language)


def long_day(value: dt.date, *, language: str | None = None) -> str:
    """June 30, 2026."""
    return format_date(value, "long", locale=spoken(language))


def weekday(value: dt.date, *, language: str | None = None) -> str:
    """Tue, Jun 30."""
    return format_skeleton("MMMEd", as_datetime(value), locale=spoken(language))


def weekday_with_year(value: dt.date, *, language: str | None = None) -> str:
    """Tue, Jun 30, 2026."""
    return format_skeleton("yMMMEd", as_datetime(value), locale=spoken(language))


def full_day(value: dt.date, *, language: str | None = None) -> str:
    """Tuesday, June 30, 2026."""
    return format_date(value, "full", locale=spoken(language))


def weekday_name(value: dt.date, *, language: str | None = None) -> str:
    """Tue."""
    return format_skeleton("E", as_datetime(value), locale=spoken(language))


def days_between(first: dt.date, last: dt.date, *, language: str | None = None) -> str:
    """Jun 28 – Jul 4, 2026."""
    return format_interval(first, last, "yMMMd", locale=spoken(language))


def month(value: dt.date, *, language: str | None = None) -> str:
    """June 2026."""
    return format_skeleton("yMMMM", as_datetime(value), locale=spoken(language))


def short_month(value: dt.date, *, language: str | None = None) -> str:
    """Jun."""
    return format_skeleton("MMM", as_datetime(value), locale=spoken(language))


def clock(value: dt.time, *, language: str | None = None) -> str:
    """2:30 PM, a wall-clock time."""
    # The narrow space that CLDR puts before AM and PM is none in our font.
    return format_time(value, "short", locale=spoken(language)).replace("\u202f", NO_BREAK)


def moment(value: dt.datetime, zone: str | dt.tzinfo, *, language: str | None = None) -> str:
    """An instant as the clock on the wall of ``zone`` showed it: Jun 30, 2026, 2:30 PM."""
    local = in_zone(value, zone)
    return f"{day(local.date(), language=language)}, {clock(local.time(), language=language)}"


def quantity(value: Decimal, *, language: str | None = None) -> str:
    """At most three decimals, no zeros at the end: 2, 1.5, 0.125."""
    return format_decimal(value, "#,##0.###", locale=spoken(language))


def unit_price(value: Decimal, currency: str, *, language: str | None = None) -> str:
    """A price in major units with the currency's decimals, and up to four where it has more: $12.50, $0.1225."""
    return money_style(tongue(language), currency).write_price(value, exponent_of(currency))


def payment_terms(days: int) -> str:
    """Net 14, or Due on receipt: one wording on pages, paper and in mails."""
    return gettext("Net %(days)d") % {"days": days} if days else gettext("Due on receipt")


def country(code: str, *, language: str | None = None) -> str:
    """The name of a country given by its ISO code: "CA" → Canada. Other text stays as it is."""
    return str(spoken(language).territories.get(code.upper(), code)) if len(code) == 2 else code


def postal_lines(address: Mapping[str, str], *, home: str = "") -> list[str]:
    """The lines of a stored address; the country by its name, and only where it is not ``home``."""
    place = address.get("country", "")
    return address_lines({**address, "country": "" if place == home else country(place)})


def rate(value: Decimal, *, language: str | None = None) -> str:
    """A tax rate given in percent: 9.975 → 9.975%."""
    locale = spoken(language)
    pattern = locale.percent_formats[None].pattern.replace("0", "0.######")
    return format_percent(value / 100, pattern, locale=locale)


def named_rate(name: str, value: Decimal, *, language: str | None = None) -> str:
    """A tax by name and rate: HST 13%. The name alone where a person wrote the rate into it, in whatever spacing."""
    written = "".join(name.split()).replace(",", ".")
    tells = re.search(rf"(?<![0-9.]){re.escape(f'{value.normalize():f}')}%", written)
    return name if tells else f"{name} {rate(value, language=language)}"


def count(value: int, *, language: str | None = None) -> str:
    """12,345."""
    return format_decimal(value, locale=spoken(language))


@lru_cache(maxsize=256)
def first_weekday(time_zone: str) -> int:
    """On which day weeks begin where the clock is ``time_zone``, from 0, Monday, to 6, Sunday: Toronto 6, Paris 0.

    The zone names the country; a currency or a language would not, with the euro or English.
    """
    territory = get_global("zone_territories").get(time_zone, "001")
    try:
        return Locale.parse(f"und_{territory}").first_week_day
    except UnknownLocaleError:  # Antarctica speaks no language
        return 0


@lru_cache(maxsize=4096)
def written_day(value: dt.date, language: str) -> str:
    """Kept, since the rows of a list share their days."""
    return format_date(value, "medium", locale=locale_of(language))


@lru_cache(maxsize=4096)
def written_short_day(value: dt.date, language: str) -> str:
    return format_skeleton("MMMd", as_datetime(value), locale=locale_of(language))


def tongue(language: str | None) -> str:
    """The language asked for, else the one of this request."""
    return language or translation.get_language() or "en"


def spoken(language: str | None) -> Locale:
    return locale_of(tongue(language))


def in_zone(value: dt.datetime, zone: str | dt.tzinfo) -> dt.datetime:
    return value.astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone)


def as_datetime(value: dt.date) -> dt.datetime:
    return dt.datetime.combine(value, dt.time(), tzinfo=dt.UTC)


@lru_cache(maxsize=256)
def locale_of(language: str, currency: str = "") -> Locale:
    """The language as it is written where the currency is at home, so that a dollar is $ in its own country.

    An ISO 4217 code begins with its country's code: en and CAD give en_CA. Where that pair is unknown, the language alone.
    """
    base = language.replace("-", "_")
    for name in (
        f"{base.partition('_')[0]}_{currency[:2]}" if currency else base,
        base,
        base.partition("_")[0],
        "en",
    ):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    raise AssertionError("unreachable: English is known")


@dataclass(frozen=True, slots=True)
class MoneyStyle:
    """How one language writes one currency. Kept ready, since a list page writes hundreds of amounts."""

    before: str
    after: str
    group: str
    point: str
    sizes: tuple[int, int]
    symbol: str

    def write(self, units: int, places: int) -> str:
        """``units`` of 10^-places, with a true minus sign."""
        digits = str(abs(units)).zfill(places + 1)
        whole, fraction = (digits[:-places], self.point + digits[-places:]) if places else (digits, "")
        parts, size = [], self.sizes[0]
        while len(whole) > size:
            parts.append(whole[-size:])
            whole, size = whole[:-size], self.sizes[1]
        parts.append(whole)
        sign = MINUS if units < 0 else ""
        return f"{sign}{self.before}{self.group.join(reversed(parts))}{fraction}{self.after}"

    def write_price(self, value: Decimal, exponent: int) -> str:
        """Major units with the ``exponent``'s decimals, or those the price has where they are more."""
        places = max(exponent, -int(value.normalize().as_tuple().exponent))
        return self.write(int(value.scaleb(places)), places)


@lru_cache(maxsize=512)
def money_style(language: str, currency: str) -> MoneyStyle:
    locale = locale_of(language, currency)
    pattern = locale.currency_formats["standard"]
    symbol = get_currency_symbol(currency, locale)
    before, after = pattern.prefix[0].replace("¤", symbol), pattern.suffix[0].replace("¤", symbol)
    return MoneyStyle(
        # CLDR: a symbol of letters does not touch the digits.
        before=before + NO_BREAK if before[-1:].isalpha() else before,
        after=NO_BREAK + after if after[:1].isalpha() else after,
        group=get_group_symbol(locale),
        point=get_decimal_symbol(locale),
        sizes=pattern.grouping,
        symbol=symbol,
    )
