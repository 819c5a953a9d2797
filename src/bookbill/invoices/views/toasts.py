"""What a page says after an act on an invoice."""

from datetime import datetime
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now, zone
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.invoices.words import leaving_word
from bookbill.web.htmx import toast


def say_sent(
    request: CompanyRequest,
    invoice_id: UUID,
    *,
    held: bool,
    marked: bool = False,
    send_at: datetime | None = None,
) -> None:
    """Sent, marked, or leaving in a moment or at a time, with Undo."""
    undo_url = reverse("invoices:undo-sending", args=[invoice_id])
    if send_at:
        words = leaving_word(send_at, now=now(request.company), zone=zone(request.company))
        toast(request, f"{words}.", undo_url=undo_url)
    elif held:
        toast(
            request,
            _("Sending. You can still undo."),
            undo_url=undo_url,
        )
    elif marked:
        toast(request, _("Marked as sent. No email goes out."))
    else:
        toast(request, _("Sent. The email leaves as soon as its PDF is made."))
