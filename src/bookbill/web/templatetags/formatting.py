"""`{% load formatting %}`: the functions of `web.formatting` as filters, and amounts as marked-up figures."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from bookbill.web import formatting

register = template.Library()


@register.filter
def money(minor: int | None, currency: str) -> str:
    """`{{ invoice.total_minor|money:invoice.currency }}`. Nothing for None."""
    return "" if minor is None else formatting.money(minor, currency)


@register.filter
def breakable(address: Any) -> SafeString:
    """An address that breaks after @, dots and slashes where the room is short, never inside a word."""
    pieces = re.split(r"(?<=[@./])", str(address))
    return format_html_join(mark_safe("<wbr>"), "{}", ((piece,) for piece in pieces))


@register.filter
def plain_amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else formatting.plain_amount(minor, currency)


@register.filter
def unit_price(value: Decimal, currency: str) -> str:
    return formatting.unit_price(value, currency)


@register.filter
def currency_symbol(currency: str) -> str:
    return formatting.currency_symbol(currency)


@register.filter
def day(value: dt.date | None) -> str:
    """Jun 30, 2026."""
    return "" if value is None else formatting.day(value)


@register.filter
def short_day(value: dt.date | None) -> str:
    """Jun 30."""
    return "" if value is None else formatting.short_day(value)


@register.filter
def near_day(value: dt.date | None, today: dt.date) -> str:
    """`{{ invoice.due_date|near_day:today }}`: with the year where it is another one."""
    return "" if value is None else formatting.near_day(value, today)


@register.filter
def long_day(value: dt.date | None) -> str:
    return "" if value is None else formatting.long_day(value)


@register.filter
def weekday(value: dt.date | None) -> str:
    return "" if value is None else formatting.weekday(value)


@register.filter
def weekday_with_year(value: dt.date) -> str:
    """Tue, Jun 30, 2026."""
    return formatting.weekday_with_year(value)


@register.filter
def weekday_name(value: dt.date) -> str:
    """Tue."""
    return formatting.weekday_name(value)


@register.filter
def month(value: dt.date | None) -> str:
    return "" if value is None else formatting.month(value)


@register.filter
def short_month(value: dt.date) -> str:
    """Jun."""
    return formatting.short_month(value)


@register.filter
def clock(value: dt.time | None) -> str:
    """2:30 PM of a wall-clock time."""
    return "" if value is None else formatting.clock(value)


@register.filter
def moment(value: dt.datetime | None, zone: Any) -> str | SafeString:
    """`{{ payment.created_at|moment:company.time_zone }}`: date and time there, as a `<time>`."""
    if value is None:
        return ""
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formatting.moment(value, zone))


@register.filter
def moment_day(value: dt.datetime | None, zone: Any) -> str | SafeString:
    """Only the date an instant had there: Jun 30, 2026."""
    if value is None:
        return ""
    local = formatting.in_zone(value, zone).date()
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), formatting.day(local))


@register.filter
def quantity(value: Decimal | None) -> str:
    return "" if value is None else formatting.quantity(value)


@register.filter
def with_rate(name: str, value: Decimal) -> str:
    """`{{ tax.name|with_rate:tax.rate }}`: GST 5%."""
    return formatting.named_rate(name, value)


@register.filter
def count(value: int | None) -> str:
    return "" if value is None else formatting.count(value)
