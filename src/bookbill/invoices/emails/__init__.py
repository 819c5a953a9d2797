"""Writing mails: the words of the company or the standard ones, in one frame, with the figures of their cause."""

from bookbill.invoices.emails.receipts import compose_receipt_mail
from bookbill.invoices.emails.samples import compose_trial_mail, sample_mail
from bookbill.invoices.emails.versions import (
    change_sentence,
    compose_reminder_mail,
    compose_version_mail,
    link_by_now,
)

__all__ = [
    "change_sentence",
    "compose_receipt_mail",
    "compose_reminder_mail",
    "compose_trial_mail",
    "compose_version_mail",
    "link_by_now",
    "sample_mail",
]
