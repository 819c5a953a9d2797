"""How jobs read on the pages of operations."""

from django.utils.translation import gettext as _

from bookbill.invoices.actions.drafting import SEND_JOB
from bookbill.invoices.actions.sending import PDF_JOB


def job_word(kind: str) -> str:
    """What a job was to do; its own name where nobody gave it words."""
    return {
        PDF_JOB: _("Make the PDF of an invoice"),
        SEND_JOB: _("Send an invoice after its hold"),
    }.get(kind, kind)
