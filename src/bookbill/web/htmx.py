"""Pages work as whole pages; htmx asks for the same address and takes a part of it.

A form that may also open in a dialog starts with `{% extends shell %}`: a page with one panel, or the dialog's frame.
"""

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.http import url_has_allowed_host_and_scheme

DIALOG_TARGET = "dialog-body"


def is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def in_dialog(request: HttpRequest) -> bool:
    """Whether the answer will be shown inside the shell's dialog."""
    return is_htmx(request) and request.headers.get("HX-Target") == DIALOG_TARGET


def layout_of(request: HttpRequest) -> str:
    return "web/dialog.html" if in_dialog(request) else "web/form_page.html"


def render_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any] | None = None,
    *,
    partial: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only its `{% partialdef %}` named ``partial`` where htmx asked (not for a dialog).

    Waiting toasts travel with a part too. A refused form answers ``status=422``: htmx swaps it in.
    """
    if not is_htmx(request):
        return render(request, template, context, status=status)
    if in_dialog(request):
        set_apart([value for value in (context or {}).values() if isinstance(value, BaseForm)])
    name = f"{template}#{partial}" if partial and not in_dialog(request) else template
    response = render(request, name, context, status=status)
    if messages.get_messages(request):
        toasts = render_to_string("web/parts/toasts_oob.html", {}, request=request)
        response.write(toasts)
    response.headers["Vary"] = ", ".join(
        filter(None, [response.headers.get("Vary"), "HX-Request", "HX-Target"])
    )
    return response


def render_in_place(
    request: HttpRequest, context: dict[str, Any], *, place: str, status: int = 200
) -> HttpResponse:
    """A small form (``heading``, ``form``, ``url``, ``back``) that takes the place of what it edits: the part with this id.

    Without JavaScript it is a page of its own. Obeyed, answer `seen_in_place`.
    """
    response = render_page(request, "web/in_place.html", context | {"place": place}, status=status)
    if is_htmx(request):
        response.headers["HX-Retarget"] = response.headers["HX-Reselect"] = f"#{place}"
        response.headers["HX-Reswap"] = "outerHTML"
    return response


def seen_in_place(request: HttpRequest, url: str) -> HttpResponse:
    """After a form in place has been obeyed: the content of the page around it, as it stands now."""
    if not is_htmx(request):
        return see_other(request, url)
    content = {"target": "#content", "select": "#content", "swap": "outerHTML show:none", "push": "false"}
    return HttpResponse(status=204, headers={"HX-Location": json.dumps({"path": url} | content)})


def set_apart(forms: Sequence[BaseForm]) -> None:
    """Other ids for the fields of a dialog than for those of the page under it, which may hold the same form."""
    for form in forms:
        form.auto_id = "id_dialog_%s"


def see_other(request: HttpRequest, url: str) -> HttpResponse:
    """After a form has been obeyed: go to a page, whether the browser or htmx asked."""
    if is_htmx(request):
        return HttpResponse(status=204, headers={"HX-Redirect": url})
    response = HttpResponseRedirect(url)
    response.status_code = 303
    return response


def safe_next(request: HttpRequest, fallback: str = "/") -> str:
    """Where the form said it came from, if that is a path of ours; else ``fallback``."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return wanted
    return fallback


def toast(
    request: HttpRequest,
    text: str,
    *,
    undo_url: str = "",
    link: tuple[str, str] | None = None,
    level: int = messages.SUCCESS,
) -> None:
    """A short sentence at the page's edge for ten seconds.

    ``undo_url`` adds an Undo button, which POSTs there; ``link`` a way on, as (label, address).
    """
    tags = [f"undo={quote(undo_url)}"] if undo_url else []
    if link:
        tags += [f"link={quote(link[1])}", f"label={quote(link[0])}"]
    messages.add_message(request, level, text, extra_tags=" ".join(tags), fail_silently=True)
