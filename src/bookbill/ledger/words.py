"""How payments read on a page."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from bookbill.activity.models import Entry
from bookbill.delivery.words import called_off
from bookbill.ledger.reading import PaymentRow
from bookbill.ledger.rules import Method

METHOD_LABELS = {
    Method.CASH: gettext_lazy("Cash"),
    Method.CHEQUE: gettext_lazy("Cheque"),
    Method.BANK_TRANSFER: gettext_lazy("Bank transfer"),
    Method.CARD: gettext_lazy("Card"),
    Method.DIRECT_DEBIT: gettext_lazy("Direct debit"),
    Method.OTHER: gettext_lazy("Other"),
}


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    tone: str


def method_word(method: str) -> str:
    return str(METHOD_LABELS[Method(method)])


def payment_word(row: PaymentRow) -> Word:
    """What became of a payment, in one word."""
    if row.reversal:
        return Word(_("Reversed"), "neutral")
    if row.refunded_minor == row.payment.amount_minor:
        return Word(_("Refunded"), "neutral")
    if row.refunded_minor:
        return Word(_("Partly refunded"), "warning")
    return Word(_("Recorded"), "success")


def said(entry: Entry) -> tuple[str, str]:
    """An entry of a payment's history as a sentence, and its icon."""
    sentences = {
        "payment.recorded": (_("%(who)s recorded the payment"), "banknote"),
        "payment.placed": (_("%(who)s moved it to other bookings"), "route"),
        "payment.credit_used": (_("%(who)s used the credit"), "coins"),
        "payment.reversed": (_("%(who)s reversed the payment"), "undo-2"),
        "payment.reference": (_("%(who)s changed the reference"), "pencil"),
        "payment.receipt_sent": (_("%(who)s sent a receipt"), "mail"),
        "payment.message_retried": (_("%(who)s sent a receipt again"), "rotate-ccw"),
        "payment.message_dealt_with": (_("%(who)s marked an undelivered email as resolved"), "check"),
        "payment.message_bounced": (_("A receipt bounced"), "mail-x"),
        "payment.message_complained": (_("A recipient marked a receipt as spam"), "mail-warning"),
        "payment.refunded": (_("%(who)s refunded"), "hand-coins"),
    }
    sentence, icon = sentences.get(entry.type, ("%(who)s: " + entry.type, "activity"))
    return sentence % {"who": entry.actor_label}, icon


def detail(entry: Entry) -> str:
    """Why it was done, and what it kept from leaving."""
    return " · ".join(
        filter(None, [entry.after.get("reason"), called_off(entry.after.get("called_off_count", 0))])
    )
