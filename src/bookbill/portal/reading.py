"""What the customer's page says: charges and texts as last sent; payments, status and cancellation as they are now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum
from django.utils.translation import gettext as _

from bookbill.bookings.models import Booking
from bookbill.companies.clock import date_in_zone
from bookbill.documents.document import Document, Seller, read_part
from bookbill.documents.formats import formats_of
from bookbill.documents.printed import Printed, TotalRow, printed
from bookbill.documents.rows import LINES_MAX, Row
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.invoices.rules import days_overdue
from bookbill.ledger.models import Allocation, Payment
from bookbill.portal.rules import State, state_of
from bookbill.web.paging import Pages, pages_of

PAYMENTS_SHOWN, BOOKINGS_PAGE, VERSIONS_READ = 12, 100, 100


@dataclass(frozen=True, slots=True)
class Received:
    """A payment as far as its money lies on this invoice's bookings."""

    received_on: date
    amount_minor: int
    whole_minor: int
    """All of the payment, wherever its money lies."""


@dataclass(frozen=True, slots=True)
class Update:
    """The last sending that claimed something else than the one before it."""

    on: date
    total_before_minor: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The invoice as its customer sees it today."""

    invoice: Invoice
    document: Document
    state: State
    is_updated: bool
    """Whether it claims another total by now than its customer was told."""
    update: Update | None
    """What its customer was told anew; None where every sending said the same."""
    payments: Sequence[Received]
    paid_minor: int
    """The sum of the payments."""
    credit_minor: int
    """What of their money is placed nowhere."""
    days_overdue: int
    cancelled_on: date | None
    pages: Pages
    """Which of its bookings the document carries; its totals are those of all."""
    first_date: date | None
    last_date: date | None


def read_shown(invoice: Invoice, *, asked: str | None = None, now: datetime) -> Shown:
    """The last sent version with what happened since, and the page asked for of its bookings. Five queries at most."""
    pages, stored = Pages(1, 0, BOOKINGS_PAGE), list[dict[str, Any]]()

    def choose(blocks: list[dict[str, Any]]) -> Sequence[dict[str, Any]]:
        nonlocal pages
        # So few that each is shown with its lines: only paper sums up what is longer.
        longest = max((len(block["lines"]) for block in blocks), default=0)
        size = min(BOOKINGS_PAGE, LINES_MAX // max(1, longest))
        pages = pages_of(asked, count=len(blocks), size=size)
        stored.extend(blocks)
        return pages.cut(blocks)

    document = read_part(last_version(invoice).document, choose)
    payments = read_payments(invoice, [UUID(block["id"]) for block in stored])
    dates = sorted(block["service_date"] for block in stored)
    return Shown(
        invoice=invoice,
        document=document,
        state=state_of(
            cancelled=invoice.cancelled_at is not None,
            payable_minor=invoice.payable(),
            due_minor=invoice.due(),
            paid_minor=invoice.paid_minor,
        ),
        is_updated=invoice.cancelled_at is None and invoice.sent_total_minor != invoice.total_minor,
        update=read_update(invoice),
        payments=payments,
        paid_minor=sum(payment.amount_minor for payment in payments),
        credit_minor=read_credit(invoice),
        days_overdue=days_overdue(
            today=date_in_zone(invoice.company, now),
            due_date=invoice.due_date,
            payable_minor=invoice.payable(),
        ),
        pages=pages,
        cancelled_on=date_in_zone(invoice.company, invoice.cancelled_at) if invoice.cancelled_at else None,
        first_date=date.fromisoformat(dates[0]) if dates else None,
        last_date=date.fromisoformat(dates[-1]) if dates else None,
    )


def last_version(invoice: Invoice) -> Version:
    """As it was last sent; of a cancelled invoice the copy that says so, with the same charges."""
    return Version.objects.select_related("pdf").get(invoice=invoice, n=invoice.last_version_n)


def read_update(invoice: Invoice) -> Update | None:
    sent = Version.objects.filter(invoice=invoice, kind=VersionKind.SENT).order_by("-n")
    newest_first = sent.values_list("claim", "total_minor", "sent_at")[:VERSIONS_READ]
    for (claim, _total, sent_at), (claim_before, total_before, _sent) in pairwise(newest_first):
        if claim != claim_before:
            return Update(date_in_zone(invoice.company, sent_at), total_before)
    return None


def read_seller(invoice: Invoice) -> Seller:
    """Who billed, as the last version says."""
    return read_part(last_version(invoice).document, lambda _blocks: ()).seller


def read_payments(invoice: Invoice, booking_ids: Sequence[UUID]) -> list[Received]:
    """Money on the bookings of this invoice now, by day of payment.

    A cancelled invoice has let its bookings go: then what lies on those that no other invoice and no other customer has taken.
    """
    own = Q(invoice=invoice)
    if invoice.cancelled_at is not None:
        own = Q(pk__in=booking_ids, invoice=None, customer=invoice.customer_id)
    placed = (
        Allocation.objects.filter(booking__in=Booking.objects.filter(own).values("pk"))
        .values("payment_id", "payment__received_on", "payment__amount_minor")
        .annotate(placed_minor=Sum("amount_minor"))
        .exclude(placed_minor=0)
        .order_by("payment__received_on", "payment_id")
    )
    return [
        Received(row["payment__received_on"], row["placed_minor"], row["payment__amount_minor"])
        for row in placed
    ]


def read_credit(invoice: Invoice) -> int:
    """What is placed nowhere of the money that lies on this live invoice or came in for it."""
    if invoice.cancelled_at is not None:
        return 0
    placed = Allocation.objects.filter(booking__invoice=invoice).order_by().values("payment")
    payments = Payment.objects.filter(Q(pk__in=placed) | Q(invoice=invoice)).with_credit()
    return payments.aggregate(sum=Sum("credit"))["sum"] or 0


def texts_of(shown: Shown, language: str) -> Printed:
    """The version's texts in a language, its figures of payment as they are now."""
    invoice, document = shown.invoice, shown.document
    totals = replace(
        document.totals,
        paid_minor=invoice.paid_minor,
        reduced_minor=invoice.reduced_minor,
        written_off_minor=invoice.written_off_minor,
        due_minor=invoice.payable(),
    )
    live = replace(document, status=invoice.status_now().value, totals=totals)
    return printed(live, language, signs=True)


