"""The history of an invoice: what was done to it, to its bookings, and with the money on them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking, BookingQuerySet
from bookbill.bookings.words import changes, gave_money_free
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.delivery.words import called_off
from bookbill.invoices.lines import own_bookings
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.views.detail import frame
from bookbill.invoices.words import SECONDS_COUNTED
from bookbill.ledger.models import Allocation, Payment
from bookbill.ledger.words import detail as why
from bookbill.ledger.words import method_word, said
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.formatting import day, moment, money


@dataclass(frozen=True, slots=True)
class Event:
    """One entry as a person reads it."""

    at: datetime
    sentence: str
    icon: str
    detail: str = ""


@staff_view(Right.VIEW_INVOICES, Right.VIEW_HISTORY, methods=("GET", "HEAD"))
def history_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """A page of it, the newest first."""
    invoice = find_invoice(pk)
    events, next_cursor = events_of(invoice, PageQuery(cursor=request.GET.get("cursor") or None))
    return frame(request, invoice, "history", {"events": events, "next_cursor": next_cursor})


def events_of(invoice: Invoice, page: PageQuery) -> tuple[list[Event], str | None]:
    """The newest first, and where the next page begins. Eight queries at most, however many bookings and payments."""
    bookings, left = own_bookings(invoice), left_since_sent(invoice)
    wanted = Q(subject_type="invoice", subject_id=invoice.pk)
    wanted |= about(invoice, bookings, until=invoice.cancelled_at)
    if left:
        wanted |= about(invoice, Booking.objects.filter(pk__in=left), until=max(left.values()))
    found, next_cursor = keyset(Entry.objects.filter(wanted).with_personal(), page)
    payments = Payment.objects.in_bulk(
        {entry.subject_id for entry in found if entry.subject_type == "payment"}
    )
    carried: dict[UUID, datetime | None] = {**left}
    if payments or left:
        carried |= dict.fromkeys(bookings.values_list("pk", flat=True), invoice.cancelled_at)
    events = []
    for entry in found:
        if entry.subject_type == "payment":
            here_minor = moved(entry, carried)
            if here_minor or entry.type not in ("payment.placed", "payment.credit_used"):
                events.append(event_of_payment(entry, payments[entry.subject_id], here_minor))
        elif entry.subject_type == "invoice" or not is_over(carried.get(entry.subject_id), entry):
            events.append(event_of(entry, invoice.currency))
    return events, next_cursor


def left_since_sent(invoice: Invoice) -> dict[UUID, datetime]:
    """When bookings left it that the customer was told of, by booking. Two queries at most."""
    if invoice.sent_at is None:
        return {}
    leavings = Entry.objects.of_subject("invoice", invoice.pk).filter(
        type="invoice.bookings_left", at__gte=invoice.sent_at
    )
    left_at = {number: entry.at for entry in leavings for number in entry.after["bookings"]}
    rows = Booking.objects.filter(number__in=left_at).values_list("pk", "number") if left_at else ()
    return {pk: left_at[number] for pk, number in rows}


def about(invoice: Invoice, bookings: BookingQuerySet, *, until: datetime | None) -> Q:
    """Entries of these bookings and of the payments on them; after ``until`` they go their own way."""
    placed = Allocation.objects.filter(booking__in=bookings.values("pk")).order_by().values("payment_id")
    paid_by = placed.union(Payment.objects.filter(invoice=invoice).order_by().values("pk"))
    found = Q(subject_type="booking", subject_id__in=bookings.values("pk"))
    found |= Q(subject_type="payment", subject_id__in=paid_by)
    return found & Q(at__lte=until) if until else found


def is_over(until: datetime | None, entry: Entry) -> bool:
    return until is not None and entry.at > until


def event_of(entry: Entry, currency: str) -> Event:
    """What happened to the invoice or to one of its bookings."""
    words = {"who": entry.actor_label, "what": entry.subject_label or _("the draft")}
    if entry.type == "booking.edited" and has_new_total(entry):
        words |= {
            "before": money(entry.before["total_minor"], currency),
            "after": money(entry.after["total_minor"], currency),
        }
        sentence = _("%(who)s changed the price of %(what)s: %(before)s → %(after)s")
        rest = {name: value for name, value in entry.before.items() if name != "total_minor"}
        return Event(entry.at, sentence % words, "pencil", changes(rest, entry.after, currency))
    words |= {
        "version": entry.after.get("version", ""),
        "bookings": ", ".join(entry.after.get("bookings", [])),
    }
    kind = ":".join(filter(None, [entry.type, entry.after.get("because")]))
    if entry.type == "booking.cover_released" and not gave_money_free(entry):
        kind = "booking.cover_shrunk"
    sentence, icon = sentences().get(kind, ("%(who)s: " + entry.type, "activity"))
    return Event(
        entry.at,
        sentence % words,
        icon,
        detail(entry, currency),
    )


def has_new_total(entry: Entry) -> bool:
    before, after = entry.before.get("total_minor"), entry.after.get("total_minor")
    return before is not None and after is not None and before != after


def detail(entry: Entry, currency: str) -> str:
    """To whom it went, why it was done, or what else changed."""
    if entry.type in ("invoice.sending_promised", "invoice.sent", "invoice.reminded", "invoice.copy_sent"):
        _before, after = entry.personal_values() or ({}, {})
        recipients = ", ".join(after.get("recipients", []))
        to = _("To %(recipients)s") % {"recipients": recipients} if recipients else ""
        called = called_off(entry.after.get("called_off_count", 0))
        return " · ".join(filter(None, [promised_for(entry), to, called, clock_set_back(entry)]))
    if entry.type.startswith("invoice.message_"):
        _before, after = entry.personal_values() or ({}, {})
        return str(after.get("recipient", ""))
    if entry.type == "invoice.edited":
        _before, personal = entry.personal_values() or ({}, {})
        changed = {*entry.after, *personal}
        return ", ".join(label for name, label in field_words().items() if name in changed)
    if entry.type == "invoice.bookings_left":
        totals = [money(said["total_minor"], currency) for said in (entry.before, entry.after)]
        return " · ".join(filter(None, [str(entry.after.get("reason") or ""), " → ".join(totals)]))
    if entry.type in ("booking.edited", "booking.cover_released", "booking.written_off", "booking.reduced"):
        return changes(entry.before, entry.after, currency)
    return str(entry.after.get("reason") or "")


def promised_for(entry: Entry) -> str:
    """The moment that was chosen for a sending; empty where it was to leave at once."""
    if entry.type != "invoice.sending_promised":
        return ""
    leaves_at = datetime.fromisoformat(entry.after["at"])
    if (leaves_at - entry.at).total_seconds() <= SECONDS_COUNTED:
        return ""
    return _("For %(when)s") % {"when": moment(leaves_at, leaves_at.tzinfo or UTC)}


def field_words() -> dict[str, str]:
    return {
        "booking_ids": _("Bookings"),
        "issue_date": _("Invoice date"),
        "due_date": _("Due date"),
        "terms_days": _("Terms"),
        "note": _("Personal note"),
        "extra_recipients": _("Also send to"),
        "payment_link": _("Payment link"),
    }


def clock_set_back(entry: Entry) -> str:
    """Why an invoice carries a later date than the day it was sent on; empty where it does not."""
    if "clock_date" not in entry.after:
        return ""
    clock, issued = (day(date.fromisoformat(entry.after[name])) for name in ("clock_date", "issue_date"))
    return _(
        "The clock said %(clock)s, which is before the last number’s date. It was dated %(issued)s: numbers and dates go up together."
    ) % {"clock": clock, "issued": issued}


def event_of_payment(entry: Entry, payment: Payment, here_minor: int) -> Event:
    """What happened to a payment; ``here_minor`` of it moved onto this invoice, or off it."""
    method = " ".join(filter(None, [method_word(payment.method), payment.reference]))
    words = {
        "who": entry.actor_label,
        "amount": money(payment.amount_minor, payment.currency),
        "method": method,
    }
    sentence, icon = said(entry)
    if named := payment_sentences().get(entry.type):
        sentence, icon = named[0] % words, named[1]
    part = ""
    if here_minor and abs(here_minor) != payment.amount_minor:
        part = (_("%(part)s on this invoice") if here_minor > 0 else _("%(part)s off this invoice")) % {
            "part": money(abs(here_minor), payment.currency)
        }
    return Event(entry.at, sentence, icon, " · ".join(filter(None, [part, why(entry)])))


def moved(entry: Entry, carried: Mapping[UUID, datetime | None]) -> int:
    """How much money the entry moved onto bookings while they were carried, in minor units."""
    parts: Mapping[str, int] = entry.after.get("moved", {})
    keys = {UUID(booking): amount for booking, amount in parts.items()}
    return sum(amount for pk, amount in keys.items() if pk in carried and not is_over(carried[pk], entry))


def sentences() -> dict[str, tuple[str, str]]:
    return {
        "invoice.created": (_("%(who)s created the invoice"), "file-plus"),
        "invoice.edited": (_("%(who)s edited the invoice"), "pencil"),
        "invoice.bookings_left": (_("%(who)s moved %(bookings)s to another draft"), "route"),
        "invoice.bookings_left:customer": (
            _("%(who)s moved %(bookings)s to another customer: no longer on this invoice"),
            "route",
        ),
        "invoice.bookings_left:reopened": (
            _("%(who)s set %(bookings)s back to scheduled: no longer on this invoice"),
            "calendar-days",
        ),
        "invoice.bookings_left:cancelled": (
            _("%(who)s cancelled %(bookings)s: no longer on this invoice"),
            "ban",
        ),
        "invoice.sending_promised": (_("%(who)s started the sending"), "send"),
        "invoice.sending_undone": (_("%(who)s undid the sending"), "undo-2"),
        "invoice.sending_refused": (_("Could not be sent"), "circle-alert"),
        "invoice.sent": (_("%(who)s sent version %(version)s"), "send"),
        "invoice.characters_replaced": (
            _("The PDF of version %(version)s shows � for characters that the fonts do not have"),
            "circle-alert",
        ),
        "invoice.cancelled": (_("%(who)s cancelled the invoice"), "ban"),
        "invoice.copy_sent": (_("%(who)s sent the cancelled copy"), "send"),
        "invoice.reminded": (_("%(who)s sent a reminder"), "bell"),
        "invoice.message_retried": (_("%(who)s sent an email again"), "rotate-ccw"),
        "invoice.message_bounced": (_("An email bounced"), "mail-x"),
        "invoice.message_complained": (_("A recipient marked an email as spam"), "mail-warning"),
        "invoice.message_dealt_with": (_("%(who)s marked an undelivered email as resolved"), "check"),
        "invoice.link_renewed": (_("%(who)s made a new link for the customer"), "link"),
        "invoice.viewed": (_("The customer opened it"), "eye"),
        "booking.created": (_("%(who)s created booking %(what)s"), "plus"),
        "booking.edited": (_("%(who)s edited booking %(what)s"), "pencil"),
        "booking.completed": (_("%(who)s completed booking %(what)s"), "check"),
        "booking.cancelled": (_("%(who)s cancelled booking %(what)s"), "ban"),
        "booking.repriced": (_("The taxes of %(what)s were recalculated"), "percent"),
        "booking.cover_released": (_("Money on booking %(what)s became credit"), "coins"),
        "booking.cover_shrunk": (
            _("Less of booking %(what)s is credited or written off"),
            "trending-down",
        ),
        "booking.written_off": (_("%(who)s wrote off booking %(what)s"), "ban"),
        "booking.reduced": (_("%(who)s reduced what is owed on booking %(what)s"), "trending-down"),
    }


def payment_sentences() -> dict[str, tuple[str, str]]:
    """Those that name the payment; the others read as on its own page."""
    return {
        "payment.recorded": (_("%(who)s recorded a payment of %(amount)s (%(method)s)"), "banknote"),
        "payment.placed": (_("%(who)s moved money of the payment of %(amount)s (%(method)s)"), "route"),
        "payment.credit_used": (_("Credit of the payment of %(amount)s (%(method)s) was used"), "coins"),
        "payment.reversed": (_("%(who)s reversed the payment of %(amount)s (%(method)s)"), "undo-2"),
        "payment.reference": (_("%(who)s changed the reference of the payment of %(amount)s"), "pencil"),
        "payment.refunded": (_("%(who)s refunded from the payment of %(amount)s (%(method)s)"), "hand-coins"),
    }
