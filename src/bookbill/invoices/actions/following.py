"""What invoices do when their bookings or the company change: refuse where they are locked, let go of what leaves."""

from datetime import datetime

from django.utils.translation import gettext as _

from bookbill.activity.models import Entry
from bookbill.bookings.events import BookingsCancelled, BookingsEditing
from bookbill.bookings.models import Booking, BookingQuerySet
from bookbill.companies.events import CompanyChanged
from bookbill.companies.models import Company
from bookbill.companies.number_formats import split_format
from bookbill.companies.numbers import first_met_again
from bookbill.invoices.actions.cancelling import cancel_invoice, invoices_over
from bookbill.invoices.actions.drafting import Left, give_up_sending, settle_left
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import assert_in_transaction


def refuse_numbers_met_again(event: CompanyChanged) -> None:
    """A format whose words have digits may come to a number that an earlier one gave: no sending could leave then."""
    if not {"number_format", "number_restarts_yearly"} & event.fields:
        return
    company = Company.objects.get(pk=event.company_id)
    before, after = split_format(company.number_format)
    alike = Invoice.objects.numbered(before).filter(number__endswith=after)
    if number := first_met_again(company, alike.values_list("number", flat=True).iterator()):
        raise RuleBroken(
            "number_exists",
            _(
                "There is an invoice %(number)s, and this format would come to the same number again. Choose other words around {n}."
            )
            % {"number": number},
            field="number_format",
        )


def refuse_locked(event: BookingsEditing) -> None:
    """A sent invoice may lock its bookings (company's choice), and never lets one be reopened or moved to another customer.

    A booking that moves to another customer leaves its draft; an emptied draft goes. One that is planned again leaves
    a draft that carries others too: only alone is a booking billed ahead, and not by a sending that nobody looks at.
    A lock keeps a sent invoice as it is; it does not keep what its only booking cancels with it.
    """
    assert_in_transaction()
    for invoice in invoices_over(event.booking_ids):
        if invoice.sent_at is None:
            if event.moves_customer or (event.reopens and invoice.bookings_count > 1):
                because = "customer" if event.moves_customer else "reopened"
                leaving = Booking.objects.filter(invoice=invoice, pk__in=event.booking_ids)
                _let_go(invoice, leaving, because=because, by=event.by, now=event.now)
            elif event.reopens and invoice.sending_at and not _was_promised_ahead(invoice):
                why = _("Its booking was planned again. To bill it before it is done, send it once more.")
                give_up_sending(invoice, why, by=event.by, now=event.now)
            continue
        if event.moves_customer or event.reopens:
            raise RuleBroken(
                "booking_on_sent_invoice",
                _("This booking is on %(invoice)s, which was sent. Cancel that invoice first.")
                % {"invoice": invoice.number},
                details={"invoice_id": str(invoice.pk)},
            )
        is_locked = invoice.is_locked(
            Company.objects.values_list("after_sending", flat=True).get(pk=invoice.company_id)
        )
        staying = Booking.objects.filter(invoice=invoice).exclude(pk__in=event.booking_ids)
        if is_locked and not (event.leaves_nothing and not staying.exists()):
            raise RuleBroken(
                "invoice_locked",
                _("%(invoice)s is locked. Cancel it and make a new one to change its bookings.")
                % {"invoice": invoice.number},
                details={"invoice_id": str(invoice.pk), "locked_invoice_id": str(invoice.pk)},
            )


def _was_promised_ahead(invoice: Invoice) -> bool:
    """Whether its sending was promised before the work was done: completing and undoing that changes nothing."""
    promised = Entry.objects.of_subject("invoice", invoice.pk).filter(type="invoice.sending_promised")
    at = promised.values_list("at", flat=True).first()
    return bool(at and Booking.objects.filter(invoice=invoice, completed_at__gt=at).exists())


def let_go_of_cancelled(event: BookingsCancelled) -> None:
    """A booking cancelled without a fee leaves its invoice; an invoice over nothing else is cancelled with it.

    Raises BadInput `required` where that wants a reason.
    """
    assert_in_transaction()
    for invoice in invoices_over(event.booking_ids):
        leaving = Booking.objects.filter(invoice=invoice, pk__in=event.booking_ids, total_minor=0)
        staying = Booking.objects.filter(invoice=invoice).exclude(pk__in=leaving.values("pk"))
        if leaving.exists() and not staying.exists() and invoice.sent_at:
            cancel_invoice(invoice.pk, reason=event.reason, by=event.by, now=event.now)
            continue
        _let_go(invoice, leaving, because="cancelled", reason=event.reason, by=event.by, now=event.now)


def _let_go(
    invoice: Invoice,
    leaving: BookingQuerySet,
    *,
    because: str,
    reason: str = "",
    by: Actor,
    now: datetime,
) -> None:
    left = Left(invoice, list(leaving.oldest_first()))
    leaving.update(invoice=None)
    settle_left([left], because=because, reason=reason, by=by, now=now)
