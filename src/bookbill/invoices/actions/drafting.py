"""Making, editing and deleting drafts."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.activity.actions import record, record_many
from bookbill.bookings.actions.booking import create_bookings, lock_bookings
from bookbill.bookings.actions.cancelling import cancel_bookings
from bookbill.bookings.drafts import BookingDraft
from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.models import Company
from bookbill.companies.rights import Feature, Right, require
from bookbill.customers.models import Customer
from bookbill.invoices.actions.dating import refuse_undatable
from bookbill.invoices.actions.grouping import check_group, movable_drafts
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoice
from bookbill.invoices.actions.recipients import own_recipients, refuse_many
from bookbill.invoices.actions.refresh import SUMS, refresh_invoices, take_figures
from bookbill.invoices.drafts import InvoiceDraft
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Invoice
from bookbill.invoices.shown import cancelled_booking_ids
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, NotFound, RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.actions import withdraw

SEND_JOB = "invoices.send"
REFUSED_MAX = 500


def make_invoices(
    drafts: Sequence[InvoiceDraft], *, move_from_drafts: bool = False, by: Actor, now: datetime
) -> list[Invoice]:
    """Put bookings on new drafts, one per group. Constant queries for 1 and for 500.

    ``move_from_drafts`` takes bookings off the drafts they are on; a draft that is emptied goes. Raises
    `booking_twice`, `booking_already_invoiced`, `booking_on_promised_draft`, `booking_not_completed` or
    `several_customers`, naming the booking.
    """
    assert_in_transaction()
    require(by, Right.EDIT_INVOICES, Feature.INVOICING)
    bookings = lock_bookings([pk for draft in drafts for pk in draft.booking_ids])
    _refuse_in_two_groups(drafts, bookings)
    left = _take_off_drafts(bookings) if move_from_drafts else []
    customers = Customer.objects.in_bulk({booking.customer_id for booking in bookings.values()})
    company = Company.objects.get(pk=by.company_id)
    invoices = []
    for draft in drafts:
        own = [bookings[pk] for pk in draft.booking_ids]
        check_group(own)
        is_instant = any(booking.is_instant for booking in own)
        invoice = new_invoice(draft, company, customers[own[0].customer_id], now=now, is_instant=is_instant)
        invoices.append(invoice)
        for booking in own:
            booking.invoice_id, booking.held_back = invoice.pk, False
    Invoice.objects.bulk_create(invoices)
    _store_carriers(list(bookings.values()))
    documents = read_live(invoices, now=now)
    for invoice in invoices:
        take_figures(invoice, documents[invoice.pk])
    Invoice.objects.bulk_update(invoices, [*SUMS, "bookings_count", "live_claim"], batch_size=500)
    settle_left(left, by=by, now=now)
    record_many(
        [entry("invoice.created", invoice, {}, {"total_minor": invoice.total_minor}) for invoice in invoices],
        by=by,
        now=now,
    )
    return invoices


def _store_carriers(bookings: Sequence[Booking]) -> None:
    """Write which invoice carries each; in one plain statement where all share one, since ten thousand may."""
    carriers = {booking.invoice_id for booking in bookings}
    if len(carriers) == 1:
        rows = Booking.objects.filter(pk__in=[booking.pk for booking in bookings])
        rows.update(invoice=carriers.pop(), held_back=False)
    else:
        Booking.objects.bulk_update(bookings, ["invoice", "held_back"], batch_size=500)


def _refuse_in_two_groups(drafts: Sequence[InvoiceDraft], bookings: Mapping[UUID, Booking]) -> None:
    groups = Counter(pk for draft in drafts for pk in set(draft.booking_ids))
    for pk, count in groups.items():
        if count > 1:
            raise RuleBroken(
                "booking_twice",
                _("Booking %(number)s stands in two groups.") % {"number": bookings[pk].number},
                field="booking_ids",
                details={"booking_id": str(pk)},
            )


@dataclass(frozen=True, slots=True)
class Left:
    """An invoice as it was, and the bookings that were taken off it."""

    invoice: Invoice
    bookings: list[Booking]


def _take_off_drafts(bookings: Mapping[UUID, Booking]) -> list[Left]:
    """Free the bookings that lie on drafts, in hand."""
    left = {pk: Left(draft, []) for pk, draft in movable_drafts(bookings.values()).items()}
    for booking in bookings.values():
        if booking.invoice_id in left:
            left[booking.invoice_id].bookings.append(booking)
            booking.invoice_id = None
    return list(left.values())


def settle_left(
    left: Sequence[Left], *, because: str = "", reason: str = "", by: Actor, now: datetime
) -> None:
    """A draft that was emptied goes; what still carries others is summed anew and tells in its history what left, and why.

    ``because`` is customer, reopened or cancelled; empty where they moved on to another draft.
    """
    if not left:
        return
    invoices = [each.invoice for each in left]
    filled = set(Booking.objects.filter(invoice__in=invoices).order_by().values_list("invoice_id", flat=True))
    follow_replaced(invoices)
    remove_drafts([invoice for invoice in invoices if invoice.pk not in filled], by=by, now=now)
    refresh_invoices(filled, now=now)
    totals = dict(Invoice.objects.filter(pk__in=filled).values_list("pk", "total_minor"))
    why = {name: word for name, word in (("because", because), ("reason", reason)) if word}
    record_many(
        [
            entry(
                "invoice.bookings_left",
                each.invoice,
                {"total_minor": each.invoice.total_minor},
                {
                    "total_minor": totals[each.invoice.pk],
                    "bookings": [booking.number for booking in each.bookings],
                    **why,
                },
            )
            for each in left
            if each.bookings and each.invoice.pk in filled
        ],
        by=by,
        now=now,
    )


def follow_replaced(drafts: Collection[Invoice]) -> None:
    """What a draft replaced is still replaced by it while it carries one of its bookings; else by the one invoice that carries the rest."""
    replaced = list(Invoice.objects.filter(replaced_by__in=drafts))
    if not replaced:
        return
    own = cancelled_booking_ids(replaced)
    carried = Booking.objects.filter(pk__in=set().union(*own.values()), invoice__isnull=False)
    carriers = dict(carried.values_list("pk", "invoice_id"))
    for old in replaced:
        now_on = {carriers[pk] for pk in own[old.pk] & carriers.keys()}
        if old.replaced_by_id not in now_on:
            old.replaced_by_id = now_on.pop() if len(now_on) == 1 else None
    Invoice.objects.bulk_update(replaced, ["replaced_by"], batch_size=500)


def new_invoice(
    draft: InvoiceDraft, company: Company, customer: Customer, *, now: datetime, is_instant: bool = False
) -> Invoice:
    """The row of a new draft, not stored yet; its payment link is the company's habit unless given."""
    return Invoice(
        id=new_id(),
        company=company,
        customer=customer,
        currency=company.currency,
        terms_days=draft.terms_days,
        note=draft.note,
        extra_recipients=list(draft.extra_recipients),
        payment_link=company.payment_link_default if draft.payment_link is None else draft.payment_link,
        is_instant=is_instant,
        created_at=now,
    )


