"""How often one invoice may be sent, and its customer be reminded of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min
from django.utils.translation import gettext as _

from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.models import Invoice, Reminder, Version, VersionKind
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import assert_in_transaction

SENDS_MAX = 5
SENDS_WITHIN = timedelta(hours=1)


def refuse_hurried(invoice_id: UUID, *, now: datetime) -> None:
    """Raise RuleBroken `too_many_requests` (429) when the invoice was sent five times within the last hour.

    Counted from the versions, under the invoice's lock, so a repeated request and two at once count right.
    """
    assert_in_transaction()
    invoice = lock_invoice(invoice_id)
    recent = Version.objects.filter(invoice=invoice, kind=VersionKind.SENT, sent_at__gt=now - SENDS_WITHIN)
    sent_at = list(recent.order_by("-n").values_list("sent_at", flat=True)[:SENDS_MAX])
    if len(sent_at) == SENDS_MAX:
        raise RuleBroken(
            "too_many_requests",
            _("This invoice was sent %(count)d times within an hour. Please wait before sending it again.")
            % {"count": SENDS_MAX},
            status=429,
            details={"retry_after": max(1, int((sent_at[-1] + SENDS_WITHIN - now).total_seconds()))},
        )


def refuse_pestering(invoices: Sequence[Invoice], *, now: datetime) -> None:
    """Raise RuleBroken `too_many_requests` (429) for an invoice that was reminded of five times within the last hour."""
    for invoice, wait in pestered(invoices, now=now).items():
        raise RuleBroken(
            "too_many_requests",
            _("%(invoice)s was reminded of %(count)d times within an hour. Please wait before the next one.")
            % {"invoice": invoice.number, "count": SENDS_MAX},
            status=429,
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
