"""What every page must refuse and say, tried on every address there is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.mime import read_mail
from tests.attacks.routes import page_routes
from tests.attacks.world import World, everything

# A script of the customer's page: the link it holds is the proof.
# The customer's script, and a mail service that signs what it reports.
WITHOUT_A_CSRF_TOKEN = {"i/<str:token>/views", "providers/mail/<slug:name>/events"}
# The same for all, or named by their content.
FOR_EVERYBODY = {"favicon.ico", "_components", "_components/<slug:page>/page", "_components/dialog"}
# A mail on the screen, in a frame of its own.
OWN_POLICY = {"mailbox/<uuid:pk>/html", "settings/emails/<str:kind>/<str:language>/preview.html"}
INLINE = re.compile(r"<style|<script(?![^>]*\ssrc=)|\sstyle=|<[^>]*\son[a-z]+=|javascript:", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Look:
    """What all pages answered to a member and to a stranger, and what the database said before and after."""

    member: Mapping[str, Any]
    stranger: Mapping[str, Any]
    before: Mapping[str, str]
    after: Mapping[str, str]


_looks: list[Look] = []


@pytest.fixture
def look(request: pytest.FixtureRequest) -> Look:
    """Every page once; the tests of a process share the answers."""
    if not _looks:
        world, desk = request.getfixturevalue("world"), request.getfixturevalue("desk")
        stranger = Client(raise_request_exception=False)
        before = everything()
        member = {route.pattern: desk.get(route.path(world)) for route in page_routes()}
        others = {route.pattern: stranger.get(route.path(world)) for route in page_routes()}
        _looks.append(Look(member, others, before, everything()))
    return _looks[0]


def test_looking_changes_nothing(look: Look) -> None:
    assert [table for table in look.before if look.after[table] != look.before[table]] == []


def test_no_page_crashes(look: Look) -> None:
    crashed = [
        pattern for who in (look.member, look.stranger) for pattern in who if who[pattern].status_code >= 500
    ]
    assert crashed == []
    assert sum(answer.status_code == 200 for answer in look.member.values()) > 60


def test_a_stranger_sees_no_page_of_the_company(look: Look) -> None:
    shown = {pattern for pattern, answer in look.stranger.items() if answer.status_code == 200}

    assert {pattern for pattern in shown if not pattern.startswith(("accounts/", "i/"))} == {
        "healthz",
        "metrics",
        "readyz",
    }


def test_every_page_forbids_inline_code_frames_and_sniffing(look: Look) -> None:
    for who in (look.member, look.stranger):
        for pattern, answer in who.items():
            policy = answer.headers.get("Content-Security-Policy", "")
            if pattern in OWN_POLICY:
                continue
            assert "default-src 'none'" in policy, pattern
            assert "unsafe" not in policy, pattern
            assert "frame-ancestors 'none'" in policy, pattern
            assert answer.headers["X-Frame-Options"] == "DENY", pattern
            assert answer.headers["X-Content-Type-Options"] == "nosniff", pattern
            assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer"), pattern


def test_no_page_has_inline_code(look: Look) -> None:
    for pattern, answer in look.member.items():
        if answer.headers.get("Content-Type", "").startswith("text/html") and pattern not in OWN_POLICY:
            assert INLINE.search(answer.content.decode()) is None, pattern


def test_nothing_private_is_kept_by_a_browser_or_a_proxy(look: Look) -> None:
    for pattern, answer in look.member.items():
        if answer.status_code == 200 and pattern not in FOR_EVERYBODY and not pattern.startswith("accounts/"):
            assert "no-store" in answer.headers.get("Cache-Control", ""), pattern


def test_nothing_of_the_api_is_kept_either(world: World, api: ApiClient) -> None:
    for path in ("/customers", f"/invoices/{world.sent.pk}", f"/invoices/{world.sent.pk}/pdf", "/nothing"):
        assert "no-store" in api.get(path).headers["Cache-Control"], path


def test_a_mail_on_the_screen_can_only_look(look: Look) -> None:
    for pattern in OWN_POLICY:
        policy = look.member[pattern].headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert re.search(r"sandbox(?![^;]*allow-(scripts|same-origin|forms|top-navigation))", policy)


def test_no_form_is_taken_without_its_token(world: World, desk: Client) -> None:
    desk.get("/customers/new")
    forger = Client(enforce_csrf_checks=True, raise_request_exception=False)
    forger.cookies = desk.cookies
    before = everything()
    for route in page_routes():
        if route.pattern not in WITHOUT_A_CSRF_TOKEN:
            answer = forger.post(route.path(world), {"act": "send", "operation_id": "1"})
            assert answer.status_code == 403, (route.pattern, answer.status_code)
    for token in ("", "x" * 32, "x" * 64, "a" * 10_000, "\N{SNOWMAN}", "\0"):
        answer = forger.post("/customers/new", {"name": "Forged", "csrfmiddlewaretoken": token})
        assert answer.status_code == 403, token[:40]
    assert everything() == before


def test_a_form_of_another_site_is_not_taken(company: Any, desk: Client) -> None:
    desk.get("/customers/new")
    forger = Client(enforce_csrf_checks=True, raise_request_exception=False)
    forger.cookies = desk.cookies
    form = {"csrfmiddlewaretoken": forger.cookies["csrftoken"].value, "name": "Forged"}
    for origin in ("https://evil.example", "null", "http://testserver.evil.example", "http://testserver:81"):
        assert forger.post("/customers/new", form, headers={"Origin": origin}).status_code == 403, origin
    assert forger.post("/customers/new", form, headers={"Origin": "http://testserver"}).status_code == 303


def test_a_member_s_script_elsewhere_cannot_mark_an_invoice_as_seen(world: World, client: Client) -> None:
    for site in ("cross-site", "same-site", "none"):
        assert client.post(f"/i/{world.token}/views", headers={"Sec-Fetch-Site": site}).status_code == 403
    world.sent.refresh_from_db()
    assert world.sent.viewed_at is None


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "/%09/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    " //evil.example",
    "https:/evil.example",
    "@evil.example",
    "/\r\nLocation: https://evil.example",
]


def test_no_form_leads_to_another_site(make_customer: Any, make_booking: Any, desk: Client) -> None:
    customer, worked_for = make_customer(), make_customer("Oak Dental")
    for wanted in ELSEWHERE:
        booking = make_booking(worked_for, completed=False)
        answers = [
            desk.post("/theme", {"theme": "dark", "next": wanted}),
            desk.post(f"/customers/{customer.pk}/archive", {"next": wanted}),
            desk.post(f"/bookings/{booking.pk}/completion", {"next": wanted}),
            Client().post("/accounts/logout/", {"next": wanted}),
        ]
        for answer in answers:
            went = answer.headers["Location"]
            # As browsers read it: tabs and line ends dropped, backslashes turned.
            read = re.sub(r"[\t\r\n]", "", went).strip().replace("\\", "/")
            assert urlsplit(urljoin("http://testserver/accounts/", read))[:2] == ("http", "testserver"), went
            assert "\n" not in went


HOSTS = [
    "evil.example",
    "evil.example:80",
    "testserver.evil.example",
    "testserver@evil.example",
    "[::1",
    "a b",
]


def test_a_host_that_is_not_ours_is_refused(desk: Client) -> None:
    for host in HOSTS:
        for path in ("/", "/accounts/login/", f"/i/{'x' * 27}", "/api/v1/customers"):
            answer = desk.get(path, headers={"Host": host})
            assert answer.status_code == 400, (host, path, answer.status_code)
            assert b"evil.example" not in answer.content


def test_links_name_our_address_whatever_host_was_asked(world: World, api: ApiClient) -> None:
    forged = {"Host": "localhost", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    headers = {name.replace("-", "_"): value for name, value in forged.items()}
    answer = api.get(f"/invoices/{world.sent.pk}", **headers)

    assert answer.json()["customer_url"] == f"{settings.PUBLIC_BASE_URL}/i/{world.token}"
    assert b"evil.example" not in answer.content
    assert f"{settings.PUBLIC_BASE_URL}/i/" in read_mail(bytes(world.mail.raw)).html
