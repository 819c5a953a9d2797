"""What a page says after an act on an invoice."""

from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.web.htmx import toast


def say_sent(request: CompanyRequest, invoice_id: UUID, *, held: bool, marked: bool = False) -> None:
    """Sent, marked, or leaving in a moment with Undo."""
    if held:
        toast(
            request,
            _("Leaves in %(seconds)d seconds.") % {"seconds": request.company.hold_seconds},
            undo_url=reverse("invoices:undo-sending", args=[invoice_id]),
        )
    elif marked:
        toast(request, _("Marked as sent. No mail goes out."))
    else:
        toast(request, _("Sent. The mail leaves as soon as its PDF is made."))
