"""How often one invoice may be sent."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.models import Version, VersionKind
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
