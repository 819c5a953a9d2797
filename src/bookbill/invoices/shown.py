"""What invoices show: live while they live, their frozen copy once they are cancelled; and what was sent last."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, Subquery

from bookbill.documents.document import Document, from_json_bytes
from bookbill.invoices.claims import COVER
from bookbill.invoices.live import read_live
from bookbill.invoices.models import FreedBooking, Invoice, Version, VersionKind

NOTHING_COVERED: dict[str, Any] = dict.fromkeys(COVER, 0)


def read_shown(invoices: Sequence[Invoice], *, now: datetime) -> dict[UUID, Document]:
    """The document of each invoice as staff and programs see it. Six queries for 1 and for 200."""
    shown = read_live([invoice for invoice in invoices if not invoice.cancelled_at], now=now)
    cancelled = [invoice.pk for invoice in invoices if invoice.cancelled_at]
    if cancelled:
        copies = Version.objects.filter(invoice__in=cancelled, kind=VersionKind.CANCELLED)
        for invoice_id, document in copies.values_list("invoice_id", "document"):
            shown[invoice_id] = from_json_bytes(document.encode("utf-8"))
    return shown


def cancelled_booking_ids(invoices: Iterable[Invoice]) -> dict[UUID, set[UUID]]:
    """Which bookings were on each cancelled invoice, wherever they are by now. One query."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    freed = FreedBooking.objects.filter(invoice__in=invoices)
    for invoice_id, booking_id in freed.values_list("invoice_id", "booking_id"):
        found[invoice_id].add(booking_id)
    return found


def last_sent_document(invoice: Invoice) -> Document:
    """The document as the customer last got it."""
    return last_sent_documents([invoice])[invoice.pk]


def last_sent_documents(invoices: Sequence[Invoice]) -> dict[UUID, Document]:
    """The last sent document of each. One query."""
    sent = Version.objects.filter(kind=VersionKind.SENT)
    last = sent.filter(invoice=OuterRef("invoice")).order_by("-n").values("n")[:1]
    rows = sent.filter(invoice__in=invoices, n=Subquery(last)).values_list("invoice_id", "document")
    return {pk: from_json_bytes(document.encode("utf-8")) for pk, document in rows}


def prints_anew(invoice: Invoice, live: Document) -> bool:
    """Whether sending it again would print anything else than the last time: also texts and look, which are no claim; not what is paid."""
    return _lasting(live) != _lasting(last_sent_document(invoice))


def _lasting(document: Document) -> Document:
    blocks = tuple(replace(block, **NOTHING_COVERED) for block in document.bookings)
    totals = replace(document.totals, **NOTHING_COVERED)
    return replace(document, status="sent", issued_at="", layout=0, bookings=blocks, totals=totals)
