"""After a tax code was replaced: the bookings priced with it, and repricing those a person ticks."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from bookbill.bookings.actions.repricing_runs import CHOSEN_MAX, resume_repricing, start_repricing
from bookbill.bookings.models import Booking, Repricing, TaxCode
from bookbill.bookings.priced_with import (
    REPRICABLE,
    Group,
    count_groups,
    forecast,
    in_groups,
    priced_with,
    progress_of,
    why,
)
from bookbill.bookings.views.tax_codes import components_shown
from bookbill.bookings.words import OUTCOMES, state_word
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.lib.errors import BadInput
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.routes import not_found
from bookbill.web.htmx import render_page, see_other

ROWS_SHOWN = 500


@staff_view(Right.VIEW_PRICES, methods=("GET", "HEAD"))
def priced_with_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Bookings that carry a code, oldest first: what they would cost under its successor, and why none follows by itself."""
    code: TaxCode = get_object_or_404(TaxCode.objects.prefetch_related("components"), pk=pk)
    successor = TaxCode.objects.prefetch_related("components").in_force(pk)
    rows = priced_with(code, after_sending=request.company.after_sending)
    counts = count_groups(rows)
    group = read_group(request)
    found, next_cursor = keyset(
        in_groups(rows, [group] if group else []).select_related("customer", "invoice").with_parts(),
        PageQuery(cursor=request.GET.get("cursor") or None),
        by=("service_date", "number_n"),
        descending=False,
    )
    can_reprice = successor.pk != code.pk
    totals = forecast(found, old=code.pk, new=successor.pk) if can_reprice else {}
    context = {
        "code": code,
        "components": components_shown(code),
        "successor": successor if can_reprice else None,
        "successor_components": components_shown(successor),
        "rows": [
            (booking, state_word(booking.state), why(booking), totals.get(booking.pk), is_fixed(booking))
            for booking in found
        ],
        "tabs": [
            (key, label, counts[key] if key else sum(counts.values()), key == group)
            for key, label in group_labels().items()
        ],
        "group": group,
        "repricable": sum(counts[each] for each in REPRICABLE if group in (None, each)),
        "runs": Repricing.objects.filter(tax_code=code).newest_first()[:10],
        "next_cursor": next_cursor,
    }
    return render_page(request, "bookings/priced_with.html", context)


@staff_view(Right.EDIT_BOOKINGS, methods=("POST",))
def reprice_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Say in figures what would happen to the ticked bookings, then promise it."""
    code = get_object_or_404(TaxCode, pk=pk)
    ids = chosen_ids(request, code)
    everything = bool(request.POST.get("everything"))
    # "All of them" is said in a figure; where it is another one by now, the question is asked again.
    if request.POST.get("confirmed") == (str(len(ids)) if everything else "yes"):

        def act() -> str:
            run = start_repricing(pk, ids, by=request.actor, now=now(request.company))
            return reverse("bookings:repricing", args=[run.pk])

        return see_other(request, act_once(request, act))
    rows = priced_with(code, after_sending=request.company.after_sending).filter(pk__in=ids)
    context = {
        "code": code,
        "successor": TaxCode.objects.in_force(pk),
        "ids": [] if everything else ids,
        "chosen": len(ids),
        "group": read_group(request),
        "counts": {group.value: count for group, count in count_groups(rows).items()},
    }
    return render_page(request, "bookings/reprice.html", context)


@staff_view(Right.VIEW_PRICES, methods=("GET", "HEAD"))
def repricing_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """How far a run is, and what became of each booking. Looks again by itself while it runs."""
    run: Repricing = get_object_or_404(Repricing.objects.select_related("tax_code"), pk=pk)
    rows = run.rows.order_by("position")[:ROWS_SHOWN]
    context = {
        "run": run,
        "successor": TaxCode.objects.in_force(run.tax_code_id),
        "progress": progress_of(run),
        "rows": [(row, OUTCOMES[row.outcome]) for row in rows],
        "is_cut": run.chosen > ROWS_SHOWN,
        "asked_by": run.by["label"],
    }
    return render_page(request, "bookings/repricing.html", context)


@staff_view(Right.EDIT_BOOKINGS, methods=("POST",))
def resume(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Go on where a run stopped."""

    def act() -> str:
        resume_repricing(pk, by=request.actor)
        return reverse("bookings:repricing", args=[pk])

    return see_other(request, act_once(request, act))


def group_labels() -> dict[Group | None, str]:
    return {
        None: pgettext("tab", "All"),
        Group.PLANNED: _("Planned"),
        Group.DONE: _("Completed or paid"),
        Group.SENT: _("On a sent invoice"),
        Group.FIXED: _("Cannot be repriced"),
    }


def read_group(request: CompanyRequest) -> Group | None:
    text = request.GET.get("group", "")
    return Group(text) if text in set(Group) else None


def is_fixed(booking: Booking) -> bool:
    return bool(booking.group == Group.FIXED)  # type: ignore[attr-defined]


def chosen_ids(request: CompanyRequest, code: TaxCode) -> list[UUID]:
    """The ticked bookings, or all that can be repriced in the shown group. Raises BadInput for none."""
    if request.POST.get("everything"):
        group = read_group(request)
        rows = priced_with(code, after_sending=request.company.after_sending)
        wanted = in_groups(rows, [group] if group else REPRICABLE)
        ids = list(wanted.oldest_first().values_list("pk", flat=True)[: CHOSEN_MAX + 1])
    else:
        try:
            ids = [UUID(text) for text in request.POST.getlist("ids")]
        except ValueError:
            raise not_found() from None
    if not 0 < len(ids) <= CHOSEN_MAX:
        raise BadInput("bad_selection", _("Tick between 1 and %(max)d bookings first.") % {"max": CHOSEN_MAX})
    return ids
