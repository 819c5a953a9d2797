"""Bodies that no program sends, keys that were used, cursors of another list, fields that are nobody's to set."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from bookbill.bookings.models import Booking
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from tests.attacks.bodies import acts
from tests.attacks.values import SEARCHES
from tests.attacks.world import World, everything

# What a program may want to set, and only the ledger may.
NOT_THEIRS: dict[str, Any] = {
    "id": "019f190b-5180-7fc0-8b21-bd1bdcf8bf96",
    "company": "019f190b-5180-7fc0-8b21-bd1bdcf8bf96",
    "company_id": "019f190b-5180-7fc0-8b21-bd1bdcf8bf96",
    "created_at": "2020-01-01T00:00:00Z",
    "revision": 7,
    "number": "INV-1",
    "number_n": 1,
    "status": "paid",
    "paid_minor": 10_000,
    "covered_minor": 10_000,
    "due_minor": 0,
    "total_minor": 1,
    "tax_minor": 0,
    "net_minor": 1,
    "sent_at": "2026-06-30T00:00:00Z",
    "cancelled_at": None,
    "viewed_at": "2026-06-30T00:00:00Z",
    "link_token": "x" * 27,
    "invoice_id": None,
    "live_claim": "x",
    "plan": "grow",
    "is_sandbox": True,
    "clock_offset_seconds": 3_600,
    "role": "owner",
    "by": "somebody",
    "now": "2020-01-01T00:00:00Z",
    "__class__": "x",
    "__proto__": {"x": 1},
    "$where": "1",
    "pk": 1,
    "customer__name": "x",
}


def test_nobody_sets_what_the_ledger_works_out(world: World, api: ApiClient) -> None:
    before = everything()
    for act in acts(world):
        for name, value in NOT_THEIRS.items():
            if name in act.body or (name == "invoice_id" and act.path == "/payments"):
                continue
            answer = api.request(act.method, act.path, {**act.body, name: value})
            said = (act.path, name, answer.status_code, answer.content[:200])
            assert answer.status_code == 422, said
            assert (answer.json()["code"], answer.json()["field"]) == ("unknown_field", name), said
    assert everything() == before


def test_nobody_sets_it_deeper_down_either(world: World, api: ApiClient) -> None:
    for act in acts(world):
        for part in ("items", "tax_ids", "components", "allocations"):
            if part in act.body:
                answer = api.request(act.method, act.path, act.with_value((part, 0, "net_minor"), 1))
                assert answer.json()["field"] == f"{part}.0.net_minor", answer.content
        for part in ("discount", "fee", "billing_address", "service_address"):
            if part in act.body:
                answer = api.request(act.method, act.path, act.with_value((part, "amount_minor"), 1))
                assert answer.json()["field"] == f"{part}.amount_minor", answer.content


BODIES: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "application/json"),
    "null": (b"null", "application/json"),
    "text": (b'"{}"', "application/json"),
    "number": (b"1", "application/json"),
    "list": (b"[{}]", "application/json"),
    "cut": (b'{"name": "a', "application/json"),
    "two": (b"{}{}", "application/json"),
    "comma": (b'{"name": "a",}', "application/json"),
    "single quotes": (b"{'name': 'a'}", "application/json"),
    "comment": (b'{"name": "a"} // x', "application/json"),
    "byte order mark": (b'\xef\xbb\xbf{"name": "a"}', "application/json"),
    "utf-16": ('{"name": "a"}'.encode("utf-16"), "application/json"),
    "utf-32": ('{"name": "a"}'.encode("utf-32"), "application/json"),
    "latin-1": ('{"name": "é"}'.encode("latin-1"), "application/json"),
    "overlong": (b'{"name": "\xc0\xaf"}', "application/json"),
    "surrogate bytes": (b'{"name": "\xed\xa0\x80"}', "application/json"),
    "surrogate key": (b'{"\\ud800": 1}', "application/json"),
    "null key": (b'{"\\u0000": 1}', "application/json"),
    "raw null": (b'{"name": "a\x00b"}', "application/json"),
    "raw line end": (b'{"name": "a\nb"}', "application/json"),
    "doubled": (b'{"name": "a", "name": "b"}', "application/json"),
    "doubled by escape": (b'{"name": "a", "n\\u0061me": "b"}', "application/json"),
    "doubled below": (b'{"name": "a", "billing_address": {"city": "a", "city": "b"}}', "application/json"),
    "deep lists": (b'{"name": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "application/json"),
    "deep objects": (b'{"name": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}", "application/json"),
    "deeper than the stack": (b"[" * 200_000, "application/json"),
    "wide": (b'{"name": [' + b"1," * 500_000 + b"1]}", "application/json"),
    "many keys": (json.dumps({f"k{n}": n for n in range(50_000)}).encode(), "application/json"),
    "too large": (b'{"name": "' + b"a" * 2_200_000 + b'"}', "application/json"),
    "long number": (b'{"name": ' + b"9" * 100_000 + b"}", "application/json"),
    "NaN": (b'{"name": NaN}', "application/json"),
    "infinite": (b'{"name": -Infinity}', "application/json"),
    "large exponent": (b'{"name": 1e999999999}', "application/json"),
    "XML": (b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", "text/xml"),
    "form": (b"name=a", "application/x-www-form-urlencoded"),
    "parts": (b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\na\r\n--x--', "multipart/form-data; boundary=x"),
    "no boundary": (b"name", "multipart/form-data"),
    "text type": (b'{"name": "a"}', "text/plain"),
    "no type": (b'{"name": "a"}', ""),
    "odd type": (b'{"name": "a"}', "application/json\x00"),
    "other json": (b'{"name": "a"}', "application/jsonp"),
    "pickle": (b"\x80\x04.", "application/python-pickle"),
}  # fmt: skip


def test_no_odd_body_is_taken(world: World, api: ApiClient) -> None:
    before = everything()
    for name, (body, content_type) in BODIES.items():
        for path in ("/customers", f"/invoices/{world.sent.pk}/cancellation", "/payments"):
            answer = api.client.generic(
                "POST",
                f"/api/v1{path}",
                body,
                content_type=content_type,
                headers={"Authorization": f"Bearer {api.secret}"},
            )
            assert answer.status_code in (400, 413, 415, 422), (name, path, answer.status_code)
            assert answer.headers["Content-Type"] == "application/problem+json", name
            assert len(answer.content) < 20_000, name
            assert b"Traceback" not in answer.content, name
    assert everything() == before


def test_another_charset_and_a_parameter_change_nothing(api: ApiClient) -> None:
    for content_type in (
        "application/json; charset=utf-8",
        "application/json;charset=utf-16",
        "APPLICATION/JSON",
    ):
        answer = api.client.generic(
            "POST",
            "/api/v1/customers",
            '{"name": "Zoé"}'.encode(),
            content_type=content_type,
            headers={"Authorization": f"Bearer {api.secret}"},
        )
        assert answer.status_code in (201, 415), content_type
        assert answer.status_code == 415 or answer.json()["name"] == "Zoé"


# Once


def test_a_key_that_was_used_answers_the_same_or_refuses(world: World, api: ApiClient) -> None:
    body = {"customer_id": str(world.customer.pk), "method": "cash", "amount_minor": 500}
    first = api.post("/payments", body, key="till-1")
    before = everything()
    assert api.post("/payments", body, key="till-1").content == first.content
    for other in ({**body, "amount_minor": 501}, {**body, "method": "card"}, {}):
        answer = api.post("/payments", other, key="till-1")
        assert answer.status_code == 422, answer.content
    assert api.request("post", "/payments", json.dumps(body, indent=1), key="till-1").status_code == 422
    assert everything() == before
    # On another address the same key is another key.
    assert api.post("/customers", {"name": "Ash"}, key="till-1").status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a" * 256, "a" * 100_000, "é", "a\tb", "a\x7f", "\x00"])
def test_a_key_that_cannot_be_kept_is_refused(api: ApiClient, key: str) -> None:
    answer = api.post("/customers", {"name": "Ash"}, key=key)

    assert answer.status_code == (201 if key == " " else 422), answer.content
    assert Customer.objects.count() == (key == " ")


def test_a_refused_request_frees_its_key(api: ApiClient) -> None:
    assert api.post("/customers", {"name": ""}, key="k").status_code == 422
    assert api.post("/customers", {"name": "Ash"}, key="k").status_code == 201


def test_a_stale_or_odd_revision_changes_nothing(world: World, api: ApiClient) -> None:
    before = everything()
    for path, body in (
        (f"/customers/{world.customer.pk}", {"name": "Late"}),
        (f"/bookings/{world.scheduled.pk}", {"note": "Late"}),
        (f"/invoices/{world.draft.pk}", {"note": "Late"}),
        ("/company", {"name": "Late"}),
    ):
        assert api.patch(path, body, If_Match='"999999"').status_code == 409, path
        for odd in ('"x"', "1", '"-1"', 'W/"1"', '"1", "2"', '"' + "9" * 40 + '"', '"1\x00"', ""):
            assert api.patch(path, body, If_Match=odd).status_code == 400, (path, odd)
    assert everything() == before


# Lists


def tampered(cursor: str) -> list[str]:
    return [
        cursor[:-1],
        cursor + "x",
        cursor.swapcase(),
        cursor.replace(":", "", 1),
        cursor[::-1],
        "x" + cursor,
        "WyJ4Il0:1abc:sig",
        "eyJ4IjoxfQ",
        "null",
        "-1",
        "%00",
        "' OR 1=1 --",
        "\N{SNOWMAN}",
        "a" * 999,
        "a" * 1_001,
        "a" * 50_000,
    ]


def test_a_cursor_opens_only_its_own_list(
    api: ApiClient, desk: Any, make_customer: Callable[..., Any]
) -> None:
    for name in ("Ash", "Birch", "Cedar"):
        make_customer(name)
    cursor = api.get("/customers?limit=1").json()["next_cursor"]
    assert api.get(f"/customers?limit=1&cursor={cursor}").status_code == 200
    for other in ("/bookings", "/invoices", "/payments", "/services", "/tax-codes", "/events"):
        assert api.get(f"{other}?cursor={cursor}").status_code == 422, other
    for wrong in tampered(cursor):
        answer = api.client.get(
            "/api/v1/customers", {"cursor": wrong}, headers={"Authorization": f"Bearer {api.secret}"}
        )
        assert answer.status_code in (400, 422), wrong[:60]
        for page in ("customers", "bookings", "payments/invoices", "payments/transactions", "operations"):
            shown = desk.get(f"/{page}", {"cursor": wrong})
            assert shown.status_code in (200, 422), (page, wrong[:60], shown.status_code)


def test_a_list_takes_no_other_order_size_or_field(api: ApiClient) -> None:
    for query in (
        "order=name", "order_by=-id", "sort=name;drop", "limit=0", "limit=201", "limit=-1", "limit=1e2", "limit=１",
        "limit=1.0", "limit=", "limit=null", "limit=1&limit=2&limit=x", "fields=key_hash", "company_id=1", "id__gt=1",
        "name__startswith=a", "search[]=a", "search=a&search=b&x=1", "offset=1", "expand=company",
    ):  # fmt: skip
        answer = api.get(f"/customers?{query}")
        assert answer.status_code == 422, (query, answer.status_code)


@pytest.mark.both_databases
def test_a_search_is_only_a_search(
    api: ApiClient, desk: Any, make_booking: Callable[..., Booking], make_customer: Callable[..., Any]
) -> None:
    for name in ("100% Clean", "Snake_Case", "O'Neil"):
        make_booking(make_customer(name))
    before = everything()
    for text in SEARCHES[:: 1 if connection.vendor == "postgresql" else 2]:
        typed = text.encode("utf-8", "replace").decode()
        for path in ("search", "customers", "bookings", "payments/invoices", "payments/transactions"):
            shown = desk.get(f"/{path}", {"q": typed})
            assert shown.status_code == 200, (path, text[:60], shown.status_code)
        for path in ("/customers", "/invoices"):
            answer = api.client.get(
                f"/api/v1{path}", {"search": typed}, headers={"Authorization": f"Bearer {api.secret}"}
            )
            assert answer.status_code in (200, 400, 422), (path, text[:60], answer.content)
    assert everything() == before
    # A percent sign and an underscore stand for themselves, a quote ends nothing.
    for text, found in {"%": 0, "_": 0, "S_": 0, "100%": 1, "o'n": 1, "' OR '1'='1": 0, "snake": 1}.items():
        assert (
            len(api.get("/customers?search=" + text.replace("%", "%25").replace(" ", "%20")).json()["items"])
            == found
        ), text


def test_filters_take_nothing_that_cannot_be_meant(api: ApiClient, desk: Any) -> None:
    odd = ["x\0", "-1", "9" * 50, "2026-02-30", "\N{SNOWMAN}" * 900]
    for path, names in {
        "/bookings": ("customer_id", "provider_id", "state", "from", "to", "to_invoice"),
        "/invoices": ("customer_id", "status", "mark", "from", "to"),
        "/payments": ("customer_id", "invoice_id", "from", "to"),
        "/events": ("after",),
    }.items():
        for name in names:
            for value in odd:
                answer = api.client.get(
                    f"/api/v1{path}", {name: value}, headers={"Authorization": f"Bearer {api.secret}"}
                )
                assert answer.status_code in (400, 404, 422), (path, name, value[:40], answer.status_code)
    for path in (
        "customers",
        "bookings",
        "payments/invoices",
        "payments/transactions",
        "payments/invoices/choose",
    ):
        for name in (
            "tab",
            "customer",
            "provider",
            "date_from",
            "date_to",
            "method",
            "bookings",
            "copy",
            "next",
        ):
            for value in odd:
                assert desk.get(f"/{path}", {name: value}).status_code < 500, (path, name, value[:40])
