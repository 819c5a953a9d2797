"""How the state of a message reads on a page, and in which tone."""

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.delivery.rules import EventKind, State


@dataclass(frozen=True, slots=True)
class Word:
    """A word with its tone and icon."""

    text: str
    tone: str
    icon: str


def message_word(state: str) -> Word:
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
