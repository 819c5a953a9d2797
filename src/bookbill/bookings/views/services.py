"""The catalogue of services."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.bookings.actions.catalogue import archive_service, create_service, edit_service
from bookbill.bookings.forms import ServiceForm
from bookbill.bookings.models import Service
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


@staff_view(Right.VIEW_BOOKINGS, Right.VIEW_PRICES, methods=("GET", "HEAD"))
def services_page(request: CompanyRequest) -> HttpResponse:
    """What is sold, or what was."""
    archived = request.GET.get("tab") == "archived"
    services = Service.objects.filter(archived_at__isnull=not archived).select_related("tax_code")
    context = settings_frame(request, edited_with=Right.EDIT_BOOKINGS) | {
        "services": services.order_by("name", "pk")[:LISTED_MAX],
        "archived": archived,
        "offered": not archived,
    }
    return render_page(request, "bookings/services.html", context)


@staff_view(Right.EDIT_BOOKINGS)
def create_service_page(request: CompanyRequest) -> HttpResponse:
    form = ServiceForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():

        def act() -> str:
            service = create_service(**form.values(), by=request.actor, now=now(request.company))
            toast(request, _("%(service)s is added.") % {"service": service.name})
            return reverse("bookings:services")

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    return form_page(request, form)


@staff_view(Right.EDIT_BOOKINGS)
def edit_service_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Change a service. Bookings that used it keep what they copied."""
    service: Service = get_object_or_404(Service.objects.select_related("tax_code"), pk=pk)
    form = ServiceForm(request.POST if request.method == "POST" else None, service=service)
    if request.method == "POST" and form.is_valid():
        revision = typed_revision(request.POST.get("revision", ""))

        def act() -> str:
            edit_service(pk, form.values(), revision=revision, by=request.actor, now=now(request.company))
            toast(request, _("Saved."))
            return reverse("bookings:services")

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(form, refused)
    revision_shown = request.POST.get("revision") or service.revision
    return form_page(request, form, {"service": service, "revision": revision_shown})


@staff_view(Right.EDIT_BOOKINGS, methods=("POST",))
def archive_service_act(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Offer it no more, or again."""
    archived = request.GET.get("archived", request.POST.get("archived", "yes")) == "yes"
    service = transact(
        lambda: archive_service(pk, archived=archived, by=request.actor, now=now(request.company))
    )
    words = _("%(service)s is archived.") if archived else _("%(service)s is back in the list.")
    undo = f"{reverse('bookings:archive-service', args=[pk])}?archived={'no' if archived else 'yes'}"
    toast(request, words % {"service": service.name}, undo_url=undo)
    return see_other(request, safe_next(request, reverse("bookings:services")))


def form_page(
    request: CompanyRequest, form: ServiceForm, context: dict[str, Any] | None = None
) -> HttpResponse:
    shown = {"form": form, "shell": layout_of(request), **(context or {})}
    return render_page(request, "bookings/service_form.html", shown, status=422 if form.errors else 200)
