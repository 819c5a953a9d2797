import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.companies.actions import change_member, revoke_api_key
from bookbill.companies.actors import member_actor
from bookbill.companies.models import ApiKey, Company, Member
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact

pytestmark = [pytest.mark.both_databases, pytest.mark.urls("bookbill.companies.tests.toy_urls")]

BODY = {"email": "new@example.com", "name": "New"}


@pytest.fixture
def api(api_of: Callable[[Actor], ApiClient], owner: Actor) -> ApiClient:
    return api_of(owner)


def members_of(company: Company) -> list[str]:
    with scope(company=company):
        return sorted(Member.objects.values_list("name", flat=True))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer bb_" + "x" * 43},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer é"},
    ],
)
def test_without_a_live_key_nothing_opens(db: None, headers: dict[str, str]) -> None:
    answer = Client().get("/api/v1/members", headers=headers)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Bearer"
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthorized"


def test_a_session_does_not_open_the_api(owner: Actor, page_of: Callable[[Actor], Client]) -> None:
    assert page_of(owner).get("/api/v1/members").status_code == 401


def test_a_revoked_key_and_an_ended_membership_open_nothing(
    company: Company,
    owner: Actor,
    api: ApiClient,
    make_member: Callable[..., Member],
    api_of: Callable[[Actor], ApiClient],
    now: Any,
) -> None:
    second = make_member(company, Role.OFFICE)
    other = api_of(member_actor(company, second))
    assert other.get("/members").status_code == 200
    with scope(company=company):
        key = ApiKey.objects.get(member_id=str(owner.member_id))
        transact(lambda: change_member(second.pk, is_active=False, by=owner, now=now))
        transact(lambda: revoke_api_key(key.pk, by=owner, now=now))
    assert other.get("/members").status_code == 401
    assert api.get("/members").status_code == 401


def test_a_post_answers_what_it_made(company: Company, api: ApiClient) -> None:
    answer = api.post("/members", BODY)
    assert answer.status_code == 201
    made = answer.json()
    assert made["name"] == "New"
    assert api.get(f"/members/{made['id']}").json() == made
    assert made["created_at"].endswith("Z")
    assert answer["Cache-Control"] == "no-store"
    assert len(answer["X-Request-ID"]) >= 8


def test_a_strangers_id_answers_like_a_random_one(
    twin: Company, make_member: Callable[..., Member], api: ApiClient
) -> None:
    stranger = make_member(twin)
    answers = [
        api.get(f"/members/{name}")
        for name in (stranger.pk, new_id(), "7", "%00", "../me", str(new_id()).upper() + "0")
    ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [{**answer.json(), "request_id": ""} for answer in answers]
    assert all(body == bodies[0] for body in bodies)


@pytest.mark.parametrize(
    ("sent", "status", "code", "field"),
    [
        ({**BODY, "company_id": str(new_id())}, 422, "unknown_field", "company_id"),
        ({"name": "New"}, 422, "required", "email"),
        ({**BODY, "email": "a@[127.0.0.1]"}, 422, "bad_email", "email"),
        ({**BODY, "name": 7}, 422, "validation", "name"),
        ({**BODY, "name": "{message} {x}\u0000"}, 422, "bad_text", "name"),
        ({**BODY, "role": "king"}, 422, "validation", "role"),
        ({**BODY, "tags": ["a", ""]}, 422, "required", "tags.1"),
        ({**BODY, "tags": ["a", "b", "c"]}, 422, "too_long", "tags"),
        ([], 422, "validation", None),
        (None, 422, "validation", None),
        ("{", 400, "malformed", None),
        ('{"name": NaN}', 400, "malformed", None),
        ('{"name": "a", "name": "b", "email": "a@b.co"}', 400, "malformed", None),
        ('"' + "x" * (2 * 1024 * 1024) + '"', 413, "too_large", None),
    ],
)
def test_a_bad_body_is_refused_with_its_field_and_changes_nothing(
    company: Company, api: ApiClient, sent: Any, status: int, code: str, field: str | None
) -> None:
    body = sent if isinstance(sent, str) else json.dumps(sent)
    answer = api.request("post", "/members", body, key="k")
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["field"]) == (status, code, field)
    assert problem["message"]
    assert problem["request_id"] == answer["X-Request-ID"]
    assert answer["Content-Type"] == "application/problem+json"
    assert members_of(company) == ["Ana"]
    assert api.post("/members", BODY, key="k").status_code == 201  # a refused request leaves nothing


