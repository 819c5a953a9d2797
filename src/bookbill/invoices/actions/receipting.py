"""Thanking for payments: a receipt by mail, in the customer's language."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record_many
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.limits import TooMany
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.customers.actions import lock_customers
from bookbill.customers.models import Customer
from bookbill.delivery.actions import MessageDraft, owe_messages, retry_message
from bookbill.delivery.models import Message
from bookbill.invoices.actions.recipients import count_mails, refuse_many
from bookbill.invoices.actions.seen import Stale, list_as_seen
from bookbill.invoices.models import MailText, Receipt
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.receipts import read_receipts, to_json
from bookbill.ledger.events import ReceiptsAsked
from bookbill.ledger.models import Payment, Reversal
from bookbill.lib.actor import Actor
from bookbill.lib.errors import NotFound, RuleBroken
from bookbill.lib.transactions import assert_in_transaction

PAYMENT = "payment"
RECEIPTS_MAX, RECEIPTS_WITHIN = 5, timedelta(hours=1)


def send_receipts(
    payment_ids: Sequence[UUID], *, seen_list: str = "", by: Actor, now: datetime
) -> list[Receipt]:
    """Freeze what is to say about each payment and promise its mails. Constant queries for 1 and for 500.

    ``seen_list`` is `list_as_seen` of whom a page showed; others refuse with `stale`. Again: a new receipt with today's figures. Raises NotFound, `payment_reversed`, `no_recipient`, `too_many_recipients`,
    `too_many_requests`, `mail_limit_reached`.
    """
    assert_in_transaction()
    require(by, Right.RECORD_PAYMENTS)
    payments = _lock_payments(payment_ids)
    to = _recipients(payments)
    if seen_list and any(list_as_seen(each) != seen_list for each in to.values()):
        raise Stale(_("It goes to other recipients by now. Look at them, then send it."))
    _refuse_hurried(payments, now=now)
    lock_allowance(Company.objects.get(pk=by.company_id), at=now).refuse_beyond(count_mails(to))
    return _send(payments, to, by=by, now=now)


def retry_receipt(
    payment_id: UUID, message_id: UUID, *, may_arrive_twice: bool = False, by: Actor, now: datetime
) -> Message:
    """Queue an undelivered receipt again as it was. Raises NotFound, `payment_reversed`, and what `retry_message` raises."""
    assert_in_transaction()
    require(by, Right.RECORD_PAYMENTS)
    (payment,) = _lock_payments([payment_id])
    _refuse_reversed([payment])
    return retry_message(
        message_id,
        subject_label=payment.reference or payment.method,
        may_arrive_twice=may_arrive_twice,
        by=by,
        now=now,
    )


def on_receipts_asked(event: ReceiptsAsked) -> None:
    """Whoever recorded the payments wished their customers to hear of it: counted among the day's mails, never refused for them."""
    require(event.by, Right.RECORD_PAYMENTS)
    payments = _lock_payments(event.payment_ids)
    _send(payments, _recipients(payments), by=event.by, now=event.now)


def _send(
    payments: Sequence[Payment], to: Mapping[UUID, Sequence[str]], *, by: Actor, now: datetime
) -> list[Receipt]:
    _refuse_unreceiptable(payments, to)
    said, texts = read_receipts(payments), MailText.objects.chosen()
    made = Receipt.objects.filter(payment__in=payments).order_by().values_list("payment_id")
    last = dict(made.annotate(last=Max("n")))
    receipts = [
        Receipt(
            company_id=payment.company_id,
            payment=payment,
            n=last.get(payment.pk, 0) + 1,
            currency=payment.currency,
            document=to_json(said[payment.pk]),
            sent_by=by.label,
            created_at=now,
        )
        for payment in payments
    ]
    Receipt.objects.bulk_create(receipts)
    owe_messages(
        [
            MessageDraft(
                company_id=receipt.company_id,
                cause_kind=PAYMENT,
                cause_id=receipt.payment_id,
                recipient=recipient,
                kind=MailKind.RECEIPT,
                step=receipt.n,
                subject_id=receipt.payment_id,
                text_id=texts.get((MailKind.RECEIPT, said[receipt.payment_id].language)),
            )
            for receipt in receipts
            for recipient in to[receipt.payment_id]
        ],
        now=now,
    )
    record_many([_entry(receipt, to[receipt.payment_id]) for receipt in receipts], by=by, now=now)
    return receipts


def _lock_payments(payment_ids: Sequence[UUID]) -> list[Payment]:
    wanted = list(dict.fromkeys(payment_ids))
    found = Payment.objects.in_bulk(wanted)
    if len(found) != len(wanted):
        raise NotFound("not_found", _("There is no such payment."))
    lock_customers(payment.customer_id for payment in found.values())
    return [found[pk] for pk in wanted]


def _recipients(payments: Sequence[Payment]) -> dict[UUID, list[str]]:
    customers = Customer.objects.in_bulk({payment.customer_id for payment in payments})
    return {payment.pk: customers[payment.customer_id].billing_recipients() for payment in payments}


def _refuse_reversed(payments: Sequence[Payment]) -> None:
    if Reversal.objects.filter(payment__in=payments).exists():
        raise RuleBroken("payment_reversed", _("This payment was reversed, so it has no receipt to send."))


def _refuse_unreceiptable(payments: Sequence[Payment], to: Mapping[UUID, Sequence[str]]) -> None:
    _refuse_reversed(payments)
    if not all(to.values()):
        raise RuleBroken(
            "no_recipient",
            _("The customer has no email, so no receipt can be sent. Add one to the customer."),
            field="send_receipt",
        )
    for recipients in to.values():
        refuse_many(recipients, field="send_receipt")


def _refuse_hurried(payments: Sequence[Payment], *, now: datetime) -> None:
    """Raise TooMany `too_many_requests` for a payment that was thanked for five times within the last hour."""
    recent = Receipt.objects.filter(payment__in=payments, created_at__gt=now - RECEIPTS_WITHIN).order_by()
    often = (
        recent.values_list("payment_id")
        .annotate(count=Count("pk"), first=Min("created_at"))
        .filter(count__gte=RECEIPTS_MAX)
    )
    for _payment_id, _count, first in often:
        raise TooMany(
            "too_many_requests",
            _(
                "A receipt of this payment was sent %(count)d times within an hour. Please wait before the next one."
            )
            % {"count": RECEIPTS_MAX},
            details={"retry_after": max(1, int((first + RECEIPTS_WITHIN - now).total_seconds()))},
        )


def _entry(receipt: Receipt, recipients: Sequence[str]) -> EntryDraft:
    payment = receipt.payment
    return EntryDraft(
        type="payment.receipt_sent",
        subject_type="payment",
        subject_id=payment.pk,
        subject_label=payment.reference or payment.method,
        after={"receipt": receipt.n, "customer_id": str(payment.customer_id), "currency": payment.currency},
        personal_after={"recipients": list(recipients)},
    )
