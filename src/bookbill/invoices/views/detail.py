"""The invoice: its figures and bookings, and the tabs Payments, Versions, Emails, History."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.bookings.models import Booking
from bookbill.companies.clock import date_in_zone, now, zone
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, may
from bookbill.delivery.models import Message
from bookbill.documents.document import Document
from bookbill.invoices.actions.holding import next_recipients
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.acts import acts_of
from bookbill.invoices.changes import (
    changes_between,
    changes_since_sent,
    who_changed_billing,
    who_edited,
)
from bookbill.invoices.claims import Difference
from bookbill.invoices.emails import change_sentence
from bookbill.invoices.lines import own_bookings, read_lines
from bookbill.invoices.live import customer_url
from bookbill.invoices.mailings import read_mailings
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.invoices.reading import InvoiceRow, find_invoice, rows_of
from bookbill.invoices.rules import Mark
from bookbill.invoices.words import SECONDS_COUNTED, leaving_word
from bookbill.ledger.models import Allocation, Payment
from bookbill.ledger.words import method_word
from bookbill.web.formatting import payment_terms
from bookbill.web.htmx import is_htmx, render_page
from bookbill.web.paging import pages_of

TAB_PAGE, VERSIONS_PAGE, CHANGES_SHOWN = 50, 10, 20


@dataclass(frozen=True, slots=True)
class PlacedPayment:
    """A payment as far as it lies on this invoice's bookings; on none where all of what came in for it is credit."""

    payment: Payment
    method: str
    placed_minor: int
    booking_numbers: tuple[str, ...]


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def payments_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The invoice's own page: Payments is the first tab."""
    invoice = find_invoice(pk)
    placed: dict[UUID, dict[UUID, int]] = {}
    for payment_id, booking_id, amount in Allocation.objects.filter(booking__invoice=invoice).placed():
        placed.setdefault(payment_id, {})[booking_id] = amount
    if invoice.cancelled_at is None:
        over = Payment.objects.filter(invoice=invoice).with_credit().values_list("pk", flat=True)
        placed |= {payment_id: {} for payment_id in over if payment_id not in placed}
    pages = pages_of(request.GET.get("page"), count=len(placed), size=TAB_PAGE)
    payments = Payment.objects.filter(pk__in=placed).order_by("-received_on", "-pk")
    part = payments[pages.start : pages.start + pages.size]
    shown = {booking_id for payment in part for booking_id in placed[payment.pk]}
    numbers = dict(Booking.objects.filter(pk__in=shown).oldest_first().values_list("pk", "number"))
    rows = [
        PlacedPayment(
            payment=payment,
            method=method_word(payment.method),
            placed_minor=sum(placed[payment.pk].values()),
            booking_numbers=tuple(
                number for booking_id, number in numbers.items() if booking_id in placed[payment.pk]
            ),
        )
        for payment in part
    ]
    return frame(request, invoice, "payments", {"payments": rows, "pages": pages})


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def versions_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """What was sent, the newest first, each with what changed since the one before."""
    invoice = find_invoice(pk)
    pages = pages_of(request.GET.get("page"), count=invoice.last_version_n, size=VERSIONS_PAGE)
    newest = Version.objects.filter(invoice=invoice).defer("document").order_by("-n")
    # One more than is shown: what the oldest of them changed is seen beside it.
    found = list(newest[pages.start : pages.start + pages.size + 1])[::-1]
    rows = [
        (version, *sentences_of(changes, invoice))
        for version, changes in zip(found, changes_between(found), strict=True)
    ]
    shown = rows[-(pages.last - pages.start) :][::-1] if rows else []
    return frame(request, invoice, "versions", {"versions": shown, "pages": pages})


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def emails_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """For each recipient every mail about this invoice, and what happened to it when."""
    invoice = find_invoice(pk)
    count = Message.objects.about([invoice.pk]).count()
    pages = pages_of(request.GET.get("page"), count=count, size=TAB_PAGE)
    told = read_mailings(invoice, request.company, start=pages.start, size=pages.size)
    return frame(request, invoice, "emails", {"recipients_of_mails": told, "pages": pages})


def frame(request: CompanyRequest, invoice: Invoice, tab: str, context: dict[str, Any]) -> HttpResponse:
    """The invoice around a tab; only the tab where htmx swaps it in."""
    context |= {"invoice": invoice, "tab": tab, "tabs": tabs_of(invoice, tab)}
    if is_htmx(request) and request.headers.get("HX-Target") == "tab":
        return render_page(request, "invoices/detail.html", context, partial="tabs")
    return render_page(request, "invoices/detail.html", context | whole(request, invoice))


