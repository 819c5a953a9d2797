from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.test import RequestFactory

from bookbill.web.htmx import in_dialog, layout_of, render_page, safe_next, see_other, toast

HTMX = {"HX-Request": "true"}
DIALOG = {**HTMX, "HX-Target": "dialog-body"}


def request_with(headers: dict[str, str] | None = None, **data: str) -> Any:
    request: Any = RequestFactory().get("/", data, headers=headers or {})
    request._messages = CookieStorage(request)
    return request


def test_a_form_is_a_page_for_a_browser_and_framed_for_the_dialog() -> None:
    assert layout_of(request_with()) == "web/form_page.html"
    assert layout_of(request_with(DIALOG)) == "web/dialog.html"
    assert not in_dialog(request_with({"HX-Target": "dialog-body"}))


def test_after_a_form_the_browser_is_sent_on_either_way() -> None:
    plain, refined = see_other(request_with(), "/invoices"), see_other(request_with(HTMX), "/invoices")
    assert (plain.status_code, plain["Location"]) == (303, "/invoices")
    assert (refined.status_code, refined["HX-Redirect"]) == (204, "/invoices")


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example", ""]
)
def test_only_a_path_of_ours_is_gone_back_to(wanted: str) -> None:
    assert safe_next(request_with(next=wanted), "/home") == "/home"
    assert safe_next(request_with(next="/invoices?tab=sent"), "/home") == "/invoices?tab=sent"


def test_a_toast_travels_with_a_part_and_its_undo_is_a_form() -> None:
    request = request_with(HTMX)
    toast(request, "Sent <b>2</b>.", undo_url="/undo/7")
    html = render_page(
        request, "web/parts/palette_results.html", {"results": [], "query": "x"}
    ).content.decode()
    assert 'hx-swap-oob="beforeend:#toasts"' in html
    assert 'action="/undo/7"' in html
    assert "Sent &lt;b&gt;2&lt;/b&gt;." in html
