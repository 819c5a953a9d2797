"""Acts on the ticked invoices of the list, or on all that match its filter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.bookings.models import Booking
from bookbill.bookings.rules import State
from bookbill.companies.clock import now, today
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Feature, Right
from bookbill.customers.models import Customer
from bookbill.invoices.actions.bulk import (
    Outcome,
    cancel_each,
    delete_each,
    pay_each,
    refuse_sending,
    remind_each,
    send_each,
    undo_each,
)
from bookbill.invoices.actions.recipients import resolve_recipients
from bookbill.invoices.actions.reminding import refuse_reminding
from bookbill.invoices.actions.seen import billing_ahead, list_as_seen, reminders_as_seen
from bookbill.invoices.forms import CancelManyForm, SeveralPaymentsForm
from bookbill.invoices.models import Invoice
from bookbill.invoices.reading import InvoiceRow, filtered, rows_of
from bookbill.invoices.views.filtering import as_uuid, read_filter
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.web.api.routes import not_found
from bookbill.web.formatting import money
from bookbill.web.htmx import render_page, see_other, toast

ACT_MAX = 500


@dataclass(frozen=True, slots=True)
class Chosen:
    """The invoices to act on now. ``after`` is where the next part of a filter begins, ``more`` how many are in it and beyond."""

    ids: list[UUID]
    after: UUID | None = None
    more: int = 0


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def send_many(request: CompanyRequest) -> HttpResponse:
    """Say to whom each goes, then send those that can leave; name the others."""
    chosen, instant = choose(request), now(request.company)
    if not request.POST.get("confirmed"):
        return asked_first(
            request,
            chosen,
            refuse=refuse_sending,
            heading=lambda count: ngettext("Send %(count)d invoice?", "Send %(count)d invoices?", count),
        )
    return carried_out(
        request,
        lambda: send_each(
            chosen.ids,
            seen=seen_of(request, chosen),
            seen_lists=seen_of(request, chosen, "seen_list"),
            by=request.actor,
            now=instant,
        ),
        chosen=chosen,
        heading=_("Sending"),
        said=say_leaving,
    )


@staff_view(Right.SEND_INVOICES, methods=("POST",))
def undo_many(request: CompanyRequest) -> HttpResponse:
    """Take back what was sent together, as far as it has not left."""
    try:
        leaves_at = datetime.fromisoformat(request.GET.get("at", ""))
    except ValueError:
        raise not_found() from None
    if leaves_at.tzinfo is None:
        raise not_found()
    return carried_out(
        request,
        lambda: undo_each(leaves_at, by=request.actor, now=now(request.company)),
        heading=_("Undo"),
        said=lambda request, outcome: toast(
            request,
            ngettext("%(count)d invoice is not sent.", "%(count)d invoices are not sent.", len(outcome.done))
            % {"count": len(outcome.done)},
        ),
    )


@staff_view(Right.SEND_INVOICES, feature=Feature.INVOICING, methods=("POST",))
def remind_many(request: CompanyRequest) -> HttpResponse:
    """Say who is reminded, then remind of those on which something is to pay; name the others."""
    chosen = choose(request)
    if not request.POST.get("confirmed"):
        return asked_first(
            request,
            chosen,
            refuse=refuse_reminding,
            heading=lambda count: ngettext("Send %(count)d reminder?", "Send %(count)d reminders?", count),
            reminds=True,
        )
    return carried_out(
        request,
        lambda: remind_each(
            chosen.ids, seen=seen_of(request, chosen), by=request.actor, now=now(request.company)
        ),
        chosen=chosen,
        heading=_("Reminders"),
        said=lambda request, outcome: toast(
            request,
            ngettext("%(count)d reminder sent.", "%(count)d reminders sent.", len(outcome.done))
            % {"count": len(outcome.done)},
        ),
    )


@staff_view(Right.RECORD_PAYMENTS, methods=("POST",))
def pay_many(request: CompanyRequest) -> HttpResponse:
    """Ask once for date and method, then book one payment for each invoice of what is due on it."""
    chosen = choose(request)
    rows = read_rows(request, chosen.ids)
    due = [row for row in rows if row.invoice.due() and not row.invoice.cancelled_at]
    if not request.POST.get("confirmed"):
        form = SeveralPaymentsForm(initial={"received_on": today(request.company), "method": "bank_transfer"})
    else:
        form = SeveralPaymentsForm(request.POST)
        if form.is_valid():
            said = form.cleaned_data
            return carried_out(
                request,
                lambda: pay_each(
                    chosen.ids,
                    **said,
                    seen={pk: typed_revision(due) for pk, due in seen_of(request, chosen).items()},
                    by=request.actor,
                    now=now(request.company),
                ),
                chosen=chosen,
                heading=_("Payments"),
                said=say_paid,
            )
    context = {
        "form": form,
        "chosen": chosen,
        "rows": due,
        "left_out": len(rows) - len(due),
        "due_minor": sum(row.invoice.due() for row in due),
    }
    return render_page(request, "invoices/pay_many.html", context, status=422 if form.errors else 200)


@staff_view(Right.EDIT_INVOICES, methods=("POST",))
def delete_many(request: CompanyRequest) -> HttpResponse:
    """Ask, then delete the drafts among the chosen."""
    chosen = choose(request)
    if request.POST.get("confirmed"):
        return carried_out(
            request,
            lambda: delete_each(
                chosen.ids, seen=seen_of(request, chosen), by=request.actor, now=now(request.company)
            ),
            chosen=chosen,
            heading=_("Deleting drafts"),
            said=lambda request, outcome: toast(
                request,
                ngettext("%(count)d draft deleted.", "%(count)d drafts deleted.", len(outcome.done))
                % {"count": len(outcome.done)},
            ),
        )
    rows = read_rows(request, chosen.ids)
    drafts = [row for row in rows if row.invoice.sent_at is None]
    context = {
        "chosen": chosen,
        "rows": drafts,
        "left_out": len(rows) - len(drafts),
        "credit_minor": paid_on_what_ends([row.invoice.pk for row in drafts]),
        "is_promised": any(row.invoice.sending_at for row in drafts),
    }
    return render_page(request, "invoices/delete_many.html", context)


def paid_on_what_ends(draft_ids: Sequence[UUID]) -> int:
    """The money on what was made for instant invoices and is on these drafts. SQL twin of `ends_with_its_invoice`."""
    own = Booking.objects.filter(invoice__in=draft_ids, is_instant=True)
    return own.exclude(state=State.CANCELLED).aggregate(sum=Sum("paid_minor"))["sum"] or 0


@staff_view(Right.CANCEL_INVOICES, methods=("POST",))
def cancel_many(request: CompanyRequest) -> HttpResponse:
    """Say in figures what cancelling the sent ones among the chosen does, ask for a reason, do it."""
    chosen = choose(request)
    form = CancelManyForm(request.POST) if request.POST.get("confirmed") else CancelManyForm()
    if form.is_valid():
        said = form.cleaned_data
        return carried_out(
            request,
            lambda: cancel_each(
                chosen.ids,
                reason=said["reason"],
                hold_back=said["bookings"] == "hold_back",
                notify=said["notify"],
                seen=seen_of(request, chosen),
                seen_lists=seen_of(request, chosen, "seen_list"),
                by=request.actor,
                now=now(request.company),
            ),
            chosen=chosen,
            heading=_("Cancelling"),
            said=lambda request, outcome: toast(
                request,
                ngettext("%(count)d invoice cancelled.", "%(count)d invoices cancelled.", len(outcome.done))
                % {"count": len(outcome.done)},
            ),
        )
    rows = read_rows(request, chosen.ids)
    live = [row for row in rows if row.invoice.sent_at and not row.invoice.cancelled_at]
    to = resolve_recipients([row.invoice for row in live], {})
    context = {
        "form": form,
        "chosen": chosen,
        "rows": [(row, to[row.invoice.pk], list_as_seen(to[row.invoice.pk])) for row in live],
        "left_out": len(rows) - len(live),
        "bookings_count": sum(row.invoice.bookings_count for row in live),
        "total_minor": sum(row.invoice.total_minor for row in live),
        "paid_minor": sum(row.invoice.paid_minor for row in live),
        "has_instant": any(row.invoice.is_instant for row in live),
        "is_promised": any(row.invoice.sending_at for row in live),
    }
    return render_page(request, "invoices/cancel_many.html", context, status=422 if form.errors else 200)


def asked_first(
    request: CompanyRequest,
    chosen: Chosen,
    *,
    refuse: Callable[[Invoice, Sequence[str]], None],
    heading: Callable[[int], str],
    reminds: bool = False,
) -> HttpResponse:
    """Which of the chosen would be mailed to whom, and why the others would not. Nothing is done yet."""
    rows = read_rows(request, chosen.ids)
    to = resolve_recipients([row.invoice for row in rows], {})
    able, refused = [], []
    for row in rows:
        try:
            refuse(row.invoice, to[row.invoice.pk])
        except RuleBroken as reason:
            refused.append((row.invoice, row.customer, reason.message))
        else:
            able.append(row)
    ahead = billing_ahead([row.invoice for row in able])
    seen = reminders_as_seen([row.invoice for row in able], to) if reminds else {}
    context = {
        "heading": heading(len(able)) % {"count": len(able)} if able else _("Nothing to send"),
        "chosen": chosen,
        "rows": [
            Mailed(
                row=row,
                recipients=to[row.invoice.pk],
                is_ahead=row.invoice.pk in ahead,
                seen=seen.get(row.invoice.pk) or row.invoice.as_seen(is_ahead=row.invoice.pk in ahead),
                seen_list=list_as_seen(to[row.invoice.pk]),
                balance_minor=row.invoice.payable() if reminds else row.invoice.due(),
            )
            for row in able
        ],
        "refused": refused,
        "mails_count": sum(len(to[row.invoice.pk]) for row in able),
        "uses_credit": request.company.use_credit_at_sending and not reminds,
        "again_count": 0 if reminds else sum(1 for row in able if row.invoice.sent_at),
    }
    return render_page(request, "invoices/mail_many.html", context)


@dataclass(frozen=True, slots=True)
class Mailed:
    """An invoice that would be mailed, and what the form brings back of it."""

    row: InvoiceRow
    recipients: Sequence[str]
    is_ahead: bool
    seen: str
    seen_list: str
    balance_minor: int
    """What the mail asks for."""


def carried_out(
    request: CompanyRequest,
    act: Callable[[], Outcome],
    *,
    chosen: Chosen | None = None,
    heading: str,
    said: Callable[[CompanyRequest, Outcome], None],
) -> HttpResponse:
    """Act once. Back to the list with a sentence; where something was left out or is still to do, a page with what became of each."""
    back = (
        f"{reverse('invoices:list')}?{request.GET.urlencode()}" if request.GET else reverse("invoices:list")
    )
    outcomes: list[Outcome] = []

    def once() -> str:
        outcomes[:] = [act()]
        return back

    url = act_once(request, once)
    if not outcomes:  # the same form again: it was done the first time
        return see_other(request, url)
    (outcome,) = outcomes
    if outcome.done:
        said(request, outcome)
    if not outcome.refused and not (chosen and chosen.more):
        return see_other(request, url)
    customers = Customer.objects.in_bulk({refused.invoice.customer_id for refused in outcome.refused})
    context = {
        "heading": heading,
        "chosen": chosen,
        "next_count": min(chosen.more, ACT_MAX) if chosen else 0,
        "done": len(outcome.done),
        "rows": read_rows(request, [invoice.pk for invoice in outcome.done]),
        "today": today(request.company),
        "refused": [
            (refused.invoice, customers[refused.invoice.customer_id], refused.reason)
            for refused in outcome.refused
        ],
        "back": back,
    }
    return render_page(request, "invoices/outcome.html", context)


def say_leaving(request: CompanyRequest, outcome: Outcome) -> None:
    """Sent, or leaving when the hold is over."""
    count = len(outcome.done)
    invoices = ngettext("%(count)d invoice", "%(count)d invoices", count) % {"count": count}
    first = Invoice.objects.filter(pk=outcome.done[0].pk).values_list("sending_at", flat=True).get()
    if first is None:
        toast(request, _("%(invoices)s sent.") % {"invoices": invoices})
        return
    toast(
        request,
        ngettext(
            "%(invoices)s will be sent in %(seconds)d second.",
            "%(invoices)s will be sent in %(seconds)d seconds.",
            request.company.hold_seconds,
        )
        % {"invoices": invoices, "seconds": request.company.hold_seconds},
        undo_url=f"{reverse('invoices:undo-many')}?{urlencode({'at': first.isoformat()})}",
    )


def say_paid(request: CompanyRequest, outcome: Outcome) -> None:
    """How much was booked."""
    count = len(outcome.done)
    total = money(sum(invoice.due() for invoice in outcome.done), request.company.currency)
    toast(
        request,
        ngettext("%(count)d payment recorded: %(total)s.", "%(count)d payments recorded: %(total)s.", count)
        % {"count": count, "total": total},
    )


def choose(request: CompanyRequest) -> Chosen:
    """The ticked invoices; or of all that match the filter in the address the next part, the oldest first.

    Raises BadInput for none and for more ticked ones than can be done at once.
    """
    wanted = filtered(read_filter(request), company=request.company, now=now(request.company))
    after = as_uuid(request.POST.get("after", ""))
    beyond = wanted.filter(pk__gt=after) if after else wanted
    if not request.POST.get("everything"):
        return Chosen(ticked_ids(request), after, beyond.count() if after else 0)
    ids = list(beyond.order_by("pk").values_list("pk", flat=True)[:ACT_MAX])
    if not ids:
        raise BadInput("required", _("No invoice matches this filter any more."))
    more = beyond.filter(pk__gt=ids[-1]).count()
    return Chosen(ids, ids[-1] if more else None, more)


def seen_of(request: CompanyRequest, chosen: Chosen, field: str = "seen") -> dict[UUID, str]:
    """What the form said of each when it was shown."""
    return dict(zip(chosen.ids, request.POST.getlist(field), strict=False))


def ticked_ids(request: CompanyRequest) -> list[UUID]:
    try:
        ids = [UUID(text) for text in request.POST.getlist("ids")]
    except ValueError:
        raise not_found() from None
    if not ids:
        raise BadInput("required", _("Tick at least one invoice in the list."))
    if len(ids) > ACT_MAX:
        raise too_many()
    return ids


def too_many() -> BadInput:
    return BadInput(
        "too_many",
        _("At most %(max)d invoices at once. Narrow the list, by date or customer, and go on in parts.")
        % {"max": ACT_MAX},
    )


def read_rows(request: CompanyRequest, ids: Sequence[UUID]) -> list[InvoiceRow]:
    found = Invoice.objects.filter(pk__in=ids).order_by("-pk")
    return rows_of(list(found), now=now(request.company))