def groups_of(texts: Printed) -> list[list[Row]]:
    """The rows of the table, those of a booking together."""
    groups: list[list[Row]] = []
    for row in texts.rows:
        if row.group or not groups:
            groups.append([])
        groups[-1].append(row)
    return groups


def totals_of(shown: Shown, texts: Printed, language: str) -> list[TotalRow]:
    """The totals as printed, each payment on a line of its own.

    In the language that is active, which is ``language``. A cancelled invoice ends with why nothing is due.
    """
    rows = [row for row in texts.totals if row.kind != "paid" or shown.document.totals.paid_minor]
    if shown.state == State.CANCELLED:
        return rows[:-1]
    formats = formats_of(language, shown.document.currency)
    each = [
        TotalRow(
            kind="paid",
            label=(
                _("Paid %(date)s")
                if payment.amount_minor == payment.whole_minor
                else _("Part of %(amount)s paid %(date)s")
            )
            % {
                "amount": formats.money(payment.whole_minor),
                "date": formats.date(payment.received_on.isoformat()),
            },
            amount=formats.money(-payment.amount_minor),
        )
        for payment in shown.payments
    ]
    if len(each) > PAYMENTS_SHOWN:
        return list(texts.totals)
    paid_at = next(place for place, row in enumerate(texts.totals) if row.kind == "paid")
    return [*texts.totals[:paid_at], *each, *texts.totals[paid_at + 1 :]]
