"""What all settings pages share: the frame with its side navigation, and reading the revision a form was made from."""

from typing import Any

from django.http import HttpResponse, QueryDict

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.navigation import SETTINGS
from bookbill.companies.rights import Right, may
from bookbill.lib.revisions import typed_revision
from bookbill.web.htmx import render_page
from bookbill.web.navigation import links


def settings_page(
    request: CompanyRequest, template: str, context: dict[str, Any], *, status: int = 200
) -> HttpResponse:
    context = settings_frame(request) | context
    return render_page(request, f"companies/settings/{template}.html", context, status=status)


def settings_frame(request: CompanyRequest, *, edited_with: Right = Right.EDIT_SETTINGS) -> dict[str, Any]:
    """What `companies/settings/frame.html` shows, for settings that belong to another capability too."""
    return {"places": links(request, SETTINGS), "may_edit": may(request.actor, edited_with)}


def revision_in(request: CompanyRequest) -> int:
    """The revision the form was made from."""
    return typed_revision(request.POST.get("revision", ""))


def posted(request: CompanyRequest) -> QueryDict | None:
    """The data of a form that was sent, also of an empty one."""
    return request.POST if request.method == "POST" else None
