"""How often one invoice may be sent, and its customer be reminded of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from bookbill.companies.limits import TooMany
from bookbill.invoices.models import Invoice, Reminder, Version, VersionKind
from bookbill.lib.transactions import assert_in_transaction

SENDS_MAX = 5
SENDS_WITHIN = timedelta(hours=1)


def refuse_hurried(invoices: Sequence[Invoice], *, at: datetime) -> None:
    """Raise TooMany `too_many_requests` (429) for an invoice that was sent five times within the hour before ``at``."""
    for invoice, wait in hurried(invoices, at=at).items():
        raise TooMany(
            "too_many_requests",
            _("%(invoice)s was sent %(count)d times within an hour. Please wait before sending it again.")
            % {"invoice": invoice.number, "count": SENDS_MAX},
            details={"retry_after": max(1, int(wait.total_seconds()))},
        )


def hurried(invoices: Sequence[Invoice], *, at: datetime) -> dict[Invoice, timedelta]:
    """Those that were sent often enough, and how long each has to rest. One query.

    Counted from the versions under the customers' locks, so a repeated request and two at once count right.
    """
    assert_in_transaction()
    first_at: dict[UUID, list[datetime]] = {}
    recent = Version.objects.filter(
        invoice__in=invoices, kind=VersionKind.SENT, sent_at__gt=at - SENDS_WITHIN
    )
    for invoice_id, sent_at in recent.order_by("-n").values_list("invoice_id", "sent_at"):
        first_at.setdefault(invoice_id, []).append(sent_at)
    return {
        invoice: first_at[invoice.pk][SENDS_MAX - 1] + SENDS_WITHIN - at
        for invoice in invoices
        if len(first_at.get(invoice.pk, ())) >= SENDS_MAX
    }


def refuse_pestering(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """Raise TooMany `too_many_requests` (429) for an invoice that was reminded of five times within the last hour."""
    for invoice, wait in pestered(invoices, now=now).items():
        raise TooMany(
            "too_many_requests",
            _("%(invoice)s was reminded of %(count)d times within an hour. Please wait before the next one.")
            % {"invoice": invoice.number, "count": SENDS_MAX},
            details={"retry_after": max(1, int(wait.total_seconds()))},
        )


def pestered(invoices: Sequence[Invoice], *, now: datetime) -> dict[Invoice, timedelta]:
    """Those that were reminded of often enough, and how long each has to rest. One query."""
    recent = Reminder.objects.filter(invoice__in=invoices, created_at__gt=now - SENDS_WITHIN).order_by()
    often = (
        recent.values_list("invoice_id")
        .annotate(count=Count("pk"), first=Min("created_at"))
        .filter(count__gte=SENDS_MAX)
    )
    first_at = {invoice_id: first for invoice_id, _count, first in often}
    return {
        invoice: first_at[invoice.pk] + SENDS_WITHIN - now for invoice in invoices if invoice.pk in first_at
    }
