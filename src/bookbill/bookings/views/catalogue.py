"""Services and tax codes."""

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.actions.catalogue import ComponentDraft, create_service, create_tax_code
from bookbill.bookings.forms import CATEGORY_LABELS, Components, ServiceForm, TaxCodeForm
from bookbill.bookings.models import Service, TaxCode
from bookbill.bookings.models.catalogue import TaxCategory
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import refuse
from bookbill.web.htmx import layout_of, render_page, see_other, toast

LISTED_MAX = 500


@staff_view(Right.VIEW_BOOKINGS, Right.VIEW_PRICES, methods=("GET", "HEAD"))
def services_page(request: CompanyRequest) -> HttpResponse:
    services = Service.objects.filter(archived_at=None).select_related("tax_code").order_by("name", "pk")
    return render_page(request, "bookings/services.html", {"services": services[:LISTED_MAX]})


@staff_view(Right.EDIT_BOOKINGS)
def create_service_page(request: CompanyRequest) -> HttpResponse:
    form = ServiceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data

        def act() -> str:
            create_service(
                name=said["name"],
                unit=said["unit"],
                unit_price=said["unit_price"],
                tax_code_id=said["tax_code"].pk if said["tax_code"] else None,
                by=request.actor,
                now=now(request.company),
            )
            toast(request, _("%(service)s is added.") % {"service": said["name"]})
            return reverse("bookings:services")

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    context = {"form": form, "shell": layout_of(request)}
    return render_page(request, "bookings/service_form.html", context, status=422 if form.errors else 200)


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def tax_codes_page(request: CompanyRequest) -> HttpResponse:
    codes = TaxCode.objects.current().prefetch_related("components").order_by("name", "pk")[:LISTED_MAX]
    rows = [
        (
            code,
            [
                (component, CATEGORY_LABELS[TaxCategory(component.category)])
                for component in sorted(code.components.all(), key=lambda component: component.position)
            ],
        )
        for code in codes
    ]
    return render_page(request, "bookings/tax_codes.html", {"rows": rows})


@staff_view(Right.EDIT_SETTINGS)
def create_tax_code_page(request: CompanyRequest) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form, components = TaxCodeForm(data), Components(data, prefix="components")
    if data and all([form.is_valid(), components.is_valid()]):
        drafts = [
            ComponentDraft(part["name"], part["rate"], part["compound"], part["category"])
            for part in components.cleaned_data
            if part.get("name")
        ]

        def act() -> str:
            create_tax_code(
                name=form.cleaned_data["name"],
                components=drafts,
                inclusive=form.cleaned_data["inclusive"],
                by=request.actor,
                now=now(request.company),
            )
            toast(request, _("%(code)s is added.") % {"code": form.cleaned_data["name"]})
            return reverse("bookings:tax-codes")

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    refused_now = bool(data) and bool(form.errors or any(components.errors))
    context = {"form": form, "components": components, "shell": layout_of(request)}
    return render_page(request, "bookings/tax_code_form.html", context, status=422 if refused_now else 200)
