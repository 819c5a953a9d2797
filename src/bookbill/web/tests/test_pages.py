import gzip
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import Client, RequestFactory

from bookbill.lib.errors import Busy, Forbidden
from bookbill.web import problems


@pytest.mark.parametrize("status", [400, 403, 404, 409, 429, 500, 503])
def test_a_problem_is_a_page_with_its_status(status: int) -> None:
    response = problems.problem(RequestFactory().get("/"), status)
    assert response.status_code == status
    assert "<h1" in response.content.decode()


def test_a_refusal_says_its_own_sentence() -> None:
    response = problems.refusal(
        RequestFactory().get("/"), Forbidden("plan_required", "Runs are part of <Grow>.")
    )
    assert response.status_code == 403
    assert "Runs are part of &lt;Grow&gt;." in response.content.decode()


@pytest.mark.parametrize(
    ("came_from", "leads_back"),
    [
        ("http://testserver/bookings?tab=scheduled", True),
        ("http://testserver/here", False),
        ("http://elsewhere.example/bookings", False),
        ("http://testserver@elsewhere.example/", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_a_refusal_leads_back_to_the_page_of_ours_it_came_from(came_from: str, leads_back: bool) -> None:
    request = RequestFactory().get("/here", headers={"Referer": came_from})
    shown = problems.refusal(request, Forbidden("forbidden", "No.")).content.decode()
    assert (f'href="{came_from}">Back</a>' in shown) == leads_back
    assert ("Back</a>" in shown) == leads_back


def test_busy_says_when_to_come_back() -> None:
    assert problems.refusal(RequestFactory().get("/"), Busy("busy", "Busy."))["Retry-After"] == "2"


def test_the_page_of_a_crash_needs_neither_session_nor_user() -> None:
    assert problems.server_error(HttpRequest()).status_code == 500


@pytest.mark.django_db
def test_the_components_are_not_there_in_production(client: Client, settings: Any) -> None:
    settings.DEBUG = settings.DEMO = False
    assert client.get("/_components").status_code == 404
    assert client.get("/_components/dialog").status_code == 404
    assert client.get("/_components/states").status_code == 404
    assert client.get("/_components/public/page").status_code == 404


@pytest.mark.django_db
def test_the_theme_is_remembered_and_said_before_the_first_paint(client: Client, settings: Any) -> None:
    settings.DEMO = True
    response = client.post("/theme", {"theme": "dark", "next": "/_components"})
    assert response["Location"] == "/_components"
    assert '<html lang="en" data-theme="dark">' in client.get("/_components").content.decode()
    client.post("/theme", {"theme": "system"})
    assert "data-theme=" not in client.get("/_components").content.decode().split("<head>")[0]


@pytest.mark.django_db
def test_a_get_does_not_change_the_theme(client: Client) -> None:
    assert client.get("/theme?theme=dark").status_code == 405


@pytest.mark.django_db
def test_a_refused_form_comes_back_whole_with_its_errors(client: Client, settings: Any) -> None:
    settings.DEMO = True
    response = client.post("/_components/dialog", {"amount": "12.345", "recipients": "nobody"})
    html = response.content.decode()
    assert response.status_code == 422
    assert "At most 2 decimals here." in html
    assert "is not an email address" in html


@pytest.mark.django_db
def test_strangers_do_not_search(client: Client) -> None:
    assert client.get("/search?q=a").status_code == 302


@pytest.mark.django_db
def test_a_slash_too_many_leads_to_the_page_without_it(client: Client) -> None:
    moved = client.get("/payments/invoices/?tab=sent")
    assert (moved.status_code, moved["Location"]) == (301, "/payments/invoices?tab=sent")
    assert client.post("/payments/invoices/").status_code == 404
    assert client.get("/nothing/").status_code == 404
    assert client.get("/api/v1/customers/").status_code == 404


@pytest.mark.django_db
def test_pages_travel_compressed_and_answers_for_programs_as_they_are(client: Client, settings: Any) -> None:
    settings.DEMO = True
    packed = client.get("/_components", headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert b"<h1" in gzip.decompress(packed.content)
    assert len(packed.content) < 40_000
    for path in ("/api/v1/openapi.json", "/readyz"):
        assert "Content-Encoding" not in client.get(path, headers={"Accept-Encoding": "gzip"})
