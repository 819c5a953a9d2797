"""How statuses, marks and kinds of mail read on a page, and in which tone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.invoices.models import Invoice
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.rules import Mark, Status, days_overdue
from bookbill.web.formatting import clock, in_zone, moment

NAMED_MAX = 4
SECONDS_COUNTED = 90
"""Up to here a page counts the seconds down; later than that it names the time."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its tone and, for marks, an icon."""

    text: str
    tone: str
    icon: str = ""


def status_word(status: str) -> Word:
    return {
        Status.DRAFT: Word(_("Draft"), "neutral"),
        Status.SENT: Word(_("Sent"), "info"),
        Status.PARTIALLY_PAID: Word(_("Partially paid"), "warning"),
        Status.PAID: Word(_("Paid in full"), "success"),
        Status.CANCELLED: Word(_("Cancelled"), "neutral"),
    }[Status(status)]


def mark_word(mark: Mark, invoice: Invoice, *, today: date) -> Word:
    if mark == Mark.OVERDUE:
        days = days_overdue(today=today, due_date=invoice.due_date, payable_minor=invoice.payable())
        return Word(
            ngettext("Overdue %(days)d day", "Overdue %(days)d days", days) % {"days": days}, "error", "clock"
        )
    return _mark_words()[mark]


def mark_label(mark: Mark) -> str:
    """What the mark is called where one is chosen."""
    return _("Overdue") if mark == Mark.OVERDUE else _mark_words()[mark].text


def _mark_words() -> dict[Mark, Word]:
    return {
        Mark.VIEWED: Word(_("Viewed"), "neutral", "eye"),
        Mark.SENDING: Word(_("Sending"), "info", "send"),
        Mark.SENDING_REFUSED: Word(_("Could not be sent"), "error", "circle-alert"),
        Mark.NOT_DELIVERED: Word(_("Not delivered"), "error", "mail-x"),
        Mark.BOUNCED: Word(_("Bounced"), "error", "mail-x"),
        Mark.MARKED_AS_SPAM: Word(_("Marked as spam"), "error", "mail-warning"),
        Mark.CHANGED_SINCE_SENT: Word(_("Changed since sent"), "warning", "file-diff"),
        Mark.CREDIT_TO_PLACE: Word(_("Credit to place"), "info", "coins"),
        Mark.DISPUTED: Word(_("Disputed"), "error", "circle-alert"),
        Mark.WRITTEN_OFF: Word(_("Written off"), "neutral", "ban"),
        Mark.ALREADY_PAID: Word(_("Already paid"), "success", "check"),
    }


def leaving_word(sending_at: datetime, *, now: datetime, zone: ZoneInfo) -> str:
    """When a promised sending leaves: "Sending in 8 seconds", "Sending at 4:40 PM", or with the date."""
    seconds = ceil((sending_at - now).total_seconds())
    if seconds <= 0:
        return _("Sending now")
    if seconds <= SECONDS_COUNTED:
        return ngettext("Sending in %(count)d second", "Sending in %(count)d seconds", seconds) % {
            "count": seconds
        }
    local = in_zone(sending_at, zone)
    if local.date() == in_zone(now, zone).date():
        return _("Sending at %(time)s") % {"time": clock(local.time())}
    return _("Sending on %(when)s") % {"when": moment(sending_at, zone)}


def some_of(numbers: Sequence[str]) -> str:
    """The first of them by name, the rest as a count: "B-881, B-888, B-895, B-902 and 3 more"."""
    named = ", ".join(numbers[:NAMED_MAX])
    more = len(numbers) - NAMED_MAX
    if more <= 0:
        return named
    return ngettext("%(named)s and %(count)d more", "%(named)s and %(count)d more", more) % {
        "named": named,
        "count": more,
    }


def message_kind_word(kind: str) -> str:
    return {
        "invoice": _("Invoice"),
        "updated": _("Updated invoice"),
        "cancelled": _("Cancelled copy"),
        "reminder": _("Reminder"),
        "receipt": _("Receipt"),
    }.get(kind, kind)


def mail_occasion(kind: MailKind) -> str:
    """When a mail of this kind leaves."""
    return {
        MailKind.INVOICE: _("When an invoice is sent, or sent again without a change"),
        MailKind.UPDATED: _("When an invoice is sent again after a change"),
        MailKind.REMINDER: _("When somebody reminds a customer of what is still to pay"),
        MailKind.RECEIPT: _("When a payment is recorded with a receipt, or a receipt is sent later"),
        MailKind.CANCELLED: _("When the copy of a cancelled invoice is sent"),
    }[kind]