def test_what_is_not_json_is_not_read(api: ApiClient) -> None:
    answer = api.client.post(
        "/api/v1/members",
        "name=x",
        content_type="application/x-www-form-urlencoded",
        headers={"Authorization": f"Bearer {api.secret}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


def test_an_act_without_details_takes_an_empty_body_or_none(api: ApiClient) -> None:
    made = api.post("/members", BODY).json()
    address = f"/members/{made['id']}/greeting"
    assert api.post(address, {}).status_code == 201
    assert api.request("post", address).status_code == 201
    assert api.post(address, {"total_minor": 1}).status_code == 422


def test_rights_are_those_of_the_keys_member(api_of: Callable[[Actor], ApiClient], office: Actor) -> None:
    answer = api_of(office).post("/members", BODY)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_a_provider_comes_in_only_with_the_plan(
    company: Company, provider: Actor, api_of: Callable[[Actor], ApiClient]
) -> None:
    api = api_of(provider)
    assert api.get("/members").status_code == 200
    Company.objects.filter(pk=company.pk).update(plan="startup")
    answer = api.get("/members")
    assert (answer.status_code, answer.json()["code"]) == (403, "plan_required")
    assert "Grow" in answer.json()["message"]


def test_an_expected_refusal_keeps_its_code(api: ApiClient) -> None:
    api.post("/members", BODY)
    answer = api.post("/members", BODY)
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        409,
        "already_a_member",
        "email",
    )


def test_a_crash_tells_nothing(api: ApiClient, caplog: pytest.LogCaptureFixture) -> None:
    answer = api.get("/crash")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_error")
    assert b"secret" not in answer.content
    assert f"request {answer['X-Request-ID']}" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/nothing", 404, "not_found"),
        ("get", "/", 404, "not_found"),
        ("put", "/members", 405, "method_not_allowed"),
        ("delete", "/me", 405, "method_not_allowed"),
    ],
)
def test_every_address_answers_as_an_api(
    api: ApiClient, method: str, path: str, status: int, code: str
) -> None:
    answer = api.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert ("Allow" in answer) == (status == 405)


# Lists


def test_pages_follow_each_other_without_gap_or_repeat(
    company: Company, api: ApiClient, make_member: Callable[..., Member], twin: Company
) -> None:
    make_member(twin, name="Stranger")
    for number in range(7):
        make_member(company, name=f"Twin {number // 2}")
    seen: list[str] = []
    path = "/members?limit=3"
    while True:
        page = api.get(path).json()
        seen += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        make_member(company, name="A newcomer before them")
        path = f"/members?limit=3&cursor={page['next_cursor']}"
    assert len(seen) == len(set(seen)) == 8


@pytest.mark.parametrize("limit", ["0", "201", "-1", "1e2", "1_0", " 5", "x", "", "9999999999999999999999"])
def test_a_limit_out_of_bounds_is_refused(api: ApiClient, limit: str) -> None:
    answer = api.get(f"/members?limit={limit}")
    assert (answer.status_code, answer.json()["field"]) == (422, "limit")


def test_a_tampered_cursor_is_refused(
    company: Company, api: ApiClient, make_member: Callable[..., Member]
) -> None:
    make_member(company)
    cursor = api.get("/members?limit=1").json()["next_cursor"]
    for changed in (cursor[:-1] + "_", "x" + cursor, "x", "x" * 2000, "%00", cursor.upper()):
        answer = api.get(f"/members?limit=1&cursor={changed}")
        assert answer.status_code in (400, 422), changed
        assert answer.json()["code"] in ("bad_cursor", "validation", "too_long", "malformed")


def test_a_mistyped_filter_does_not_list_everything(api: ApiClient) -> None:
    answer = api.get("/members?rolle=owner")
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (
        422,
        "unknown_field",
        "rolle",
    )
