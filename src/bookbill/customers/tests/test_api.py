"""Customers over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from tests.support.cast import add_member, make_company

pytestmark = pytest.mark.both_databases

ADDRESS = {
    "line1": "1 Front St",
    "line2": "",
    "city": "Toronto",
    "region": "ON",
    "postal_code": "M5J 2N1",
    "country": "Canada",
}


def test_a_customer_is_answered_as_it_was_sent(api: ApiClient) -> None:
    sent = {
        "name": "Maple Offices",
        "company_name": "Maple Ltd.",
        "email": "front@maple.example",
        "billing_email": "bills@maple.example",
        "bill_only_to_billing_email": True,
        "always_copy": ["boss@maple.example"],
        "phone": "+1 416 555 0100",
        "billing_address": ADDRESS,
        "service_address": {**ADDRESS, "line1": "2 King St"},
        "tax_id": "CA123",
        "tax_exempt": True,
        "exemption_reason": "Diplomatic",
        "payment_terms_days": 30,
        "language": "fr",
        "external_id": "crm-7",
    }
    made = api.post("/customers", sent)
    read = api.get(f"/customers/{made.json()['id']}")

    assert made.status_code == 201
    assert read.json() == made.json()
    assert read.json() | sent == read.json()
    assert read.json()["tax_ids"] == [{"scheme": "", "value": "CA123"}]


def test_a_patch_changes_only_what_it_sends_and_counts_the_revision(api: ApiClient) -> None:
    made = api.post("/customers", {"name": "Maple Offices", "phone": "1"}).json()
    read = api.get(f"/customers/{made['id']}")
    changed = api.patch(
        f"/customers/{made['id']}",
        {"email": "a@maple.example", "billing_address": {"city": "Hull"}},
        If_Match=read["ETag"],
    )

    assert changed.status_code == 200
    assert changed.json()["phone"] == "1"
    assert changed.json()["billing_address"]["city"] == "Hull"
    assert changed["ETag"] != read["ETag"]


def test_a_stale_edit_is_refused_and_changes_nothing(api: ApiClient) -> None:
    made = api.post("/customers", {"name": "Maple Offices"}).json()
    first = api.get(f"/customers/{made['id']}")["ETag"]
    api.patch(f"/customers/{made['id']}", {"phone": "1"})
    refused = api.patch(f"/customers/{made['id']}", {"phone": "2"}, If_Match=first)

    assert (refused.status_code, refused.json()["code"]) == (409, "stale")
    assert api.get(f"/customers/{made['id']}").json()["phone"] == "1"


def test_the_same_idempotency_key_makes_one_customer(api: ApiClient) -> None:
    first = api.post("/customers", {"name": "Maple"}, key="once")
    again = api.post("/customers", {"name": "Maple"}, key="once")
    other = api.post("/customers", {"name": "Oak"}, key="once")

    assert again.content == first.content
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert Customer.objects.count() == 1


def test_an_external_id_is_taken_once(api: ApiClient) -> None:
    api.post("/customers", {"name": "Maple", "external_id": "7"})
    refused = api.post("/customers", {"name": "Oak", "external_id": "7"})

    assert (refused.status_code, refused.json()["code"]) == (409, "external_id_taken")
    assert refused.json()["field"] == "external_id"
    found = api.get("/customers?external_id=7").json()["items"]
    assert [customer["name"] for customer in found] == ["Maple"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"name": "a\ud800b"}, "name"),
        ({"name": 7}, "name"),
        ({"name": None}, "name"),
        ({"name": "A", "status": "paid"}, "status"),
        ({"name": "A", "id": str(new_id())}, "id"),
        ({"name": "A", "company": str(new_id())}, "company"),
        ({"name": "A", "email": "nobody"}, "email"),
        ({"name": "A", "email": "a@b.example\nBcc: c@d.example"}, "email"),
        ({"name": "A", "email": "a@[127.0.0.1]"}, "email"),
        ({"name": "A", "always_copy": ["a@b.example", "x"]}, "always_copy.1"),
        ({"name": "A", "always_copy": [f"a{n}@b.example" for n in range(1000)]}, "always_copy"),
        ({"name": "A", "billing_address": {"street": "x"}}, "billing_address.street"),
        ({"name": "A", "billing_address": "1 Front St"}, "billing_address"),
        ({"name": "A", "payment_terms_days": -1}, "payment_terms_days"),
        ({"name": "A", "payment_terms_days": 366}, "payment_terms_days"),
        ({"name": "A", "payment_terms_days": "14"}, "payment_terms_days"),
        ({"name": "A", "payment_terms_days": 1.5}, "payment_terms_days"),
        ({"name": "A", "payment_terms_days": True}, "payment_terms_days"),
        ({"name": "A", "tax_exempt": "yes"}, "tax_exempt"),
        ({"name": "A", "tax_exempt": True}, "exemption_reason"),
        ({"name": "A", "bill_only_to_billing_email": True}, "billing_email"),
        ({"name": "A", "language": "klingon"}, "language"),
        ({"name": "A", "tax_id": "1", "tax_ids": []}, "tax_id"),
        ({"name": "A", "external_id": ""}, "external_id"),
    ],
)
def test_bad_input_is_named_and_leaves_nothing(api: ApiClient, body: dict[str, Any], field: str) -> None:
    refused = api.post("/customers", body)

    assert refused.status_code == 422, refused.content
    assert refused["Content-Type"].startswith("application/problem+json")
    assert refused.json()["field"] == field
    assert refused.json()["request_id"]
    assert not Customer.objects.exists()


def test_an_invoice_to_all_addresses_of_a_customer_goes_to_twenty_at_most(api: ApiClient) -> None:
    copies = [f"c{n}@oak.example" for n in range(20)]
    body = {"name": "Oak", "email": "C0@oak.example", "always_copy": copies}
    made = api.post("/customers", body)  # one address twice
    assert made.status_code == 201
    for refused in (
        api.post("/customers", body | {"email": "oak@oak.example"}),
        api.patch(f"/customers/{made.json()['id']}", {"billing_email": "bills@oak.example"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (422, "too_many_recipients")
        assert refused.json()["field"] == "always_copy"
    Customer.objects.update(billing_email="bills@oak.example")  # as before this was asked
    assert api.patch(f"/customers/{made.json()['id']}", {"phone": "+1 514 555 0100"}).status_code == 200


def test_search_finds_beginnings_of_words_whatever_their_accents(api: ApiClient) -> None:
    api.post("/customers", {"name": "Zoé Trémblay", "email": "zoe@trem.example"})
    api.post("/customers", {"name": "Oak Ltd."})

    for search in ("tremb", "ZOE tre", "zoe@trem"):
        found = api.get(f"/customers?search={search}")
        assert [customer["name"] for customer in found.json()["items"]] == ["Zoé Trémblay"], search


def test_pages_of_a_list_hold_every_customer_once(
    api: ApiClient, make_customer: Callable[..., Customer]
) -> None:
    names = {make_customer(f"Customer {n}").name for n in range(5)}
    seen: list[str] = []
    cursor = ""
    while True:
        page = api.get(f"/customers?limit=2{cursor}").json()
        seen += [customer["name"] for customer in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert len(seen) == 5
    assert set(seen) == names


def test_a_list_of_thirty_takes_as_many_queries_as_a_list_of_one(
    api: ApiClient, make_customer: Callable[..., Customer], django_assert_max_num_queries: Any
) -> None:
    make_customer()
    api.get("/customers")
    with django_assert_max_num_queries(6) as for_one:
        api.get("/customers")
    for n in range(29):
        make_customer(f"Customer {n}")
    with django_assert_max_num_queries(len(for_one)):
        assert len(api.get("/customers").json()["items"]) == 30


def test_a_strangers_customer_answers_like_none(api: ApiClient, api_of: Callable[[Actor], ApiClient]) -> None:
    twin, tom = make_company("Twin")
    with scope(company=twin):
        theirs = api_of(tom).post("/customers", {"name": "Secret"}).json()["id"]

    for pk in (theirs, str(new_id())):
        for answer in (
            api.get(f"/customers/{pk}"),
            api.patch(f"/customers/{pk}", {"name": "Mine"}),
            api.get(f"/customers/{pk}/balance"),
        ):
            assert answer.status_code == 404
            assert answer.json()["code"] == "not_found"
    assert api.get("/customers/not-an-id").status_code == 404
    assert (
        api.get(f"/customers/{theirs}").json()["message"]
        == api.get(f"/customers/{new_id()}").json()["message"]
    )


def test_rights_decide_who_reads_and_who_changes(
    company: Company, api_of: Callable[[Actor], ApiClient], make_customer: Callable[..., Customer]
) -> None:
    pk = make_customer().pk
    answers = {
        role: (
            api_of(add_member(company, role, role)).get(f"/customers/{pk}").status_code,
            api_of(add_member(company, f"{role}2", role))
            .patch(f"/customers/{pk}", {"phone": "1"})
            .status_code,
        )
        for role in (Role.OFFICE, Role.ACCOUNTANT, Role.PROVIDER)
    }

    assert answers == {Role.OFFICE: (200, 200), Role.ACCOUNTANT: (200, 403), Role.PROVIDER: (403, 403)}


def test_a_customer_is_archived_and_brought_back(api: ApiClient) -> None:
    maple, oak = (api.post("/customers", {"name": name}).json()["id"] for name in ("Maple", "Oak"))
    assert api.post(f"/customers/{maple}/archival").json()["archived_at"]

    def listed(query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/customers?{query}").json()["items"]]

    assert listed("archived=true") == [maple]
    assert listed("archived=false") == [oak]
    assert listed("") == [oak, maple]
    assert api.delete(f"/customers/{maple}/archival").json()["archived_at"] is None
    assert listed("archived=true") == []
