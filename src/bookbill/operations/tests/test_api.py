"""The company's history over HTTP."""

from typing import Any

import pytest

from bookbill.activity.models import EntryPersonal
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id

pytestmark = pytest.mark.both_databases


def test_an_event_says_who_did_what_to_what_and_what_changed(api: ApiClient, ana: Actor) -> None:
    made = api.post("/customers", {"name": "Maple", "phone": "1", "payment_terms_days": 7}).json()
    api.patch(f"/customers/{made['id']}", {"phone": "2", "payment_terms_days": 30})
    created, edited = api.get("/events").json()["items"]

    assert (created["type"], edited["type"]) == ("customer.created", "customer.edited")
    assert edited["subject"] == {"type": "customer", "id": made["id"], "label": ""}
    assert edited["by"] == {"kind": "api_key", "label": "Till", "member_id": str(ana.member_id)}
    assert edited["before"] == {"phone": "1", "payment_terms_days": 7}
    assert edited["after"] == {"phone": "2", "payment_terms_days": 30}
    assert edited["at"].endswith("Z")


def test_erased_values_are_left_out(api: ApiClient) -> None:
    api.post("/customers", {"name": "Maple", "payment_terms_days": 7})
    EntryPersonal.objects.all().delete()
    (created,) = api.get("/events").json()["items"]

    assert created["after"] == {"payment_terms_days": 7}


def test_a_reader_that_goes_on_after_the_last_event_misses_and_doubles_none(api: ApiClient) -> None:
    for n in range(5):
        api.post("/customers", {"name": f"Customer {n}"})
    seen: list[Any] = []
    after = ""
    while items := api.get(f"/events?limit=2{after}").json()["items"]:
        seen += [event["id"] for event in items]
        after = f"&after={seen[-1]}"
    first = api.get("/events?limit=2").json()

    assert len(seen) == len(set(seen)) == 5
    assert first["next_cursor"] == seen[1]
    assert api.get(f"/events?cursor={first['next_cursor']}").json()["next_cursor"] is None
    assert api.get(f"/events?after={new_id()}").json()["items"] == []


@pytest.mark.parametrize(
    "query", ["after=x", "limit=0", "limit=-1", "limit=ten", "cursor=%00", "since=2026-01-01"]
)
def test_a_bad_question_is_refused(api: ApiClient, query: str) -> None:
    assert api.get(f"/events?{query}").status_code in (400, 422)


def test_thirty_events_take_as_many_queries_as_one(
    api: ApiClient, django_assert_max_num_queries: Any
) -> None:
    api.post("/customers", {"name": "One"})
    with django_assert_max_num_queries(5) as for_one:
        api.get("/events")
    most = len(for_one)
    for n in range(29):
        api.post("/customers", {"name": f"Customer {n}"})
    with django_assert_max_num_queries(most):
        assert len(api.get("/events").json()["items"]) == 30
