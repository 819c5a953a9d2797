"""What the customer of a sent invoice does not see yet, and what each sending changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.db.models import Q

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.documents.document import from_json_bytes, read_part
from bookbill.invoices.claims import Difference, differences
from bookbill.invoices.live import billing_of, read_blocks, read_live
from bookbill.invoices.models import Invoice, Version


def changes_since_sent(invoice: Invoice, last_sent: Version, *, now: datetime) -> list[Difference]:
    """How the invoice differs from its last sent version.

    Only bookings that came, went, have another total or were touched since are compared line by line.
    """
    own = Booking.objects.filter(invoice=invoice)
    touched = Entry.objects.filter(
        subject_type="booking", subject_id__in=own.values("pk"), at__gte=last_sent.sent_at
    ).exclude(type__in=("booking.created", "booking.completed"))
    suspects = set(touched.order_by().values_list("subject_id", flat=True))
    totals = dict(own.values_list("pk", "total_minor"))

    def choose(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
        sent = {UUID(block["id"]): block["total_minor"] for block in blocks}
        suspects.update(pk for pk in sent.keys() | totals.keys() if sent.get(pk) != totals.get(pk))
        return [block for block in blocks if UUID(block["id"]) in suspects]

    sent = read_part(last_sent.document, choose)
    bookings = list(own.filter(pk__in=suspects).oldest_first())
    blocks = read_blocks(bookings)
    live = replace(
        sent,
        billing=billing_of(invoice.customer),
        bookings=tuple(blocks[booking.pk] for booking in bookings),
    )
    return differences(sent, live) or _all_differences(invoice, last_sent, now=now)


def _all_differences(invoice: Invoice, last_sent: Version, *, now: datetime) -> list[Difference]:
    """The long way, for a change that history does not tell of."""
    sent = from_json_bytes(last_sent.document.encode())
    return differences(sent, read_live([invoice], now=now)[invoice.pk])


CLAIMED = [
    "customer_id",
    "service_date",
    "items_count",
    "tax_code_id",
    "discount",
    "subtotal_minor",
    "total_minor",
]


BILLED = [
    "name",
    "company_name",
    "email",
    "billing_email",
    "phone",
    "billing_address",
    "service_address",
    "tax_ids",
    "purchase_order",
]


STANDS_IN = {"billing_email": "email", "billing_address": "service_address"}
"""What is printed instead of one that the customer has not."""


def who_changed_billing(invoice: Invoice, *, since: datetime) -> str:
    """Who edited last whom it bills; empty where history tells nobody."""
    unprinted = {stands_in for name, stands_in in STANDS_IN.items() if getattr(invoice.customer, name)}
    printed = [name for name in BILLED if name not in unprinted]
    edited = Entry.objects.of_subject("customer", invoice.customer_id).filter(
        Q(after__has_any_keys=printed) | Q(personal__after__has_any_keys=printed),
        type="customer.edited",
        at__gte=since,
    )
    return edited.values_list("actor_label", flat=True).first() or ""


def who_edited(changes: Iterable[Difference]) -> Mapping[str, str]:
    """By booking number, who cancelled, repriced or edited last what the invoice claims for it; not who wrote a note on it.

    Of another total it is who changed the total last, whoever moved the day since.
    """
    what = {change.booking_number: change.what for change in changes if change.booking_number}
    edited = Entry.objects.filter(
        Q(type__in=("booking.cancelled", "booking.repriced"))
        | Q(type="booking.edited", after__has_any_keys=CLAIMED),
        subject_type="booking",
        subject_id__in=Booking.objects.filter(number__in=what).values("pk"),
    )
    return {
        number: who
        for number, who, after in edited.order_by("id").values_list("subject_label", "actor_label", "after")
        if what[number] != "total" or "total_minor" in after
    }


def changes_between(versions: Sequence[Version]) -> list[list[Difference]]:
    """What each version changed against the one before it in the list; nothing for the first.

    ``versions`` come without their documents: only those whose claims differ are read.
    """
    differing = {
        version.pk for pair in pairwise(versions) if pair[0].claim != pair[1].claim for version in pair
    }
    stored = dict(Version.objects.filter(pk__in=differing).values_list("pk", "document"))
    documents = {pk: from_json_bytes(document.encode()) for pk, document in stored.items()}
    changes: list[list[Difference]] = [[] for _first in versions[:1]]
    for before, after in pairwise(versions):
        is_same = before.claim == after.claim
        changes.append([] if is_same else differences(documents[before.pk], documents[after.pk]))
    return changes
