"""One act on many invoices: those it can be done to get it, the others are named with their reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, require
from bookbill.invoices.actions.cancelling import (
    cancel_invoices,
    refuse_cancelling,
    refuse_notifying,
    require_reason,
)
from bookbill.invoices.actions.drafting import remove_drafts
from bookbill.invoices.actions.holding import send_or_hold, undo_sending
from bookbill.invoices.actions.locking import lock_invoices
from bookbill.invoices.actions.pace import hurried, pestered, refuse_hurried, refuse_pestering
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.actions.reminding import refuse_reminding, remind_invoices
from bookbill.invoices.actions.seen import (
    Stale,
    billing_ahead,
    refuse_ending_unseen,
    refuse_unseen,
    refuse_unseen_list,
    reminders_as_seen,
)
from bookbill.invoices.actions.sending import refuse_promised, refuse_unsendable
from bookbill.invoices.models import Invoice
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import assert_in_transaction


@dataclass(frozen=True, slots=True)
class Refused:
    """An invoice that was left out, and why."""

    invoice: Invoice
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """``done`` as they were before; ``refused`` are unchanged."""

    done: tuple[Invoice, ...]
    refused: tuple[Refused, ...]


def send_each(
    invoice_ids: Sequence[UUID],
    *,
    seen: Mapping[UUID, str] | None = None,
    seen_lists: Mapping[UUID, str] | None = None,
    by: Actor,
    now: datetime,
) -> Outcome:
    """Send (or begin the hold of) those that can leave, by their dates and the oldest first, as far as the mails of the day go.

    ``seen``: `Invoice.as_seen` of each when it was chosen, ``seen_lists``: `list_as_seen` of its recipients. What
    somebody else has sent or changed since is left out, and what would go to others by now.
    """
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    # A later date in the series would not let an earlier one follow.
    invoices = sorted(_lock(invoice_ids), key=lambda invoice: invoice.issue_date or date.max)
    to = resolve_recipients(invoices, {})
    often = hurried(invoices, at=now)
    ahead = billing_ahead(invoices)
    refuse_beyond_the_day = _counting(to, by=by, now=now)

    def refuse(invoice: Invoice) -> None:
        if seen:
            refuse_unseen(invoice, seen.get(invoice.pk, ""), is_ahead=invoice.pk in ahead)
        if seen_lists:
            refuse_unseen_list(invoice, to[invoice.pk], seen_lists.get(invoice.pk, ""))
        refuse_sending(invoice, to[invoice.pk])
        if invoice in often:
            refuse_hurried([invoice], at=now)
        refuse_beyond_the_day(invoice)

    return _act_on(invoices, refuse=refuse, act=lambda ids: send_or_hold(ids, by=by, now=now))


def refuse_sending(invoice: Invoice, to: Sequence[str]) -> None:
    """Raise RuleBroken for what cannot leave, or will leave already."""
    refuse_unsendable(invoice, to=to, mark_only=False)
    refuse_promised(invoice)


def undo_each(leaves_at: datetime, *, by: Actor, now: datetime) -> Outcome:
    """Take back the sendings that were promised together, as far as they have not begun."""
    require(by, Right.SEND_INVOICES)
    promised = Invoice.objects.filter(sending_at=leaves_at).values_list("pk", flat=True)
    return _act_on(_lock(list(promised)), refuse=_nothing, act=lambda ids: undo_sending(ids, by=by, now=now))


def remind_each(
    invoice_ids: Sequence[UUID],
    *,
    seen: Mapping[UUID, str] | None = None,
    by: Actor,
    now: datetime,
) -> Outcome:
    """Send a reminder of those on which something is to pay, as far as the mails of the day go.

    ``seen``: `reminders_as_seen` of each. What would ask for another amount, or others, by now is left out.
    """
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    invoices = _lock(invoice_ids)
    to = resolve_recipients(invoices, {})
    as_it_is = reminders_as_seen(invoices, to) if seen else {}
    often = pestered(invoices, now=now)
    refuse_beyond_the_day = _counting(to, by=by, now=now)

    def refuse(invoice: Invoice) -> None:
        refuse_reminding(invoice, to[invoice.pk])
        if seen and seen.get(invoice.pk) != as_it_is[invoice.pk]:
            raise Stale
        if invoice in often:
            refuse_pestering([invoice], now=now)
        refuse_beyond_the_day(invoice)

    return _act_on(invoices, refuse=refuse, act=lambda ids: remind_invoices(ids, by=by, now=now))


def pay_each(
    invoice_ids: Sequence[UUID],
    *,
    method: str,
    received_on: date,
    reference: str = "",
    seen: Mapping[UUID, int] | None = None,
    by: Actor,
    now: datetime,
) -> Outcome:
    """Book one payment for each invoice, of what is due on it.

    ``seen``: what was due on each, in minor units, when it was chosen. Where that changed, other money came in.
    """
    require(by, Right.RECORD_PAYMENTS)
    invoices = _lock(invoice_ids)

    def refuse(invoice: Invoice) -> None:
        refuse_paying(invoice)
        if seen and invoice.due() != seen.get(invoice.pk):
            raise RuleBroken(
                "stale",
                _("What is due on it has changed meanwhile. Look at it again, then record the payment."),
            )

    def pay(ids: Sequence[UUID]) -> None:
        bookings: dict[UUID, list[UUID]] = {pk: [] for pk in ids}
        rows = Booking.objects.filter(invoice__in=ids).oldest_first().values_list("invoice_id", "pk")
        for invoice_id, booking_id in rows:
            bookings[invoice_id].append(booking_id)
        drafts = [
            PaymentDraft(
                customer_id=invoice.customer_id,
                method=method,
                amount_minor=invoice.due(),
                currency=invoice.currency,
                received_on=received_on,
                reference=reference,
                fill=tuple(bookings[invoice.pk]),
            )
            for invoice in invoices
            if invoice.pk in bookings
        ]
        record_payments(drafts, by=by, now=now)

    return _act_on(invoices, refuse=refuse, act=pay)


def refuse_paying(invoice: Invoice) -> None:
    """Raise RuleBroken where there is nothing to pay."""
    if invoice.cancelled_at:
        raise RuleBroken("not_payable", _("It is cancelled: nothing is to pay."))
    if not invoice.due():
        raise RuleBroken("nothing_due", _("Nothing is due on it."))


def delete_each(
    invoice_ids: Sequence[UUID], *, seen: Mapping[UUID, str] | None = None, by: Actor, now: datetime
) -> Outcome:
    """Delete the drafts among these; their bookings are free again.

    ``seen``: `Invoice.as_seen_with_money` of each when it was chosen. What has changed since is left out.
    """
    require(by, Right.EDIT_INVOICES)
    invoices = _lock(invoice_ids)

    def refuse(invoice: Invoice) -> None:
        refuse_deleting(invoice)
        if seen:
            refuse_ending_unseen(invoice, seen.get(invoice.pk, "?"))

    def delete(ids: Sequence[UUID]) -> None:
        wanted = set(ids)
        remove_drafts([invoice for invoice in invoices if invoice.pk in wanted], by=by, now=now)

    return _act_on(invoices, refuse=refuse, act=delete)


def refuse_deleting(invoice: Invoice) -> None:
    """Raise RuleBroken for what is no draft any more."""
    if invoice.sent_at:
        raise RuleBroken("already_sent", _("A sent invoice is never deleted. Cancel it instead."))


def cancel_each(
    invoice_ids: Sequence[UUID],
    *,
    reason: str,
    hold_back: bool = False,
    notify: bool = False,
    seen: Mapping[UUID, str] | None = None,
    seen_lists: Mapping[UUID, str] | None = None,
    by: Actor,
    now: datetime,
) -> Outcome:
    """Cancel the sent ones among these for good; their bookings keep their money and are free again, or held back.

    ``seen``: `Invoice.as_seen_with_money` of each when it was chosen, ``seen_lists``: `list_as_seen` of its recipients.
    What has changed since is left out, and with ``notify`` what would go to others by now.
    """
    require(by, Right.CANCEL_INVOICES)
    require_reason(reason)
    invoices = _lock(invoice_ids)
    to = resolve_recipients(invoices, {}) if notify else {}
    refuse_beyond_the_day = _counting(to, by=by, now=now) if notify else _nothing

    def refuse(invoice: Invoice) -> None:
        refuse_cancelling(invoice)
        if seen:
            refuse_ending_unseen(invoice, seen.get(invoice.pk, "?"))
        if notify:
            refuse_notifying(invoice, to[invoice.pk])
            if seen_lists:
                refuse_unseen_list(invoice, to[invoice.pk], seen_lists.get(invoice.pk, ""))
        refuse_beyond_the_day(invoice)

    def cancel(ids: Sequence[UUID]) -> None:
        cancel_invoices(ids, reason=reason, hold_back=hold_back, notify=notify, by=by, now=now)

    return _act_on(invoices, refuse=refuse, act=cancel)


def _counting(to: Mapping[UUID, Sequence[str]], *, by: Actor, now: datetime) -> Callable[[Invoice], None]:
    """Refuses invoices whose mails are more than the day has left after those that were let through."""
    allowance = lock_allowance(Company.objects.get(pk=by.company_id), at=now)
    mails = 0

    def refuse(invoice: Invoice) -> None:
        nonlocal mails
        allowance.refuse_beyond(mails + len(to[invoice.pk]))
        mails += len(to[invoice.pk])

    return refuse


def _lock(invoice_ids: Sequence[UUID]) -> list[Invoice]:
    """Those that still exist, oldest first, so that their numbers follow the order they were made in."""
    assert_in_transaction()
    return lock_invoices(
        list(Invoice.objects.filter(pk__in=invoice_ids).order_by("pk").values_list("pk", flat=True))
    )


def _act_on(
    invoices: Sequence[Invoice],
    *,
    refuse: Callable[[Invoice], None],
    act: Callable[[Sequence[UUID]], object],
) -> Outcome:
    """Sort out what is refused, then act on the rest in one go; where that is refused after all, one by one.

    Each try has its savepoint: a refusal leaves nothing behind, and the others go on.
    """
    able: list[Invoice] = []
    refused: list[Refused] = []
    for invoice in invoices:
        try:
            refuse(invoice)
        except RuleBroken as reason:
            refused.append(Refused(invoice, reason.message))
        else:
            able.append(invoice)
    try:
        with transaction.atomic():
            if able:
                act([invoice.pk for invoice in able])
        return Outcome(tuple(able), tuple(refused))
    except RuleBroken:
        pass  # one of them; which, shows below
    done: list[Invoice] = []
    for invoice in able:
        try:
            with transaction.atomic():
                act([invoice.pk])
        except RuleBroken as reason:
            refused.append(Refused(invoice, reason.message))
        else:
            done.append(invoice)
    return Outcome(tuple(done), tuple(refused))


def _nothing(_invoice: Invoice) -> None:
    """Nothing refuses it beforehand."""
