"""Tax codes: adding, changing, archiving them."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.actions.catalogue import create_tax_code
from bookbill.bookings.actions.succession import archive_tax_code, drafts_of, edit_tax_code, is_used
from bookbill.bookings.forms import CATEGORY_LABELS, Components, TaxCodeForm, components_of
from bookbill.bookings.models import Service, TaxCode
from bookbill.bookings.models.catalogue import TaxCategory
from bookbill.bookings.priced_with import priced_with
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.companies.views.frame import settings_frame
from bookbill.lib.errors import RuleBroken
from bookbill.lib.revisions import typed_revision
from bookbill.lib.transactions import transact
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, safe_next, see_other, toast

LISTED_MAX = 500


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def tax_codes_page(request: CompanyRequest) -> HttpResponse:
    """Those in force, or those that were replaced or archived."""
    archived = request.GET.get("tab") == "archived"
    codes = (
        TaxCode.objects.filter(archived_at__isnull=not archived)
        .select_related("successor")
        .prefetch_related("components")
        .order_by("name", "pk")
    )
    rows = [(code, components_shown(code)) for code in codes[:LISTED_MAX]]
    context = settings_frame(request) | {"rows": rows, "archived": archived, "in_force": not archived}
    return render_page(request, "bookings/tax_codes.html", context)


@staff_view(Right.EDIT_SETTINGS)
def create_tax_code_page(request: CompanyRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form, components = TaxCodeForm(data), Components(data, prefix="components")
    if data and "more" not in data and all([form.is_valid(), components.is_valid()]):

        def act() -> str:
            code = create_tax_code(
                **form.cleaned_data,
                components=components.drafts(),
                by=request.actor,
                now=now(request.company),
            )
            toast(request, _("%(code)s is added.") % {"code": code.name})
            return reverse("bookings:tax-codes")

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    return form_page(request, form, components)


@staff_view(Right.EDIT_SETTINGS)
def edit_tax_code_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Change a code, or have a successor take its place where bookings carry it; then show those bookings."""
    code: TaxCode = get_object_or_404(TaxCode.objects.select_related("successor"), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = TaxCodeForm(data, initial={"name": code.name, "inclusive": code.inclusive})
    components = Components(data, prefix="components", initial=components_of(drafts_of(code)))
    if data and "more" not in data and all([form.is_valid(), components.is_valid()]):
        changes = form.cleaned_data | {"components": components.drafts()}
        revision = typed_revision(request.POST.get("revision", ""))

        def act() -> str:
            by, at = request.actor, now(request.company)
            after = edit_tax_code(pk, changes, revision=revision, by=by, now=at)
            if after.pk == pk:
                toast(request, _("Saved."))
                return reverse("bookings:tax-codes")
            toast(request, _("“%(code)s” is in force from now on.") % {"code": after.name})
            return reverse("bookings:priced-with", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    context = {
        "code": code,
        "revision": request.POST.get("revision") or code.revision,
        "bookings": priced_with(code, after_sending=request.company.after_sending).count()
        if is_used(code)
        else 0,
        "services": Service.objects.current().filter(tax_code=code).count(),
        "is_usual": request.company.default_tax_code_id == code.pk,
    }
    return form_page(request, form, components, context)


@staff_view(Right.EDIT_SETTINGS, methods=("POST",))
def archive_tax_code_act(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Offer it no more, or again."""
    archived = request.GET.get("archived", request.POST.get("archived", "yes")) == "yes"
    code = transact(
        lambda: archive_tax_code(pk, archived=archived, by=request.actor, now=now(request.company))
    )
    words = _("%(code)s is archived.") if archived else _("%(code)s is back in the list.")
    undo = f"{reverse('bookings:archive-tax-code', args=[pk])}?archived={'no' if archived else 'yes'}"
    toast(request, words % {"code": code.name}, undo_url=undo)
    return see_other(request, safe_next(request, reverse("bookings:tax-codes")))


def components_shown(code: TaxCode) -> list[tuple[Any, Any]]:
    """Its parts in order, each with the word for its kind. Reads `components`: prefetch them for a list."""
    components = sorted(code.components.all(), key=lambda component: component.position)
    return [(component, CATEGORY_LABELS[TaxCategory(component.category)]) for component in components]


def form_page(
    request: CompanyRequest, form: TaxCodeForm, components: Any, context: dict[str, Any] | None = None
) -> HttpResponse:
    """As typed; with one row more where that was asked for, which also works without JavaScript."""
    asked_for_more = "more" in request.POST
    if asked_for_more:
        form, components = form.as_typed(), components.with_one_more()
    refused = not asked_for_more and form.is_bound and bool(form.errors or components.total_error_count())
    shown = {"form": form, "components": components, "shell": layout_of(request), **(context or {})}
    return render_page(request, "bookings/tax_code_form.html", shown, status=422 if refused else 200)
