"""Invoiced and collected, month by month, as one chart."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_skeleton
from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.translation import gettext as _

from bookbill.companies.models import Company
from bookbill.invoices.models import Charge
from bookbill.ledger.models import Payment, Reversal
from bookbill.web.charts import Chart, Series, bar_chart
from bookbill.web.formatting import as_datetime, money, short_money, spoken

MONTHS = 6


def read_chart(company: Company, *, today: date) -> Chart | None:
    """The last six months with this one, from the first in which something happened; None without any. Three queries."""
    months = last_months(today)
    since = months[0]
    invoiced = sums(Charge.objects.filter(charge_date__gte=since), "charge_date")
    received = sums(Payment.objects.filter(received_on__gte=since), "received_on")
    undone = sums(Reversal.objects.filter(payment__received_on__gte=since), "payment__received_on")
    if not (invoiced or received):
        return None
    months = months[months.index(min(invoiced.keys() | received.keys())) :]
    return bar_chart(
        _("Invoiced and collected"),
        [format_skeleton("MMM", as_datetime(month), locale=spoken(None)) for month in months],
        [
            Series(_("Invoiced"), [invoiced.get(month, 0) for month in months]),
            Series(_("Collected"), [received.get(month, 0) - undone.get(month, 0) for month in months]),
        ],
        written=lambda minor: money(minor, company.currency),
        short=lambda minor: short_money(minor, company.currency),
    )


def last_months(today: date) -> list[date]:
    """The first days of the last six months, the oldest first."""
    number = today.year * 12 + today.month - 1
    return [date(month // 12, month % 12 + 1, 1) for month in range(number - MONTHS + 1, number + 1)]


def sums(rows: QuerySet[Any], column: str) -> Mapping[date, int]:
    """Amounts by month of a date column."""
    by_month = rows.order_by().annotate(month=TruncMonth(column)).values_list("month")
    return dict(by_month.annotate(total=Sum("amount_minor")).values_list("month", "total"))
