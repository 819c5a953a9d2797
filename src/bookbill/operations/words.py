"""How jobs, and why they failed, read on the pages of operations."""

from django.utils.translation import gettext as _

from bookbill.invoices.actions.drafting import SEND_JOB
from bookbill.invoices.actions.sending import PDF_JOB


def job_word(kind: str) -> str:
    """What a job was to do; its own name where nobody gave it words."""
    return {
        PDF_JOB: _("Make the PDF of an invoice"),
        SEND_JOB: _("Send an invoice at its time"),
    }.get(kind, kind)


def why_word(error: str) -> str:
    """A program's error as a sentence that says what to do. `work.claims` writes "Kind: words"."""
    if "No space left" in error:
        return _("The disk is full. Make room on it, then retry.")
    if error.startswith("PermissionError") or "Read-only file system" in error:
        return _("The program may not write into its data folder. Give it the right to, then retry.")
    if error.startswith(("TimeoutError", "Connection", "socket.")):
        return _("A server did not answer. Retry; it may be back.")
    if error.startswith("The worker stopped"):
        return _("The program was stopped before this was finished. Retry.")
    return _(
        "Something unexpected happened. Retry; if it fails again, show the words below to who runs your server."
    )
