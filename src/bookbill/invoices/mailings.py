"""What became of the mails about an invoice: for each recipient each mail, and what happened to it when."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext as _

from bookbill.activity.models import Entry
from bookbill.companies.models import Company
from bookbill.delivery.mailbox import KEPT
from bookbill.delivery.models import Attempt, Message, MessageEvent
from bookbill.delivery.rules import EventKind, State
from bookbill.delivery.words import CALLED_OFF, Word, answer_words, event_word, message_word
from bookbill.invoices.actions.retrying import why_not_again
from bookbill.invoices.models import Invoice
from bookbill.invoices.words import message_kind_word

MAILS_MAX = 50


@dataclass(frozen=True, slots=True)
class Moment:
    """``words`` are the server's or the service's own."""

    at: dt.datetime
    sentence: str
    icon: str
    words: str = ""


@dataclass(frozen=True, slots=True)
class Mailing:
    mail: Message
    kind: str
    word: Word
    moments: tuple[Moment, ...]
    why_not_again: str
    """Why what did not arrive is not offered to be sent again; empty where it is."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Mails of one address, the newest first."""

    address: str
    mailings: tuple[Mailing, ...]


def read_mailings(
    invoice: Invoice, company: Company, *, start: int = 0, size: int = MAILS_MAX
) -> list[Recipient]:
    """Of one page of mails; who was written to last comes first. Eight queries at most, however many recipients and tries."""
    mails = list(
        Message.objects.about([invoice.pk]).order_by("-created_at", "recipient")[start : start + size]
    )
    tries = Attempt.objects.filter(message__in=mails).order_by("at")
    events = list(MessageEvent.objects.filter(message__in=mails).order_by("at"))
    acts = Entry.objects.of_subject("invoice", invoice.pk).filter(type__in=ACTS)
    moved = dt.timedelta(seconds=company.clock_offset_seconds if company.is_sandbox else 0)
    moments: dict[UUID, list[Moment]] = {
        mail.pk: [Moment(mail.created_at, _("Waiting to be sent"), "clock")] for mail in mails
    }
    for mail in mails:
        if mail.server_answer in CALLED_OFF:
            at = mail.dealt_with_at or mail.created_at
            moments[mail.pk].append(Moment(at, answer_words(mail.server_answer), "ban"))
    for attempt in tries:
        moments[attempt.message_id].append(try_moment(attempt, attempt.at + moved))
    for event in events:
        word = event_word(event.kind)
        moments[event.message_id].append(Moment(event.at, word.text, word.icon, event.words))
    for act in acts:
        about = UUID(act.after.get("message_id", str(UUID(int=0))))
        if about in moments:
            sentence, icon = act_word(act)
            moments[about].append(Moment(act.at, sentence, icon))
    told = facts_of(events)
    refused = why_not_again([mail for mail in mails if mail.trouble_at], {invoice.pk: invoice})
    by_address: dict[str, list[Mailing]] = {}
    for mail in mails:
        story = sorted(moments[mail.pk], key=lambda moment: moment.at)
        word = message_word(mail.state, mail.server_answer)
        shown = event_word(told[mail.pk]) if mail.pk in told and mail.state == State.ACCEPTED else word
        why_not = refused[mail.pk].message if mail.pk in refused else ""
        by_address.setdefault(mail.recipient, []).append(
            Mailing(mail, message_kind_word(mail.kind), shown, tuple(story), why_not)
        )
    return [Recipient(address, tuple(mailings)) for address, mailings in by_address.items()]


def facts_of(events: Iterable[MessageEvent]) -> dict[UUID, EventKind]:
    """The most that is known of each message that arrived."""
    known: dict[UUID, EventKind] = {}
    for event in events:
        kind = EventKind(event.kind)
        if kind in ARRIVED and ARRIVED.index(kind) >= ARRIVED.index(known.get(event.message_id, ARRIVED[0])):
            known[event.message_id] = kind
    return known


ARRIVED: Sequence[EventKind] = (EventKind.DELIVERED, EventKind.OPENED, EventKind.COMPLAINED)
ACTS = ("invoice.message_retried", "invoice.message_dealt_with")


def try_moment(attempt: Attempt, at: dt.datetime) -> Moment:
    if attempt.answer == KEPT:
        return Moment(at, gettext(KEPT), "inbox")
    sentence, icon = try_word(attempt.outcome)
    return Moment(at, sentence, icon, attempt.answer)


def try_word(outcome: str) -> tuple[str, str]:
    return {
        State.ACCEPTED: (_("Accepted by the mail server"), "check"),
        State.DEFERRED: (_("Refused for now"), "clock"),
        State.FAILED: (_("Refused for good"), "mail-x"),
        State.UNKNOWN: (_("The server’s answer was lost"), "circle-help"),
    }[State(outcome)]


def act_word(act: Entry) -> tuple[str, str]:
    who = {"who": act.actor_label}
    if act.type == "invoice.message_retried":
        return _("%(who)s sent it again") % who, "rotate-ccw"
    return _("%(who)s marked it as resolved") % who, "check-check"