def whole(request: CompanyRequest, invoice: Invoice) -> dict[str, Any]:
    """What stands around the tabs. As many queries, and as quick, for 10,000 bookings as for ten."""
    instant = now(request.company)
    row = rows_of([invoice], now=instant)[0]
    document, lines = read_lines(invoice, request.GET.get("bookings"), now=instant)
    last_sent = last_sent_version(invoice)
    changes, changes_left = changes_of(invoice, last_sent, instant)
    acts = acts_of(invoice)
    recipients = next_recipients([invoice])[invoice.pk]
    is_chosen = recipients != resolve_recipients([invoice], {})[invoice.pk]
    return {
        "row": row,
        **credit_to_place(request, row),
        "customer": invoice.customer,
        "document": document,
        "lines": lines,
        "gone": gone(document) if invoice.cancelled_at else frozenset(),
        "terms": payment_terms(invoice.terms_by_now(invoice.customer, request.company)),
        "recipients": recipients,
        "chosen_recipients": recipients if is_chosen else [],
        "is_ahead": invoice.bills_ahead(),
        "customer_url": customer_url(invoice) if invoice.sent_at else "",
        "changes": changes,
        "changes_left": changes_left,
        "last_sent": last_sent,
        "today": date_in_zone(request.company, instant),
        "freed": freed(invoice),
        "acts": acts,
        "may_note": (acts["edit"] or acts["cancel"]) and may(request.actor, Right.EDIT_INVOICES),
        "is_locked": invoice.is_locked(request.company.after_sending),
        **leaving(request, invoice),
        "replaces": Invoice.objects.filter(replaced_by=invoice).order_by("pk"),
    }


def credit_to_place(request: CompanyRequest, row: InvoiceRow) -> dict[str, Any]:
    """The customer's credit where the reader may place it, and the invoice that takes it: this one, else the oldest due."""
    invoice = row.invoice
    is_due = acts_of(invoice)["pay"]
    if not (is_due or Mark.CREDIT_TO_PLACE in row.marks) or not may(request.actor, Right.PLACE_PAYMENTS):
        return {}
    credit = Payment.objects.credit_by_customer([invoice.customer_id]).get(invoice.customer_id, 0)
    if is_due or not credit:
        return {"credit_minor": credit, "takes_credit": invoice}
    others = Invoice.objects.sent_and_live().filter(customer=invoice.customer_id, due_minor__gt=0)
    return {"credit_minor": credit, "takes_credit": others.order_by("due_date", "pk").first()}


def last_sent_version(invoice: Invoice) -> Version | None:
    """What the customer has. Its document is read only where it is asked for."""
    sent = Version.objects.filter(invoice=invoice, kind=VersionKind.SENT).defer("document")
    return sent.order_by("-n").first()


def freed(invoice: Invoice) -> str:
    """What the cancellation left of its bookings to invoice."""
    free = own_bookings(invoice).to_invoice().count() if invoice.cancelled_at else 0
    if not free:
        return ""
    return ngettext(
        "%(count)d booking of it can be invoiced again.",
        "%(count)d bookings of it can be invoiced again.",
        free,
    ) % {"count": free}


def gone(document: Document) -> frozenset[str]:
    """Which of its bookings are deleted by now: planned ones that a cancelled invoice has let go."""
    ids = frozenset(block.id for block in document.bookings)
    return ids - {str(pk) for pk in Booking.objects.filter(pk__in=ids).values_list("pk", flat=True)}


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


def changes_of(invoice: Invoice, last_sent: Version | None, instant: datetime) -> tuple[list[str], int]:
    """What the customer does not see yet, a sentence each, with who did it; and how many more."""
    if last_sent is None or not invoice.is_changed():
        return [], 0
    changes = changes_since_sent(invoice, last_sent, now=instant)
    by = dict(who_edited(changes[:CHANGES_SHOWN]))
    if any(change.what == "billing" for change in changes):
        by[""] = who_changed_billing(invoice, since=last_sent.sent_at)
    sentences, left = sentences_of(changes, invoice)
    return [
        _("%(change)s, by %(name)s") % {"change": sentence, "name": by[change.booking_number]}
        if by.get(change.booking_number)
        else sentence
        for change, sentence in zip(changes, sentences, strict=False)
    ], left


def sentences_of(changes: Sequence[Difference], invoice: Invoice) -> tuple[list[str], int]:
    """The first of them in words, and how many are left."""
    said = [change_sentence(change, invoice.currency) for change in changes[:CHANGES_SHOWN]]
    return said, len(changes) - len(said)


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