def make_instant_invoice(booking: BookingDraft, draft: InvoiceDraft, *, by: Actor, now: datetime) -> Invoice:
    """An invoice without a calendar booking: makes an off-calendar one, completed, and bills it."""
    made = create_bookings([booking], by=by, now=now)[0]
    instant = InvoiceDraft(
        (made.pk,), draft.note, draft.extra_recipients, draft.payment_link, draft.terms_days
    )
    return make_invoices([instant], by=by, now=now)[0]


def edit_invoice(
    invoice_id: UUID, fields: Mapping[str, Any], *, revision: int | None = None, by: Actor, now: datetime
) -> Invoice:
    """Change note, extra_recipients, payment_link, and on a draft also issue_date, due_date, terms_days and booking_ids.

    What was made for an instant invoice and is taken off it is cancelled, as where its draft is deleted.
    """
    assert_in_transaction()
    require(by, Right.EDIT_INVOICES, Feature.INVOICING)
    invoice = lock_invoice(invoice_id, revision=revision)
    if invoice.cancelled_at:
        raise RuleBroken("invoice_cancelled", _("This invoice is cancelled; nothing on it changes any more."))
    draft_only = fields.keys() & {"issue_date", "due_date", "terms_days", "booking_ids"}
    if invoice.sent_at and draft_only:
        raise RuleBroken(
            "already_sent",
            _("Dates and bookings are fixed once an invoice was sent. Cancel it and make a new one."),
            field=min(draft_only),
        )
    simple = {name: value for name, value in fields.items() if name != "booking_ids"}
    before = {name: getattr(invoice, name) for name in simple}
    for name, value in simple.items():
        setattr(invoice, name, value)
    if invoice.issue_date and invoice.due_date and invoice.due_date < invoice.issue_date:
        raise BadInput("due_before_issue", _("The due date lies before the invoice date."), field="due_date")
    dated_anew = any(before[name] != simple[name] for name in simple.keys() & {"issue_date", "due_date"})
    if invoice.sending_at and dated_anew:
        company = Company.objects.get(pk=by.company_id)
        refuse_undatable(company, [invoice], leaves_at=invoice.sending_at)
    if invoice.sent_at and "extra_recipients" in fields:  # a draft may go to a list of its own
        refuse_many(own_recipients(invoice, invoice.customer), field="extra_recipients")
    invoice.revision += 1
    invoice.sending_refused = ""
    invoice.save(update_fields=[*simple, "revision", "sending_refused"])
    if "booking_ids" in fields:
        left = _replace_bookings(invoice, fields["booking_ids"])
        follow_replaced([invoice])
        end_instant_bookings(left, reason=_("It was taken off its draft"), by=by, now=now)
    refresh_invoices([invoice.pk], now=now)
    changed = [name for name in simple if before[name] != simple[name]]
    record(
        entry(
            "invoice.edited",
            invoice,
            {name: _as_json(before[name]) for name in changed if name != "extra_recipients"},
            {name: _as_json(simple[name]) for name in changed if name != "extra_recipients"}
            | ({"booking_ids": [str(pk) for pk in fields["booking_ids"]]} if "booking_ids" in fields else {}),
            personal_after={name: simple[name] for name in changed if name == "extra_recipients"},
        ),
        by=by,
        now=now,
    )
    return Invoice.objects.get(pk=invoice.pk)


