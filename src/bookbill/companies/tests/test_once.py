import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import time_machine
from django.db import connection

from bookbill.companies.actors import member_actor
from bookbill.companies.doors import once
from bookbill.companies.models import Company, IdempotentAnswer, Member
from bookbill.companies.rules import Role
from bookbill.companies.tests import toy_urls
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope

pytestmark = [pytest.mark.both_databases, pytest.mark.urls("bookbill.companies.tests.toy_urls")]

BODY = {"email": "new@example.com", "name": "New"}


@pytest.fixture
def api(api_of: Callable[[Actor], ApiClient], owner: Actor) -> ApiClient:
    return api_of(owner)


@pytest.fixture(autouse=True)
def nobody_waits_for_ever() -> Iterator[None]:
    yield
    toy_urls.hold.set()


def member_count(company: Company) -> int:
    with scope(company=company):
        return Member.objects.count()


def test_the_same_key_and_body_get_the_same_bytes_and_act_once(company: Company, api: ApiClient) -> None:
    first, second = (api.post("/members", BODY, key="a key") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert first["Content-Type"] == second["Content-Type"]
    assert member_count(company) == 2


def test_the_same_key_with_another_body_is_refused(company: Company, api: ApiClient) -> None:
    api.post("/members", BODY, key="k")
    answer = api.post("/members", {**BODY, "email": "other@example.com"}, key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert member_count(company) == 2


def test_a_key_means_something_only_on_its_route_and_to_its_holder(
    company: Company, api: ApiClient, api_of: Callable[[Actor], ApiClient], make_member: Callable[..., Member]
) -> None:
    first, second = (make_member(company, Role.OFFICE) for _ in range(2))
    answers = [
        api.post(f"/members/{member.pk}/greeting", {}, key="k").json()["id"] for member in (first, second)
    ]
    assert answers == [str(first.pk), str(second.pk)]
    other = api_of(member_actor(company, make_member(company, Role.OWNER)))
    assert other.post(f"/members/{first.pk}/greeting", {"x": 1}, key="k").status_code == 422
    assert other.post(f"/members/{first.pk}/greeting", {}, key="k").status_code == 201


def test_a_refused_act_leaves_nothing_behind(company: Company, api: ApiClient) -> None:
    api.post("/members", BODY)
    assert api.post("/members", BODY, key="k").status_code == 409
    with scope(company=company):
        assert not IdempotentAnswer.objects.exists()
    assert api.post("/members", {**BODY, "email": "other@example.com"}, key="k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "naïve", "tab\tbed"])
def test_a_key_that_cannot_be_one_is_refused(api: ApiClient, key: str) -> None:
    answer = api.post("/members", BODY, key=key)
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_a_key_is_forgotten_after_three_days(company: Company, api: ApiClient) -> None:
    with time_machine.travel(dt.datetime(2026, 6, 1, tzinfo=dt.UTC), tick=False) as clock:
        api.post("/members", BODY, key="k")
        clock.shift(dt.timedelta(hours=71))
        assert api.post("/members", BODY, key="k").status_code == 201
        clock.shift(dt.timedelta(hours=2))
        assert api.post("/members", BODY, key="k").json()["code"] == "already_a_member"


@pytest.mark.django_db(transaction=True)
def test_twins_at_one_moment_act_once(
    company: Company, api: ApiClient, together: Callable[..., list[Any]]
) -> None:
    answers = together(*[lambda: api.post("/members", BODY, key="k")] * 5)
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.content for answer in answers}) == 1
    assert member_count(company) == 2


@pytest.mark.django_db(transaction=True)
def test_twins_in_different_processes_act_once(
    company: Company, api: ApiClient, together: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    let_processes_not_know_each_other(monkeypatch)
    answers = together(*[lambda: api.post("/members", BODY, key="k")] * 5)
    assert [answer.status_code for answer in answers] == [201] * 5
    assert len({answer.content for answer in answers}) == 1
    assert member_count(company) == 2


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same_process", [True, False])
def test_a_twin_of_a_slow_first_is_told_so_and_later_gets_its_answer(
    company: Company, api: ApiClient, monkeypatch: pytest.MonkeyPatch, same_process: bool
) -> None:
    if not same_process:
        if connection.vendor == "sqlite":
            pytest.skip("one process serves a SQLite file")
        let_processes_not_know_each_other(monkeypatch)
    monkeypatch.setattr(once, "WAIT_SECONDS", 1)
    toy_urls.hold.clear()
    answers: list[Any] = []

    def first() -> None:
        answers.append(api.post("/members", BODY, key="k"))
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    time.sleep(0.5)
    refused = api.post("/members", BODY, key="k")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_progress")
    toy_urls.hold.set()
    thread.join(20)
    assert answers[0].status_code == 201
    assert api.post("/members", BODY, key="k").content == answers[0].content
    assert member_count(company) == 2


def let_processes_not_know_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every claim is alone in its process, so only the database stands between twins."""

    class Everyone(set[Any]):
        def __contains__(self, item: object) -> bool:
            return False

    monkeypatch.setattr(once, "_busy", Everyone())
