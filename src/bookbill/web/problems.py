"""Pages that say what went wrong. `config/urls.py` names the handlers; doors use `problem` for a refusal without a form."""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from bookbill.lib.errors import RuleBroken
from bookbill.web.ways import Way, way_back, ways_on


def problem(
    request: HttpRequest,
    status: int,
    *,
    title: str = "",
    message: str = "",
    retry_after: int | None = None,
    ways: Sequence[Way] = (),
) -> HttpResponse:
    """A whole page with a title, a sentence and the ways on; the words default to what the status usually means."""
    usual_title, usual_message = usual(status)
    context = {
        "status": status,
        "heading": title or usual_title,
        "message": message or usual_message,
        "ways": ways,
    }
    response = render(request, "web/problem.html", context, status=status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def refusal(request: HttpRequest, refused: RuleBroken, *first: Way) -> HttpResponse:
    """The page for a RuleBroken that no form can show; ``first`` are ways on that only the door knows."""
    return problem(
        request,
        refused.status,
        message=refused.message,
        retry_after=refused.details.get("retry_after", 2 if refused.status == 503 else None),
        ways=[*first, *ways_on(refused), *way_back(request)],
    )


def usual(status: int) -> tuple[str, str]:
    match status:
        case 400:
            return _("This request cannot be read"), _("Go back and try again.")
        case 403:
            return _("Not allowed"), _("Your role does not allow this. Ask an administrator of your company.")
        case 404:
            return _("Page not found"), _("The address is wrong, or what was here is gone.")
        case 409:
            return _("That is not possible now"), _("Nothing was changed.")
        case 429:
            return _("Too many attempts"), _("Wait a moment, then try again.")
        case 503:
            return _("Busy right now"), _("Nothing was changed. Please try again in a moment.")
    return _("Something went wrong"), _("Nothing was lost. The error has been noted; please try again.")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return problem(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """An address with a slash too many leads to the page without it."""
    shorter = request.path_info.rstrip("/")
    if request.method in ("GET", "HEAD") and shorter != request.path_info and is_page(shorter):
        query = request.META.get("QUERY_STRING", "")
        return HttpResponsePermanentRedirect(f"{shorter}?{query}" if query else shorter)
    return problem(request, 404)


def is_page(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return not path.startswith(("/api/", "//"))


def server_error(request: HttpRequest) -> HttpResponse:
    """Drawn without the request, its session or the database: one of them may be what failed."""
    title, message = usual(500)
    return render(None, "web/problem.html", {"status": 500, "heading": title, "message": message}, status=500)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """`CSRF_FAILURE_VIEW`."""
    return problem(
        request,
        403,
        title=_("This form has expired"),
        message=_(
            "Nothing was changed. Go back, reload the page and send it again. Cookies must be allowed."
        ),
    )