def delete_draft(invoice_id: UUID, *, by: Actor, now: datetime) -> None:
    """A draft leaves no trace but in the history; its bookings are free again, those of an instant invoice are cancelled."""
    assert_in_transaction()
    require(by, Right.EDIT_INVOICES)
    invoice = lock_invoice(invoice_id)
    if invoice.sent_at:
        raise RuleBroken("already_sent", _("A sent invoice is never deleted. Cancel it instead."))
    remove_drafts([invoice], by=by, now=now)


def withdraw_sendings(invoices: Sequence[Invoice]) -> set[UUID]:
    """Take back what is promised for locked invoices of one company; those whose sending has not begun. Two queries."""
    promised = [str(invoice.pk) for invoice in invoices if invoice.sending_at]
    if not promised:
        return set()
    return {UUID(key) for key in withdraw(SEND_JOB, invoices[0].company_id, promised)}


def give_up_sending(invoice: Invoice, why: str, *, by: Actor, now: datetime) -> None:
    """It is not about to leave any more, and its page and *Needs attention* say why."""
    withdraw_sendings([invoice])
    Invoice.objects.filter(pk=invoice.pk).update(sending_at=None, sending_refused=why[:REFUSED_MAX])
    record(entry("invoice.sending_refused", invoice, {}, {"reason": why}), by=by, now=now)


def remove_drafts(invoices: Sequence[Invoice], *, by: Actor, now: datetime) -> None:
    """Delete locked drafts: their promises go, their bookings are freed, those made for instant invoices end with them."""
    if not invoices:
        return
    withdraw_sendings(invoices)
    ending = list(Booking.objects.filter(invoice__in=invoices, is_instant=True).oldest_first())
    Booking.objects.filter(invoice__in=invoices).update(invoice=None)
    Invoice.objects.filter(replaced_by__in=invoices).update(replaced_by=None)
    record_many(
        [entry("invoice.deleted", invoice, {"total_minor": invoice.total_minor}) for invoice in invoices],
        by=by,
        now=now,
    )
    Invoice.objects.filter(pk__in=[invoice.pk for invoice in invoices]).delete()
    end_instant_bookings(ending, reason=_("Its draft was deleted"), by=by, now=now)


def end_instant_bookings(bookings: Iterable[Booking], *, reason: str, by: Actor, now: datetime) -> None:
    """Those made for an instant invoice are in no calendar: they end with it. What else was put on it stays."""
    ending = [booking.pk for booking in bookings if ends_with_its_invoice(booking)]
    if ending:
        cancel_bookings(ending, fee=None, reason=reason, by=by, now=now)


def ends_with_its_invoice(booking: Booking) -> bool:
    """Whether it was made for an instant invoice and is not cancelled yet."""
    return booking.is_instant and booking.state != State.CANCELLED


def _replace_bookings(invoice: Invoice, booking_ids: Sequence[UUID]) -> list[Booking]:
    """Put these on the draft instead of what is on it; which left."""
    current = set(Booking.objects.filter(invoice=invoice).values_list("pk", flat=True))
    wanted = list(dict.fromkeys(booking_ids))
    bookings = lock_bookings([*current, *wanted])
    for pk in current:
        bookings[pk].invoice_id = None
    chosen = [bookings[pk] for pk in wanted]
    check_group(chosen)
    if chosen[0].customer_id != invoice.customer_id:
        raise NotFound("not_found", _("There is no such booking of this customer."), field="booking_ids")
    for booking in chosen:
        booking.invoice_id, booking.held_back = invoice.pk, False
    Booking.objects.bulk_update(bookings.values(), ["invoice", "held_back"], batch_size=500)
    return [bookings[pk] for pk in current.difference(wanted)]


def _as_json(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value
