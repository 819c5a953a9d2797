"""How many mails a company may still send on a day: counted from the outbox, in the transaction that promises more."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _

from bookbill.companies.clock import zone
from bookbill.companies.limits import TooMany
from bookbill.companies.models import Company
from bookbill.delivery.models import Message
from bookbill.lib.transactions import assert_in_transaction


@dataclass(frozen=True, slots=True)
class Allowance:
    """A company's mails of one day. ``renews_in`` is how long that day still lasts."""

    most: int
    used: int
    renews_in: dt.timedelta

    @property
    def left(self) -> int:
        return max(0, self.most - self.used)

    def refuse_beyond(self, wanted: int) -> None:
        """Raise TooMany `mail_limit_reached` (429) where so many more mails are not allowed."""
        if wanted <= self.left:
            return
        raise TooMany(
            "mail_limit_reached",
            _(
                "The limit of %(most)d emails a day leaves %(left)d for today, and this takes %(wanted)d. Send the rest tomorrow."
            )
            % {"most": self.most, "left": self.left, "wanted": wanted},
            details={"retry_after": max(1, int(self.renews_in.total_seconds()))},
        )


def lock_allowance(company: Company, *, at: dt.datetime) -> Allowance:
    """What is left on the day of ``at`` where the company is. Two queries.

    Locks the company's row until the commit, after the customers and before the number series: what another
    transaction promised for another customer is counted, and so the limit holds for two at the same moment. Asked
    for by acts of people and schedules; what money causes by itself (a receipt) is counted, never refused.
    """
    assert_in_transaction()
    _lock(company)
    local = at.astimezone(zone(company))
    begins = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    ends = begins + dt.timedelta(days=1)  # of the calendar: a day may have 23 or 25 hours
    used = Message.objects.filter(company=company, created_at__gte=begins, created_at__lt=ends).count()
    return Allowance(settings.MAILS_PER_DAY, used, ends.astimezone(dt.UTC) - at)


def _lock(company: Company) -> None:
    Company.objects.select_for_update(no_key=True).values_list("pk").get(pk=company.pk)
