"""Bookings and the catalogue over HTTP."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.work.draining import drain
from tests.support.cast import add_member

pytestmark = pytest.mark.both_databases

PRICES = {
    "unit_price", "amount_minor", "net_minor", "discount", "discount_minor", "subtotal_minor", "taxes", "tax_minor",
    "total_minor", "paid_minor", "reduced_minor", "written_off_minor", "due_minor", "currency", "invoice_id",
}  # fmt: skip


@pytest.fixture
def body(make_customer: Callable[..., Customer]) -> dict[str, Any]:
    return {
        "customer_id": str(make_customer().pk),
        "service_date": "2026-06-30",
        "items": [{"description": "Office clean", "unit_price": "115.00"}],
    }


def names_in(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(names_in, value.values()))
    return set().union(*map(names_in, value)) if isinstance(value, list) else set()


def test_a_service_brings_its_price_and_tax_along(
    api: ApiClient, body: dict[str, Any], tax_code: TaxCode
) -> None:
    service = api.post(
        "/services", {"name": "Window", "unit_price": "7.5", "tax_code_id": str(tax_code.pk)}
    ).json()
    made = api.post("/bookings", {**body, "items": [{"service_id": service["id"], "quantity": "4"}]})

    assert made.status_code == 201, made.content
    (item,) = made.json()["items"]
    assert (item["description"], item["quantity"], item["unit_price"], item["amount_minor"]) == (
        "Window",
        "4",
        "7.50",
        3000,
    )
    assert item["tax_code_id"] == str(tax_code.pk)
    assert made.json()["taxes"] == [
        {
            "name": "HST",
            "rate": "13",
            "category": "standard",
            "inclusive": False,
            "base_minor": 3000,
            "amount_minor": 390,
        }
    ]
    assert (made.json()["total_minor"], made.json()["tax_minor"], made.json()["due_minor"]) == (
        3390,
        390,
        3390,
    )
    assert [row["id"] for row in api.get("/services").json()["items"]] == [service["id"]]


def test_inclusive_and_compound_taxes_are_what_was_asked_for(api: ApiClient, body: dict[str, Any]) -> None:
    code = api.post(
        "/tax-codes",
        {
            "name": "Both",
            "inclusive": True,
            "components": [{"name": "A", "rate": "10"}, {"name": "B", "rate": "5", "compound": True}],
        },
    )
    assert code.status_code == 201
    booking = api.post("/bookings", {**body, "tax_code_id": code.json()["id"]}).json()

    assert booking["total_minor"] == 11_500
    assert booking["subtotal_minor"] + booking["tax_minor"] == 11_500
    assert [component["compound"] for component in code.json()["components"]] == [False, True]
    assert [row["name"] for row in api.get("/tax-codes").json()["items"]] == ["Both"]


def test_a_booking_is_answered_as_it_was_sent(api: ApiClient, body: dict[str, Any], ana: Actor) -> None:
    sent = {
        **body,
        "start_time": "09:30",
        "items": [{"description": "Clean", "quantity": "2.5", "unit": "h", "unit_price": "46.1234", "service_id": None, "tax_code_id": None}],
        "discount": {"kind": "percent", "value": "12.5"},
        "provider_id": str(ana.member_id),
        "service_address": {"line1": "2 King St", "line2": "", "city": "Toronto", "region": "", "postal_code": "", "country": ""},
        "held_back": True,
        "note": "Key under the mat\nDog",
        "external_id": "cal-1",
        "tax_code_id": None,
    }  # fmt: skip
    made = api.post("/bookings", {**sent, "state": "completed"})
    read = api.get(f"/bookings/{made.json()['id']}")

    assert made.status_code == 201, made.content
    assert read.json() == made.json()
    answer = read.json()
    assert answer["items"][0] | sent["items"][0] == answer["items"][0]
    assert answer | {name: value for name, value in sent.items() if name != "items"} == answer
    assert (answer["state"], answer["number"], answer["time_zone"]) == (
        "completed",
        "B-1001",
        "America/Toronto",
    )


def test_a_patch_replaces_items_whole_and_leaves_the_rest(api: ApiClient, body: dict[str, Any]) -> None:
    made = api.post("/bookings", {**body, "note": "keep me"}).json()
    changed = api.patch(f"/bookings/{made['id']}", {"items": [{"description": "Other", "unit_price": "1"}]})

    assert changed.status_code == 200, changed.content
    assert [item["description"] for item in changed.json()["items"]] == ["Other"]
    assert (changed.json()["total_minor"], changed.json()["note"]) == (100, "keep me")
    stale = api.patch(f"/bookings/{made['id']}", {"note": "x"}, If_Match='"1"')
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")


def test_completing_twice_is_refused_and_a_repeated_key_is_not(api: ApiClient, body: dict[str, Any]) -> None:
    at = f"/bookings/{api.post('/bookings', body).json()['id']}/completion"

    assert api.request("post", at, key="k").json()["state"] == "completed"  # without any body
    assert api.request("post", at, key="k").status_code == 201
    refused = api.post(at)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_completed")


def test_a_cancelled_booking_keeps_its_fee_and_is_final(api: ApiClient, body: dict[str, Any]) -> None:
    made = api.post("/bookings", body).json()
    at = f"/bookings/{made['id']}"
    fee = {"description": "Late cancellation", "unit_price": "20.00"}
    cancelled = api.post(f"{at}/cancellation", {"fee": fee, "reason": "Customer called"})

    assert (cancelled.status_code, cancelled.json()["state"], cancelled.json()["total_minor"]) == (
        201,
        "cancelled",
        2000,
    )
    assert api.patch(at, {"note": "x"}).json()["code"] == "booking_cancelled"
    assert api.delete(at).json()["code"] == "booking_has_records"


def test_only_a_bare_plan_is_deleted(api: ApiClient, body: dict[str, Any]) -> None:
    plan = api.post("/bookings", body).json()["id"]
    done = api.post("/bookings", {**body, "state": "completed"}).json()["id"]

    assert api.delete(f"/bookings/{plan}").status_code == 204
    assert api.get(f"/bookings/{plan}").status_code == 404
    assert api.delete(f"/bookings/{done}").status_code == 409
    assert api.get(f"/bookings/{done}").status_code == 200


def test_lists_are_filtered_and_in_the_order_of_service(
    api: ApiClient, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    maple = make_customer()
    late = make_booking(maple, service_date=date(2026, 7, 9))
    early = make_booking(maple, service_date=date(2026, 7, 1), completed=False)
    other = make_booking(service_date=date(2026, 7, 5), external_id="cal-9")

    def ids(query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/bookings?{query}").json()["items"]]

    assert ids("") == [str(late.pk), str(other.pk), str(early.pk)]
    assert ids(f"customer_id={maple.pk}") == [str(late.pk), str(early.pk)]
    assert ids("state=scheduled") == [str(early.pk)]
    assert ids("from=2026-07-02&to=2026-07-05") == [str(other.pk)]
    assert ids("to_invoice=true") == [str(late.pk), str(other.pk)]
    assert ids("external_id=cal-9") == [str(other.pk)]
    assert api.get("/bookings?customer=x").json()["field"] == "customer"
    first = api.get("/bookings?limit=2").json()
    assert [
        row["id"] for row in api.get(f"/bookings?limit=2&cursor={first['next_cursor']}").json()["items"]
    ] == [str(early.pk)]
    assert api.get("/customers?cursor=" + first["next_cursor"]).json()["code"] == "bad_cursor"


def test_a_list_of_thirty_takes_as_many_queries_as_a_list_of_one(
    api: ApiClient, make_booking: Callable[..., Booking], django_assert_max_num_queries: Any
) -> None:
    make_booking()
    api.get("/bookings")
    with django_assert_max_num_queries(8) as for_one:
        api.get("/bookings")
    for _ in range(29):
        make_booking()
    with django_assert_max_num_queries(len(for_one)):
        assert len(api.get("/bookings").json()["items"]) == 30


def test_a_provider_sees_and_completes_the_own_bookings_and_no_price_anywhere(
    company: Company, api_of: Callable[[Actor], ApiClient], make_booking: Callable[..., Booking]
) -> None:
    pat = add_member(company, "pat", Role.PROVIDER)
    mine = make_booking(provider_id=pat.member_id, completed=False, price="76543.21")
    others = make_booking(completed=False)
    api = api_of(pat)

    listed = api.get("/bookings")
    assert [row["id"] for row in listed.json()["items"]] == [str(mine.pk)]
    read = api.get(f"/bookings/{mine.pk}")
    done = api.post(f"/bookings/{mine.pk}/completion")
    assert (read.status_code, done.status_code, done.json()["state"]) == (200, 201, "completed")
    for answer in (listed, read, done):
        assert not names_in(answer.json()) & PRICES
        assert "76543" not in answer.content.decode()
    assert api.get(f"/bookings/{others.pk}").status_code == 404
    assert api.post(f"/bookings/{others.pk}/completion").status_code == 404
    assert api.get(f"/bookings?provider_id={others.pk}").json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/bookings", {"customer_id": str(new_id()), "service_date": "2026-06-30", "items": [{"description": "x", "unit_price": "1"}]}),
        ("patch", "/bookings/{booking}", {"note": "x"}),
        ("delete", "/bookings/{booking}", None),
        ("post", "/bookings/{booking}/cancellation", {}),
        ("post", "/bookings/{booking}/write-off", {"amount_minor": 1, "reason": "x"}),
        ("post", "/bookings/{booking}/reduction", {"amount_minor": 1, "reason": "x"}),
        ("get", "/services", None),
        ("get", "/tax-codes", None),
        ("post", "/services", {"name": "x", "unit_price": "1"}),
        ("post", "/tax-codes", {"name": "x", "components": [{"name": "x", "rate": "1"}]}),
        ("get", "/customers", None),
        ("get", "/invoices", None),
        ("get", "/payments", None),
        ("get", "/events", None),
        ("post", "/invoices", {"booking_ids": ["{booking}"]}),
        ("post", "/payments", {"customer_id": str(new_id()), "method": "cash", "amount_minor": 1}),
    ],
)  # fmt: skip
def test_a_provider_is_refused_everything_else(
    method: str, path: str, body: Any,
    company: Company, api_of: Callable[[Actor], ApiClient], make_booking: Callable[..., Booking],
) -> None:  # fmt: skip
    pat = add_member(company, "pat", Role.PROVIDER)
    booking = make_booking(provider_id=pat.member_id)
    if body and "booking_ids" in body:
        body = {"booking_ids": [str(booking.pk)]}
    refused = api_of(pat).request(method, path.format(booking=booking.pk), body)

    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


ITEM = {"description": "Clean", "unit_price": "10.00"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"service_date": "2026-02-30"}, "service_date"),
        ({"service_date": "30/06/2026"}, "service_date"),
        ({"service_date": "1066-10-14"}, "service_date"),
        ({"service_date": "２０２６-06-30"}, "service_date"),
        ({"service_date": 20260630}, "service_date"),
        ({"start_time": "25:00"}, "start_time"),
        ({"start_time": "9:30"}, "start_time"),
        ({"items": []}, "items"),
        ({"items": {}}, "items"),
        ({"items": [ITEM] * 201}, "items"),
        ({"items": [{**ITEM, "unit_price": 10}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "unit_price": 10.5}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "unit_price": "1e3"}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "unit_price": "1_000"}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "unit_price": "１０"}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "unit_price": "NaN"}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "unit_price": "1.23456"}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "unit_price": "9" * 14}]}, "items.0.unit_price"),
        ({"items": [{**ITEM, "quantity": "1.2345"}]}, "items.0.quantity"),
        ({"items": [{**ITEM, "unit_price": "9999999999"}]}, "items"),
        ({"items": [{**ITEM, "unit_price": "-10.00"}]}, "items"),
        ({"items": [{**ITEM, "total_minor": 1}]}, "items.0.total_minor"),
        ({"items": [{"description": "no price"}]}, "items.unit_price"),
        ({"items": [{"unit_price": "1.00"}]}, "items.description"),
        ({"items": [{**ITEM, "service_id": str(new_id())}]}, "service_id"),
        ({"discount": {"kind": "percent", "value": "101"}}, "items"),
        ({"discount": {"kind": "percent", "value": "-1"}}, "items"),
        ({"discount": {"kind": "amount", "value": "10.001"}}, "items"),
        ({"discount": {"kind": "amount", "value": "116.00"}}, "items"),
        ({"discount": {"kind": "gift", "value": "1"}}, "discount.kind"),
        ({"tax_code_id": str(new_id())}, "tax_code_id"),
        ({"tax_code_id": "x"}, "tax_code_id"),
        ({"provider_id": str(new_id())}, "provider_id"),
        ({"state": "cancelled"}, "state"),
        ({"total_minor": 1}, "total_minor"),
        ({"number": "B-1"}, "number"),
        ({"company_id": str(new_id())}, "company_id"),
        ({"note": "x" * 5001}, "note"),
        ({"note": "\x00"}, "note"),
    ],
)  # fmt: skip
def test_bad_input_is_named_and_leaves_nothing(
    api: ApiClient, body: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    refused = api.post("/bookings", body | change)

    assert refused.status_code == 422, refused.content
    assert refused.json()["field"] == field
    assert not Booking.objects.exists()


@pytest.mark.parametrize("rate", ["-1", "100.0001", "5,5", "1e1", "9.99999"])
def test_a_tax_rate_lies_between_0_and_100_percent(api: ApiClient, rate: str) -> None:
    refused = api.post("/tax-codes", {"name": "Odd", "components": [{"name": "Odd", "rate": rate}]})

    assert refused.status_code == 422
    assert not TaxCode.objects.exists()


def test_a_strangers_customer_gets_no_booking(api: ApiClient, body: dict[str, Any]) -> None:
    refused = api.post("/bookings", {**body, "customer_id": str(UUID(int=7))})

    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_a_used_tax_code_is_answered_by_its_successor(
    api: ApiClient, body: dict[str, Any], tax_code: TaxCode
) -> None:
    address = f"/tax-codes/{tax_code.pk}"
    first = api.get(address)
    assert first["ETag"] == '"1"'
    in_place = api.patch(address, {"name": "HST"}, **{"If-Match": '"1"'})
    assert (in_place.json()["id"], in_place.json()["name"]) == (str(tax_code.pk), "HST")
    assert api.patch(address, {"name": "Late"}, **{"If-Match": '"1"'}).json()["code"] == "stale"
    made = api.post("/bookings", {**body, "tax_code_id": str(tax_code.pk)}).json()
    after = api.patch(address, {"components": [{"name": "HST", "rate": "15"}]}).json()
    assert after["id"] != str(tax_code.pk)
    assert (after["name"], after["components"][0]["rate"], after["successor_id"]) == ("HST", "15", None)
    old = api.get(address).json()
    assert (old["successor_id"], old["components"][0]["rate"]) == (after["id"], "13")
    assert old["archived_at"]
    assert api.get(f"/bookings/{made['id']}").json()["total_minor"] == made["total_minor"]
    refused = api.post("/bookings", {**body, "tax_code_id": str(tax_code.pk)})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
        422,
        "tax_code_archived",
        "tax_code_id",
    )
    assert api.patch(address, {"name": "Again"}).json()["code"] == "tax_code_archived"


def test_a_tax_code_is_archived_and_brought_back(api: ApiClient, tax_code: TaxCode) -> None:
    address = f"/tax-codes/{tax_code.pk}"
    assert api.patch(address, {"archived": True}).json()["archived_at"]
    assert api.patch(address, {"archived": False}, **{"If-Match": '"1"'}).json()["code"] == "stale"
    assert api.patch(address, {"archived": False}).json()["archived_at"] is None
    api.patch("/company", {"default_tax_code_id": str(tax_code.pk)})
    assert api.patch(address, {"archived": True}).json()["code"] == "tax_code_in_use"


def test_a_service_is_read_changed_and_archived(api: ApiClient, tax_code: TaxCode) -> None:
    made = api.post("/services", {"name": "Window", "unit_price": "7.5"}).json()
    address = f"/services/{made['id']}"
    assert api.get(address).json() == made
    changed = api.patch(address, {"unit_price": "8", "tax_code_id": str(tax_code.pk)}).json()
    assert (changed["unit_price"], changed["tax_code_id"], changed["name"]) == (
        "8.00",
        str(tax_code.pk),
        "Window",
    )
    assert api.patch(address, {"archived": True}).json()["archived_at"]
    assert api.patch(address, {"name": "W"}, **{"If-Match": '"1"'}).json()["code"] == "stale"
    assert api.patch(address, {"tax_code_id": str(new_id())}).json()["code"] == "unknown_tax_code"


def test_an_archived_service_is_for_no_new_line_and_stays_on_what_carries_it(
    api: ApiClient, body: dict[str, Any]
) -> None:
    service = api.post("/services", {"name": "Window", "unit_price": "7.50"}).json()
    line = {"service_id": service["id"]}
    booked = api.post("/bookings", body | {"items": [line]}).json()
    api.patch(f"/services/{service['id']}", {"archived": True})

    for refused in (
        api.post("/bookings", body | {"items": [line | {"description": "W", "unit_price": "1"}]}),
        api.post("/instant-invoices", {**{k: v for k, v in body.items() if k != "state"}, "items": [line]}),
    ):
        assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
            422,
            "service_archived",
            "service_id",
        )
        assert refused.json()["message"] == "The service “Window” is archived. Choose another one."
    other = api.post("/bookings", body).json()
    assert api.patch(f"/bookings/{other['id']}", {"items": [line]}).json()["code"] == "service_archived"

    address = f"/bookings/{booked['id']}"
    again = api.patch(address, {"items": [line | {"quantity": "2"}]}).json()
    assert (again["items"][0]["service_id"], again["subtotal_minor"]) == (service["id"], 1_500)
    copy = api.post(f"{address}/copies", {"service_date": "2026-07-02"}).json()
    assert (copy["items"][0]["description"], copy["subtotal_minor"]) == ("Window", 1_500)


def test_the_usual_tax_is_taken_when_a_booking_leaves_its_own_out(
    api: ApiClient, body: dict[str, Any], tax_code: TaxCode
) -> None:
    said = api.patch("/company", {"default_tax_code_id": str(tax_code.pk)}).json()
    assert said["default_tax_code_id"] == str(tax_code.pk)
    usual = api.post("/bookings", body).json()
    assert (usual["tax_code_id"], usual["tax_minor"]) == (str(tax_code.pk), 1495)
    instant = {name: value for name, value in body.items() if name != "state"}
    assert api.post("/instant-invoices", instant).json()["tax_minor"] == 1495
    none = api.post("/bookings", {**body, "tax_code_id": None}).json()
    assert (none["tax_code_id"], none["tax_minor"]) == (None, 0)
    unknown = api.patch("/company", {"default_tax_code_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "default_tax_code_id")
    assert api.patch("/company", {"default_tax_code_id": None}).json()["default_tax_code_id"] is None


def test_bookings_are_repriced_over_http(api: ApiClient, body: dict[str, Any], tax_code: TaxCode) -> None:
    made = api.post("/bookings", {**body, "tax_code_id": str(tax_code.pk)}).json()
    api.patch(f"/tax-codes/{tax_code.pk}", {"components": [{"name": "HST", "rate": "15"}]})
    address = f"/tax-codes/{tax_code.pk}/repricings"
    begun = api.post(address, {"booking_ids": [made["id"]]}, key="once")
    assert begun.status_code == 202
    assert api.post(address, {"booking_ids": [made["id"]]}, key="once").content == begun.content
    run = begun.json()
    assert (run["state"], run["counts"]["waiting"], run["items"][0]["outcome"]) == ("running", 1, None)
    drain()
    run = api.get(f"/repricings/{run['id']}").json()
    assert (run["state"], run["counts"]) == (
        "done",
        {"chosen": 1, "waiting": 0, "repriced": 1, "unchanged": 0, "refused": 0},
    )
    assert (run["items"][0]["before_minor"], run["items"][0]["after_minor"]) == (12995, 13225)
    assert api.get(f"/bookings/{made['id']}").json()["total_minor"] == 13225
    assert api.post(f"/repricings/{run['id']}/resumption").json()["state"] == "done"
    assert api.get(f"/repricings/{new_id()}").status_code == 404


def test_an_exempt_customers_reason_is_on_the_booking_and_its_invoice(
    api: ApiClient, body: dict[str, Any], tax_code: TaxCode
) -> None:
    exempt = {"tax_exempt": True, "exemption_reason": "First Nations, card 1234"}
    api.patch(f"/customers/{body['customer_id']}", exempt)
    made = api.post("/instant-invoices", {**body, "tax_code_id": str(tax_code.pk)}).json()
    booking = api.get(f"/bookings/{made['bookings'][0]['id']}").json()
    assert (made["tax_minor"], made["exemption_reason"]) == (0, exempt["exemption_reason"])
    assert (booking["tax_exempt"], booking["exemption_reason"]) == (True, exempt["exemption_reason"])


def test_an_invoice_prints_the_reason_of_each_exempt_booking(
    api: ApiClient, page_of: Callable[[Actor], Client], ana: Actor, body: dict[str, Any]
) -> None:
    made = []
    for reason in ("Diplomat", "Charity"):
        api.patch(f"/customers/{body['customer_id']}", {"tax_exempt": True, "exemption_reason": reason})
        made.append(api.post("/bookings", {**body, "state": "completed"}).json()["id"])
    invoice = api.post("/invoices", {"booking_ids": made}).json()
    assert invoice["exemption_reason"] == "Charity; Diplomat"
    shown = page_of(ana).get(f"/payments/invoices/{invoice['id']}").content.decode()
    assert "Charity; Diplomat" in shown


def test_several_bookings_are_completed_together_or_not_at_all(api: ApiClient, body: dict[str, Any]) -> None:
    first, second, third = (api.post("/bookings", body).json()["id"] for _ in range(3))
    assert api.post(f"/bookings/{third}/completion").status_code == 201
    refused = api.post("/bookings/completions", {"booking_ids": [first, third]})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_completed")
    assert api.get(f"/bookings/{first}").json()["state"] == "scheduled"
    done = api.post("/bookings/completions", {"booking_ids": [first, second]})
    assert done.status_code == 201, done.content
    assert [(item["id"], item["state"]) for item in done.json()["items"]] == [
        (first, "completed"),
        (second, "completed"),
    ]
    assert api.post("/bookings/completions", {"booking_ids": [first, str(new_id())]}).status_code == 404
    assert api.post("/bookings/completions", {"booking_ids": []}).status_code == 422


def test_a_copy_is_the_same_work_on_another_day_without_money_or_external_id(
    api: ApiClient, body: dict[str, Any], tax_code: TaxCode
) -> None:
    place = {"line1": "9 Harbour Quay", "city": "Toronto"}
    made = api.post(
        "/bookings",
        {
            **body,
            "items": [
                {"description": "Windows", "quantity": "3", "unit": "hour", "unit_price": "20", "tax_code_id": str(tax_code.pk)},
                *body["items"],
            ],
            "discount": {"kind": "percent", "value": "10"},
            "start_time": "09:30",
            "service_address": place,
            "state": "completed",
            "external_id": "crm-7",
            "note": "Ring twice",
        },
    ).json()  # fmt: skip
    copied = api.post(f"/bookings/{made['id']}/copies", {"service_date": "2026-07-07"})
    assert copied.status_code == 201, copied.content
    copy = copied.json()
    others = {
        "id",
        "created_at",
        "number",
        "service_date",
        "state",
        "completed_at",
        "external_id",
        "revision",
    }
    assert {name: copy[name] for name in copy.keys() - others} == {
        name: made[name] for name in made.keys() - others
    }
    assert (copy["service_date"], copy["state"], copy["external_id"]) == ("2026-07-07", "scheduled", None)


def test_a_booking_is_held_back_and_let_in_again(api: ApiClient, body: dict[str, Any]) -> None:
    booking = api.post("/bookings", {**body, "state": "completed"}).json()["id"]
    assert api.post(f"/bookings/{booking}/hold").json()["held_back"] is True
    assert api.get("/bookings?to_invoice=true").json()["items"] == []
    assert api.delete(f"/bookings/{booking}/hold").json()["held_back"] is False
    assert [row["id"] for row in api.get("/bookings?to_invoice=true").json()["items"]] == [booking]
