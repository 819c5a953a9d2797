"""What a page says after an act on an invoice."""

from django.utils.translation import gettext as _

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.web.htmx import toast


def say_sent(request: CompanyRequest, *, held: bool, marked: bool) -> None:
    """Sent or marked. A sending that is promised is told by the invoice's page, which counts down and has the one Undo."""
    if held:
        return
    toast(
        request,
        _("Marked as sent. No email goes out.")
        if marked
        else _("Sent. The email goes out as soon as its PDF is made."),
    )
