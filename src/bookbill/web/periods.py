"""The periods people ask for by name."""

from datetime import date, timedelta

from django.utils.translation import gettext as _


def usual_periods(today: date) -> list[tuple[str, date, date]]:
    """(label, first day, last day), both included."""
    month, year = today.replace(day=1), today.replace(month=1, day=1)
    before_month = month - timedelta(days=1)
    return [
        (_("This month"), month, (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)),
        (_("Last month"), before_month.replace(day=1), before_month),
        (_("Last 30 days"), today - timedelta(days=29), today),
        (_("This year"), year, today.replace(month=12, day=31)),
    ]
