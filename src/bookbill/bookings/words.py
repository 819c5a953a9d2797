"""How a booking's state, money and history read on a page, and in which tone."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import pgettext

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking, Outcome
from bookbill.bookings.rules import State
from bookbill.web.formatting import money


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    tone: str


def state_word(state: str) -> Word:
    return {
        State.SCHEDULED: Word(_("Scheduled"), "info"),
        State.COMPLETED: Word(_("Completed"), "success"),
        State.CANCELLED: Word(_("Cancelled"), "neutral"),
    }[State(state)]


OUTCOMES: dict[str | None, tuple[Any, str]] = {
    None: (_lazy("Waiting"), "neutral"),
    Outcome.REPRICED: (_lazy("Repriced"), "success"),
    Outcome.UNCHANGED: (_lazy("Unchanged"), "neutral"),
    Outcome.REFUSED: (_lazy("Refused"), "warning"),
}
"""What became of a booking that was to be repriced: word and tone."""


def money_word(booking: Booking) -> Word | None:
    """What covers it; None while nothing does."""
    if booking.paid_minor and booking.due() == 0:
        return Word(pgettext("booking", "Paid"), "success")
    if booking.paid_minor:
        return Word(_("Partially paid"), "warning")
    if booking.written_off_minor:
        return Word(_("Written off"), "neutral")
    return None


def standing(booking: Booking) -> list[Word]:
    """What became of it, from the plan to the invoice, and beside it what covers it."""
    words = [_stage(booking), money_word(booking)]
    if booking.state == State.CANCELLED and booking.total_minor:  # a fee is left to be billed
        words.insert(0, state_word(booking.state))
    return [word for word in words if word]


def _stage(booking: Booking) -> Word:
    if booking.invoice is not None and booking.invoice.sent_at is not None:
        return Word(pgettext("booking", "Invoiced"), "primary")
    if booking.invoice is not None:
        return Word(_("On a draft"), "neutral")
    if booking.state == State.SCHEDULED or not booking.may_be_invoiced():
        return state_word(booking.state)
    return Word(_("Held back"), "neutral") if booking.held_back else Word(_("To invoice"), "warning")


def said(entry: Entry, currency: str) -> tuple[str, str, str]:
    """An entry of a booking's history: a sentence, its icon, and what changed."""
    sentences = {
        "booking.created": (_("%(who)s created the booking"), "plus"),
        "booking.edited": (_("%(who)s edited the booking"), "pencil"),
        "booking.completed": (_("%(who)s completed the booking"), "check"),
        "booking.cancelled": (_("%(who)s cancelled the booking"), "ban"),
        "booking.repriced": (_("Taxes recalculated"), "percent"),
        "booking.cover_released": (
            (_("Money became credit, because the total fell"), "coins")
            if gave_money_free(entry)
            else (_("Less is credited or written off, because the total fell"), "trending-down")
        ),
        "booking.written_off": (_("%(who)s wrote off a part"), "ban"),
        "booking.reduced": (_("%(who)s reduced what is owed"), "trending-down"),
    }
    sentence, icon = sentences.get(entry.type, ("%(who)s: " + entry.type, "activity"))
    return sentence % {"who": entry.actor_label}, icon, changes(entry.before, entry.after, currency)


def gave_money_free(entry: Entry) -> bool:
    """Whether money left a booking whose total fell; else only what was credited or written off shrank."""
    return bool(entry.before.get("paid_minor", 0) > entry.after.get("paid_minor", 0))


def changes(before: dict[str, Any], after: dict[str, Any], currency: str) -> str:
    """What of it a reader wants to know: the total, the date, the state, what covers it, the reason."""
    parts = []
    if "total_minor" in before and before["total_minor"] != after.get("total_minor"):
        parts.append(
            _("Total %(old)s → %(new)s")
            % {
                "old": money(before["total_minor"], currency),
                "new": money(after.get("total_minor", 0), currency),
            }
        )
    elif "items_count" in before:
        parts.append(_("Lines changed"))
    if before.get("service_date") and after.get("service_date"):
        parts.append(
            _("Service date %(old)s → %(new)s")
            % {"old": before["service_date"], "new": after["service_date"]}
        )
    if before.get("state") and after.get("state") and before["state"] != after["state"]:
        parts.append(f"{state_word(before['state']).text} → {state_word(after['state']).text}")
    if "held_back" in before:
        parts.append(_("Held back from invoicing") if after.get("held_back") else _("Can be invoiced again"))
    for name, label in (
        ("paid_minor", _("Paid")),
        ("reduced_minor", _("Credited")),
        ("written_off_minor", _("Written off")),
    ):
        if name in before and before[name] != after.get(name):
            parts.append(f"{label} {money(before[name], currency)} → {money(after.get(name, 0), currency)}")
    if after.get("reason"):
        parts.append(str(after["reason"]))
    return " · ".join(parts)
