"""What every page of the shell needs, as one context processor: `bookbill.web.context.shell`."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from bookbill.web.htmx import layout_of
from bookbill.web.navigation import navigation, page_above, places, user_menu

THEMES = ("light", "dark")

_stylesheet: list[Callable[[HttpRequest], str]] = []


def register_company_stylesheet(url_of: Callable[[HttpRequest], str]) -> None:
    """Say where a request's company colours come from: a URL of a stylesheet (see `web.accent`), or "" for none."""
    _stylesheet[:] = [url_of]


def shell(request: HttpRequest) -> dict[str, Any]:
    """Lazy where it costs: only the template that draws the navigation asks for it."""
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "shell": layout_of(request),
        "page_above": lambda: page_above(request.path),
        "navigation": lambda: navigation(request),
        "user_menu": lambda: user_menu(request),
        "work_places": lambda: places(request),
        "company": getattr(request, "company", None),
        "company_stylesheet": lambda: _stylesheet[0](request) if _stylesheet else "",
        "languages": settings.LANGUAGES,
    }
