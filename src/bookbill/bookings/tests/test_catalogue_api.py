"""Services, tax codes and repricing over HTTP."""

from typing import Any

import pytest

from bookbill.bookings.models import TaxCode
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.ids import new_id
from bookbill.work.draining import drain

pytestmark = pytest.mark.both_databases


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


@pytest.mark.parametrize("rate", ["-1", "100.0001", "5,5", "1e1", "9.99999"])
def test_a_tax_rate_lies_between_0_and_100_percent(api: ApiClient, rate: str) -> None:
    refused = api.post("/tax-codes", {"name": "Odd", "components": [{"name": "Odd", "rate": rate}]})

    assert refused.status_code == 422
    assert not TaxCode.objects.exists()


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
