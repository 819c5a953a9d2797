"""What a page showed beside what is: nobody sends, reminds, cancels or deletes by an old page what he did not see (ADR 4)."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.models import Company
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.actions.sending import label_of, refuse_promised, refuse_unsendable
from bookbill.invoices.models import Invoice, Reminder
from bookbill.ledger.models import Payment
from bookbill.lib.errors import RuleBroken


class Stale(RuleBroken):
    """An act on what has changed since somebody decided on it."""

    def __init__(self, message: str = "") -> None:
        super().__init__("stale", message or _("It has changed meanwhile. Look at it again, then decide."))


def refuse_unseen(invoice: Invoice, seen: str, *, is_ahead: bool) -> None:
    """Raise Stale where it is not as a page that sends it showed it (`Invoice.as_seen`), or RuleBroken with what it is by now."""
    if invoice.cancelled_at:
        refuse_unsendable(invoice, to=None, mark_only=True)
    if seen.partition("-")[0] != str(invoice.last_version_n):
        raise Stale(
            _("%(invoice)s was sent meanwhile. Send it again only if it is to arrive once more.")
            % {"invoice": label_of(invoice)},
        )
    if is_ahead and seen == invoice.as_seen(is_ahead=False):
        raise Stale(
            _("%(invoice)s bills work that is not completed by now. Look at it, then send it.")
            % {"invoice": label_of(invoice)},
        )
    if seen != invoice.as_seen(is_ahead=is_ahead):
        refuse_promised(invoice)
        raise Stale(
            _("%(invoice)s was changed by someone else meanwhile. Look at it as it is now, then send it.")
            % {"invoice": label_of(invoice)},
        )


def list_as_seen(recipients: Sequence[str]) -> str:
    """What a page sends back to say which recipients somebody looked at."""
    return sha256("\n".join(sorted(map(str.lower, recipients))).encode()).hexdigest()[:16]


def refuse_unseen_list(invoice: Invoice, to: Sequence[str], seen: str) -> None:
    """Raise Stale where it would go to others than somebody saw (`list_as_seen`)."""
    if seen != list_as_seen(to):
        raise Stale(
            _("%(invoice)s goes to other recipients by now. Look at them, then send it.")
            % {"invoice": label_of(invoice)},
        )


def refuse_ending_unseen(invoice: Invoice, seen: str) -> None:
    """The same for a page that asks to cancel or delete it (`Invoice.as_seen_with_money`); "" compares nothing."""
    if seen and seen != invoice.as_seen_with_money():
        raise Stale


def reminders_as_seen(invoices: Sequence[Invoice], to: Mapping[UUID, Sequence[str]]) -> dict[UUID, str]:
    """What a page that reminds says of each: how many were sent so far, what is asked for, and of whom. One query."""
    sent = Reminder.objects.filter(invoice__in=invoices).order_by().values_list("invoice_id")
    counts = dict(sent.annotate(count=Count("pk")))
    return {
        each.pk: f"{counts.get(each.pk, 0)} {each.payable()} {list_as_seen(to[each.pk])}" for each in invoices
    }


def refuse_reminding_unseen(invoice: Invoice, seen: str) -> None:
    """The same for a reminder (`reminders_as_seen`); "" compares nothing."""
    if seen and seen != reminders_as_seen([invoice], resolve_recipients([invoice], {}))[invoice.pk]:
        raise Stale


def refuse_undoing_unseen(invoice: Invoice, at: str) -> None:
    """Raise Stale where another sending than the one that was to leave ``at`` is planned by now; "" compares nothing."""
    if at and invoice.sending_at and at != invoice.sending_at.isoformat():
        raise Stale(
            _("%(invoice)s was planned anew meanwhile. Look when it leaves, then undo that.")
            % {"invoice": label_of(invoice)},
        )


def refuse_held_unseen(bookings: Iterable[Booking], seen: str | None) -> None:
    """Raise Stale for one that was held back since a page that bills them showed which are (``seen``); None compares nothing."""
    if seen is None:
        return
    for booking in bookings:
        if booking.held_back and str(booking.pk) not in seen.split():
            raise Stale(
                _(
                    "Booking %(number)s was held back meanwhile. Go on only if it is to be billed all the same."
                )
                % {"number": booking.number},
            )


def credit_at_sending(company: Company, customer_id: UUID, due_minor: int) -> int:
    """How much of the customer's credit a sending would use as things stand, in minor units."""
    if not company.use_credit_at_sending or not due_minor:
        return 0
    credit: dict[UUID, int] = Payment.objects.credit_by_customer([customer_id])
    return min(due_minor, credit.get(customer_id, 0))


def refuse_credit_unseen(invoice: Invoice, company: Company, seen: str | None) -> None:
    """Raise Stale where a sending would use another amount of credit than a page said; None compares nothing."""
    if seen is not None and seen != str(credit_at_sending(company, invoice.customer_id, invoice.due())):
        raise Stale(
            _("Another amount of the customer's credit would be used by now. Look at it, then send it.")
        )


def billing_ahead(invoices: Sequence[Invoice]) -> set[UUID]:
    """`Invoice.bills_ahead` of many, in one query."""
    drafts = [invoice.pk for invoice in invoices if invoice.sent_at is None]
    planned = Booking.objects.filter(invoice__in=drafts, state=State.SCHEDULED).order_by()
    return {pk for pk in planned.values_list("invoice_id", flat=True) if pk}
