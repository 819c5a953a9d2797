"""The invoice: its figures and bookings, and the tabs Payments, Versions, Emails, History."""

from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.bookings.rules import is_invoiceable
from bookbill.companies.clock import date_in_zone, now, zone
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, may
from bookbill.delivery.models import Message
from bookbill.documents.document import from_json_bytes
from bookbill.invoices.actions.cancelling import last_sent_document
from bookbill.invoices.actions.sending import resolve_recipients
from bookbill.invoices.acts import acts_of
from bookbill.invoices.claims import differences
from bookbill.invoices.emails import change_sentence
from bookbill.invoices.live import customer_url, read_live
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.invoices.reading import find_invoice, rows_of
from bookbill.invoices.shown import read_shown
from bookbill.invoices.words import SECONDS_COUNTED, leaving_word, message_kind_word, message_word, terms_word
from bookbill.ledger.models import Allocation, Payment
from bookbill.ledger.words import method_word
from bookbill.web.htmx import render_page


@dataclass(frozen=True, slots=True)
class PlacedPayment:
    """A payment as far as it lies on this invoice's bookings."""

    payment: Payment
    method: str
    placed_minor: int
    booking_numbers: tuple[str, ...]


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def payments_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The invoice's own page: Payments is the first tab."""
    invoice = find_invoice(pk)
    numbers = dict(Booking.objects.filter(invoice=invoice).values_list("pk", "number"))
    placed = Allocation.objects.filter(booking__in=numbers).placed()
    payments = Payment.objects.in_bulk({payment_id for payment_id, _booking, _amount in placed})
    rows = [
        PlacedPayment(
            payment=payment,
            method=method_word(payment.method),
            placed_minor=sum(amount for payment_id, _booking, amount in placed if payment_id == payment.pk),
            booking_numbers=tuple(
                numbers[booking] for payment_id, booking, _amount in placed if payment_id == payment.pk
            ),
        )
        for payment in sorted(
            payments.values(), key=lambda payment: (payment.received_on, payment.pk), reverse=True
        )
    ]
    return frame(request, invoice, "payments", {"payments": rows})


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def versions_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """What was sent, each with what changed since the one before."""
    invoice = find_invoice(pk)
    versions = list(Version.objects.filter(invoice=invoice).order_by("n"))
    documents = [from_json_bytes(version.document.encode()) for version in versions]
    changes: list[list[str]] = [[]]
    for before, after in pairwise(documents):
        changes.append([change_sentence(change, invoice.currency) for change in differences(before, after)])
    rows = list(zip(versions, changes, strict=False))
    return frame(request, invoice, "versions", {"versions": list(reversed(rows))})


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def emails_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Every mail about this invoice, and what became of it."""
    invoice = find_invoice(pk)
    messages = Message.objects.about([invoice.pk]).order_by("-created_at", "recipient")
    rows = [(message, message_kind_word(message.kind), message_word(message.state)) for message in messages]
    return frame(request, invoice, "emails", {"mails": rows})


def frame(request: CompanyRequest, invoice: Invoice, tab: str, context: dict[str, Any]) -> HttpResponse:
    """The invoice around a tab."""
    instant = now(request.company)
    row = rows_of([invoice], now=instant)[0]
    document = read_shown([invoice], now=instant)[invoice.pk]
    bookings = {
        str(booking.pk): booking
        for booking in Booking.objects.filter(pk__in=[block.id for block in document.bookings])
    }
    return render_page(
        request,
        "invoices/detail.html",
        {
            "invoice": invoice,
            "row": row,
            "customer": invoice.customer,
            "document": document,
            "blocks": [(block, bookings.get(block.id)) for block in document.bookings],
            "terms": terms_word(invoice.terms_days),
            "recipients": resolve_recipients([invoice], {})[invoice.pk],
            "customer_url": customer_url(invoice) if invoice.sent_at else "",
            "changes": changes_since_sent(invoice, instant),
            "last_sent": last_sent_version(invoice),
            "tab": tab,
            "tabs": tabs_of(invoice, tab),
            "today": date_in_zone(request.company, instant),
            "freed": freed(invoice, list(bookings.values())),
            "acts": acts_of(invoice),
            "credit_minor": credit_to_place(request, invoice),
            "is_locked": invoice.is_locked(request.company.after_sending),
            **leaving(request, invoice),
            "replaces": Invoice.objects.filter(replaced_by=invoice).order_by("pk"),
            **context,
        },
    )


def credit_to_place(request: CompanyRequest, invoice: Invoice) -> int:
    """The customer's credit, where it could settle something here and the reader may place it."""
    if not acts_of(invoice)["pay"] or not may(request.actor, Right.PLACE_PAYMENTS):
        return 0
    credit: int = Payment.objects.credit_by_customer([invoice.customer_id]).get(invoice.customer_id, 0)
    return credit


def last_sent_version(invoice: Invoice) -> Version | None:
    """What the customer has."""
    return Version.objects.filter(invoice=invoice, kind=VersionKind.SENT).order_by("-n").first()


def freed(invoice: Invoice, bookings: list[Booking]) -> str:
    """What the cancellation left of its bookings to invoice."""
    free = sum(
        is_invoiceable(
            state=booking.state, total_minor=booking.total_minor, on_invoice=booking.invoice_id is not None
        )
        and not booking.held_back
        for booking in bookings
    )
    if not invoice.cancelled_at or not free:
        return ""
    return ngettext(
        "%(count)d booking of it can be invoiced again.",
        "%(count)d bookings of it can be invoiced again.",
        free,
    ) % {"count": free}


def leaving(request: CompanyRequest, invoice: Invoice) -> dict[str, Any]:
    """When a promised sending leaves, in words, and in how many seconds a page asks again."""
    if invoice.sending_at is None:
        return {}
    instant = now(request.company)
    is_soon = (invoice.sending_at - instant).total_seconds() <= SECONDS_COUNTED
    return {
        "leaving": leaving_word(invoice.sending_at, now=instant, zone=zone(request.company)),
        "leaving_again": 1 if is_soon else 30,
    }


def changes_since_sent(invoice: Invoice, instant: datetime) -> list[str]:
    """What the customer does not see yet, a sentence each, with who did it where one booking's price moved."""
    if not invoice.is_changed():
        return []
    live = read_live([invoice], now=instant)[invoice.pk]
    sent = last_sent_document(invoice)
    by = {
        entry.subject_label: entry.actor_label
        for entry in Entry.objects.filter(
            subject_type="booking",
            type="booking.edited",
            subject_id__in=[block.id for block in live.bookings],
        ).order_by("id")
    }
    return [
        _("%(change)s, by %(name)s")
        % {"change": change_sentence(change, invoice.currency), "name": by[change.booking_number]}
        if change.booking_number in by
        else change_sentence(change, invoice.currency)
        for change in differences(sent, live)
    ]


def tabs_of(invoice: Invoice, current: str) -> list[tuple[str, str, int | None, bool]]:
    """(address, label, count, is current) of each tab."""
    names = [
        ("payments", "detail", _("Payments"), None),
        ("versions", "versions", _("Versions"), invoice.last_version_n),
        ("emails", "emails", _("Emails"), Message.objects.about([invoice.pk]).count()),
        ("history", "history", _("History"), None),
    ]
    return [
        (reverse(f"invoices:{name}", args=[invoice.pk]), label, count, key == current)
        for key, name, label, count in names
    ]
