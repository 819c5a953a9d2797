"""How the state of a message reads on a page, and in which tone."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, pgettext

from bookbill.delivery.rules import EventKind, State


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its tone and icon."""

    text: str
    tone: str
    icon: str


def message_word(state: str, server_answer: str = "") -> Word:
    """``server_answer`` tells a mail that was called off from one that could not be delivered."""
    if server_answer in CALLED_OFF:
        return Word(pgettext("email", "Not sent"), "neutral", "ban")
    return {
        State.QUEUED: Word(_("Waiting to be sent"), "neutral", "clock"),
        State.SENDING: Word(_("Sending"), "info", "send"),
        State.ACCEPTED: Word(_("Sent"), "success", "check"),
        State.DEFERRED: Word(_("Refused for now, trying again"), "warning", "clock"),
        State.FAILED: Word(_("Not delivered"), "error", "mail-x"),
        State.BOUNCED: Word(_("Bounced"), "error", "mail-x"),
        State.UNKNOWN: Word(_("Unknown: it may have arrived"), "warning", "circle-help"),
    }[State(state)]


def trouble_word(state: str) -> Word:
    """Why a person has to look at a mail: an accepted one arrived and was called spam."""
    return event_word(EventKind.COMPLAINED) if state == State.ACCEPTED else message_word(state)


INVOICE_CANCELLED = gettext_noop("Not sent, because the invoice was cancelled first.")
NEWER_VERSION_SENT = gettext_noop("Not sent, because a newer version of the invoice was sent.")
LESS_DUE = gettext_noop("Not sent, because it asked for more than was still due.")
PAYMENT_REVERSED = gettext_noop("Not sent, because the payment was reversed first.")
CALLED_OFF = (INVOICE_CANCELLED, NEWER_VERSION_SENT, LESS_DUE, PAYMENT_REVERSED)
"""What stands in place of a server's answer where a mail was called off and nobody was asked."""


def answer_words(server_answer: str) -> str:
    """What the server said, in its words; or why it was not asked, in the reader's."""
    return _(server_answer) if server_answer in CALLED_OFF else server_answer


def why_not_delivered(state: str, server_answer: str) -> str:
    """Why a mail will not arrive any more; empty where it did, or may."""
    is_over = server_answer in CALLED_OFF or message_word(state).tone == "error"
    return answer_words(server_answer) if is_over else ""


def called_off(count: int) -> str:
    """How many mails did not leave because of what happened; empty for none."""
    words = ngettext(
        "%(count)d earlier email that had not left was called off",
        "%(count)d earlier emails that had not left were called off",
        count,
    )
    return words % {"count": count} if count else ""


def event_word(kind: str) -> Word:
    """What a mail service reported."""
    return {
        EventKind.DELIVERED: Word(_("Delivered"), "success", "mail-check"),
        EventKind.OPENED: Word(_("Opened"), "success", "eye"),
        EventKind.DEFERRED: Word(_("Delayed"), "warning", "clock"),
        EventKind.BOUNCED: Word(_("Bounced"), "error", "mail-x"),
        EventKind.REJECTED: Word(_("Refused by the email service"), "error", "mail-x"),
        EventKind.COMPLAINED: Word(_("Marked as spam"), "error", "mail-warning"),
    }[EventKind(kind)]
