"""Settings → Look, and what comes of it: the stylesheet of a colour and the logo."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from bookbill.companies.actions import change_logo, update_company
from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.forms import LogoForm, LookForm
from bookbill.companies.limits import limit
from bookbill.companies.look import colours_version
from bookbill.companies.pictures import BYTES_MAX, drawn_again
from bookbill.companies.rights import Right, may, require
from bookbill.companies.settings_fields import read_settings
from bookbill.companies.views.frame import posted, revision_in, settings_page
from bookbill.documents.files import put_file, read_logo
from bookbill.documents.models import StoredFile
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.accent import stylesheet
from bookbill.web.api.routes import not_found
from bookbill.web.forms import refuse
from bookbill.web.htmx import see_other, toast

FOR_EVER = "public, max-age=31536000, immutable"


@staff_view(Right.VIEW_SETTINGS)
def look_page(request: CompanyRequest) -> HttpResponse:
    """Colour and paper. A GET that names them shows the sample in them without saving."""
    form = LookForm(
        posted(request),
        company=request.company,
        readable_only=not may(request.actor, Right.EDIT_SETTINGS),
    )
    if request.method == "POST":
        require(request.actor, Right.EDIT_SETTINGS)
        revision = revision_in(request)
        if form.is_valid():
            changes = form.cleaned_data
            try:
                transact(
                    lambda: update_company(
                        changes, by=request.actor, now=now(request.company), expected_revision=revision
                    )
                )
                toast(request, _("Saved."))
                return see_other(request, reverse("companies:look"))
            except RuleBroken as refused:
                refuse(form, refused)
    return look_answer(request, form, LogoForm(auto_id="id_logo_%s"))


@staff_view(Right.EDIT_SETTINGS, methods=("POST",))
def change_logo_page(request: CompanyRequest) -> HttpResponse:
    """Another logo, or with ``act=remove`` none."""
    logo_form = LogoForm(request.POST, request.FILES, auto_id="id_logo_%s")
    revision = revision_in(request)
    try:
        if request.POST.get("act") == "remove":
            stored_id = None
        elif logo_form.is_valid():
            limit(f"logo:{request.member.pk}", most=20, seconds=60)
            stored_id = stored_logo(request, logo_form.cleaned_data["logo"]).pk
        else:
            return look_answer(request, LookForm(company=request.company), logo_form)
        transact(
            lambda: change_logo(
                stored_id, by=request.actor, now=now(request.company), expected_revision=revision
            )
        )
    except RuleBroken as refused:
        refuse(logo_form, refused)
        return look_answer(request, LookForm(company=request.company), logo_form)
    toast(request, _("Saved. Invoices sent from now on use it."))
    return see_other(request, reverse("companies:look"))


def stored_logo(request: CompanyRequest, upload: UploadedFile[bytes]) -> StoredFile:
    """Kept before the transaction, which should not wait for the disk."""
    content = upload.read(BYTES_MAX + 1)
    return put_file(request.company.pk, "logo", drawn_again(content, field="logo"), "image/png")


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def logo_picture(request: CompanyRequest, digest: str) -> HttpResponse:
    """A logo as it is kept. On sent invoices the customer's page shows theirs."""
    try:
        content = read_logo(request.company.pk, digest)
    except StoredFile.DoesNotExist:
        raise not_found() from None
    return HttpResponse(content, content_type="image/png")


def look_answer(request: CompanyRequest, form: LookForm, logo_form: LogoForm) -> HttpResponse:
    company = request.company
    named = {name: request.GET[name] for name in ("colour", "paper") if name in request.GET}
    try:
        shown = read_settings(named)
    except BadInput:
        shown = {}
    context = {
        "form": form,
        "logo_form": logo_form,
        "logo": company.logo,
        "sample": {"colour": company.colour, "paper": company.paper} | shown,
        "revision": request.POST.get("revision") or company.revision,
    }
    status = 422 if form.is_bound or logo_form.is_bound else 200
    return settings_page(request, "look", context, status=status)


@require_safe
def colours(request: HttpRequest, colour: str, version: str) -> HttpResponse:
    """The stylesheet of a colour. Named by its content, so a browser keeps it; an old name is told the new rules."""
    hexed = f"#{colour}"
    response = HttpResponse(stylesheet(hexed), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = FOR_EVER if version == colours_version(hexed) else "public, max-age=300"
    return response
