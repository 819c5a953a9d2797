"""Theme, search, favicon, components."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from bookbill.web import palette, samples
from bookbill.web.context import THEMES
from bookbill.web.htmx import is_htmx, render_page, safe_next, see_other, toast

SAMPLE_PAGES = ("public", "plain", "menu")
YEAR_S = 365 * 24 * 3600


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Remember light or dark in a cookie, so that the server can say it before the first paint."""
    response = HttpResponse(status=204) if is_htmx(request) else redirect(safe_next(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            "theme", theme, max_age=YEAR_S, samesite="Lax", secure=request.is_secure(), httponly=True
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@login_required
@require_safe
@never_cache
def search(request: HttpRequest) -> HttpResponse:
    """The palette's results, or the same as a page."""
    query = request.GET.get("q", "")
    context = {"results": palette.search(request, query), "query": query, "search_query": query}
    return render(
        request, "web/parts/palette_results.html" if is_htmx(request) else "web/search.html", context
    )


@require_GET
def favicon(request: HttpRequest) -> HttpResponse:
    return redirect(static("web/favicon.ico"), permanent=False)


def components(request: HttpRequest) -> HttpResponse:
    """Every component in every state, on sample data. Not there in production."""
    assert_shown()
    if request.method == "POST":
        form = samples.SampleForm(request.POST)
        if form.is_valid():
            toast(request, "Saved as draft.", undo_url=request.path)
            return see_other(request, request.path)
        return render_page(request, "web/components.html", samples.context(request, form), status=422)
    if "toast" in request.GET:
        toast(request, "Invoice INV-01041 leaves in 10 seconds.", undo_url=request.path)
        toast(request, "The mail server refused billing@northside.example.", level=messages.ERROR)
    return render(request, "web/components.html", samples.context(request, samples.SampleForm()))


def components_dialog(request: HttpRequest) -> HttpResponse:
    assert_shown()
    form = samples.SampleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        toast(request, "Payment of $200.00 recorded.", undo_url=request.path)
        return see_other(request, "/_components")
    return render_page(
        request, "web/components_dialog.html", {"form": form}, status=422 if form.errors else 200
    )


@require_safe
def components_states(request: HttpRequest) -> HttpResponse:
    """Every component in every state, light beside dark."""
    assert_shown()
    return render(request, "web/components_states.html", samples.states())


@require_safe
def components_page(request: HttpRequest, page: str) -> HttpResponse:
    """The frames without navigation (`public`, `plain`), and the menu of a row."""
    assert_shown()
    if page not in SAMPLE_PAGES:
        raise Http404
    return render(request, f"web/components_{page}.html", {"currency": "CAD"})


def assert_shown() -> None:
    if not (settings.DEBUG or getattr(settings, "DEMO", False)):
        raise Http404
