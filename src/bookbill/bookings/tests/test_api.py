"""Bookings over HTTP."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id

pytestmark = pytest.mark.both_databases

ITEM = {"description": "Clean", "unit_price": "10.00"}


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


def test_a_strangers_customer_gets_no_booking(api: ApiClient, body: dict[str, Any]) -> None:
    refused = api.post("/bookings", {**body, "customer_id": str(UUID(int=7))})

    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


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
