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
    frame = {"places": links(request, SETTINGS), "may_edit": may(request.actor, Right.EDIT_SETTINGS)}
    return render_page(request, f"companies/settings/{template}.html", frame | context, status=status)


def revision_in(request: CompanyRequest) -> int:
    """The revision the form was made from."""
    return typed_revision(request.POST.get("revision", ""))


def posted(request: CompanyRequest) -> QueryDict | None:
    """The data of a form that was sent, also of an empty one."""
    return request.POST if request.method == "POST" else None
