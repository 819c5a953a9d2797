"""Business time. Nothing else in the domain reads a clock."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils import timezone

from bookbill.companies.models import Company


def now(company: Company) -> dt.datetime:
    """This instant as the company lives it (aware, UTC): the process clock, moved by a sandbox's offset."""
    instant = timezone.now()
    if company.is_sandbox:
        instant += dt.timedelta(seconds=company.clock_offset_seconds)
    return instant


def zone(company: Company) -> ZoneInfo:
    return ZoneInfo(company.time_zone)


def date_in_zone(company: Company, instant: dt.datetime) -> dt.date:
    """The calendar date of an instant where the company is."""
    return instant.astimezone(zone(company)).date()


def today(company: Company) -> dt.date:
    """The calendar date where the company is, now."""
    return date_in_zone(company, now(company))
