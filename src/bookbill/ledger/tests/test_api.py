"""Payments, allocations, write-offs and reductions over HTTP."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from bookbill.bookings.models import Booking, TaxCode
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.invoices.models import Invoice
from bookbill.ledger.models import Payment, Reduction, WriteOff
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from tests.support.cast import add_member

pytestmark = pytest.mark.both_databases


@pytest.fixture
def maple(make_customer: Callable[..., Customer]) -> Customer:
    return make_customer()


@pytest.fixture
def cash(maple: Customer) -> dict[str, Any]:
    return {
        "customer_id": str(maple.pk),
        "method": "cash",
        "amount_minor": 15_000,
        "currency": "CAD",
        "received_on": "2026-07-01",
    }


def parts(answer: dict[str, Any]) -> int:
    sums = ("credit_minor", "refunded_minor", "reversed_minor")
    amounts = [row["amount_minor"] for row in answer["allocations"]] + [answer[name] for name in sums]
    return sum(int(amount) for amount in amounts)


def test_a_payment_without_a_place_is_credit(api: ApiClient, cash: dict[str, Any]) -> None:
    made = api.post("/payments", {**cash, "tip_minor": 500, "reference": "till 2", "external_id": "p-1"})

    assert made.status_code == 201, made.content
    answer = made.json()
    assert answer | {**cash, "tip_minor": 500, "reference": "till 2", "external_id": "p-1"} == answer
    assert (answer["allocations"], answer["credit_minor"], answer["refunded_minor"]) == ([], 15_000, 0)
    assert api.get(f"/payments/{answer['id']}").json() == answer


def test_a_booking_that_once_had_money_is_not_deleted(
    api: ApiClient, cash: dict[str, Any], maple: Customer, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(maple, completed=False)
    placing = {"allocations": [{"booking_id": str(booking.pk), "amount_minor": 100}]}
    payment = api.post("/payments", {**cash, **placing}).json()
    api.post(f"/payments/{payment['id']}/allocations", {"allocations": []})

    refused = api.delete(f"/bookings/{booking.pk}")

    assert (refused.status_code, refused.json()["code"]) == (409, "booking_has_records")
    assert api.get(f"/bookings/{booking.pk}").json()["due_minor"] == 10_000


def test_a_payment_fills_an_invoice_oldest_booking_first(
    api: ApiClient,
    cash: dict[str, Any],
    maple: Customer,
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    late = make_booking(maple, service_date=date(2026, 6, 20))
    early = make_booking(maple, service_date=date(2026, 6, 2))
    invoice = make_invoice(late, early)
    del cash["customer_id"], cash["currency"], cash["received_on"]
    made = api.post("/payments", {**cash, "invoice_id": str(invoice.pk)}).json()

    assert {row["booking_id"]: row["amount_minor"] for row in made["allocations"]} == {
        str(early.pk): 10_000,
        str(late.pk): 5_000,
    }
    assert (made["customer_id"], made["currency"]) == (str(maple.pk), "CAD")


def test_placing_anew_is_complete_and_the_rest_is_credit(
    api: ApiClient, cash: dict[str, Any], maple: Customer, make_booking: Callable[..., Booking]
) -> None:
    first, second = make_booking(maple), make_booking(maple)
    placed = [{"booking_id": str(first.pk), "amount_minor": 10_000}]
    payment = api.post("/payments", {**cash, "allocations": placed}).json()
    assert payment["credit_minor"] == 5_000
    again = api.post(
        f"/payments/{payment['id']}/allocations",
        {"allocations": [{"booking_id": str(second.pk), "amount_minor": 3_000}]},
    )

    assert again.status_code == 201, again.content
    assert [row["booking_id"] for row in again.json()["allocations"]] == [str(second.pk)]
    assert (again.json()["credit_minor"], parts(again.json())) == (12_000, 15_000)
    assert api.get(f"/bookings/{first.pk}").json()["paid_minor"] == 0
    nothing = api.post(f"/payments/{payment['id']}/allocations", {"allocations": []})
    assert nothing.json()["credit_minor"] == 15_000


def test_a_reversal_gives_the_money_back_to_nobody_and_happens_once(
    api: ApiClient, cash: dict[str, Any], maple: Customer, make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking(maple)
    placed = [{"booking_id": str(booking.pk), "amount_minor": 10_000}]
    at = f"/payments/{api.post('/payments', {**cash, 'allocations': placed}).json()['id']}/reversal"
    reversed_ = api.post(at, {"reason": "Typed twice"})

    assert reversed_.status_code == 201, reversed_.content
    answer = reversed_.json()
    assert (answer["allocations"], answer["credit_minor"], answer["reversed_minor"]) == ([], 0, 15_000)
    assert (answer["reversal_reason"], parts(answer)) == ("Typed twice", 15_000)
    assert answer["reversed_at"]
    assert api.post(at, {"reason": "Again"}).json()["code"] == "already_reversed"
    assert api.get(f"/bookings/{booking.pk}").json()["due_minor"] == 10_000


@pytest.mark.parametrize(
    ("verb", "column"), [("write-off", "written_off_minor"), ("reduction", "reduced_minor")]
)
def test_a_claim_is_lowered_with_a_reason_and_never_below_zero(
    api: ApiClient, make_booking: Callable[..., Booking], verb: str, column: str
) -> None:
    at = f"/bookings/{make_booking().pk}/{verb}"
    lowered = api.post(at, {"amount_minor": 4_000, "reason": "Goodwill"})

    assert lowered.status_code == 201, lowered.content
    assert (lowered.json()[column], lowered.json()["due_minor"], lowered.json()["paid_minor"]) == (
        4_000,
        6_000,
        0,
    )
    assert api.post(at, {"amount_minor": 6_001, "reason": "More"}).json()["code"] == "more_than_due"
    assert api.post(at, {"amount_minor": 1}).json()["field"] == "reason"
    assert api.post(at, {"amount_minor": 1, "reason": "  "}).status_code == 422
    assert api.post(at, {"amount_minor": 1, "reason": "x" * 301}).status_code == 422
    assert api.post(at, {"amount_minor": 0, "reason": "x"}).status_code == 422


def test_what_lowers_a_claim_shares_net_and_tax_to_the_cent_however_it_is_entered_and_undone(
    api: ApiClient, make_booking: Callable[..., Booking], tax_code: TaxCode
) -> None:
    booking = make_booking(price="0.33", tax_code_id=tax_code.pk)
    for verb, amount in (("reduction", 1), ("reduction", 1), ("write-off", 2), ("write-off", 33)):
        entered = api.post(f"/bookings/{booking.pk}/{verb}", {"amount_minor": amount, "reason": "Goodwill"})
        assert entered.status_code == 201, entered.content

    def shares(*models: type[Reduction] | type[WriteOff]) -> tuple[int, int]:
        rows = [row for model in models for row in model.objects.all()]
        return sum(row.net_minor for row in rows), sum(sum(row.taxes_minor) for row in rows)

    assert shares(Reduction, WriteOff) == (33, 4)
    for _ in range(35):  # money undoes what was written off
        paid = {"customer_id": str(booking.customer_id), "method": "cash", "amount_minor": 1}
        placed = [{"booking_id": str(booking.pk), "amount_minor": 1}]
        assert api.post("/payments", {**paid, "allocations": placed}).status_code == 201
    assert shares(WriteOff) == (0, 0)


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"amount_minor": "15000"}, 422, "amount_minor"),
        ({"amount_minor": 150.0}, 422, "amount_minor"),
        ({"amount_minor": 1.5}, 422, "amount_minor"),
        ({"amount_minor": True}, 422, "amount_minor"),
        ({"amount_minor": None}, 422, "amount_minor"),
        ({"amount_minor": 0}, 422, "amount_minor"),
        ({"amount_minor": -1}, 422, "amount_minor"),
        ({"amount_minor": 10**15 + 1}, 422, "amount_minor"),
        ({"tip_minor": -1}, 422, "tip_minor"),
        ({"tip_minor": 10**16}, 422, "tip_minor"),
        ({"currency": "USD"}, 422, "currency"),
        ({"currency": "cad"}, 422, "currency"),
        ({"currency": "DOLLARS"}, 422, "currency"),
        ({"method": "barter"}, 422, "method"),
        ({"received_on": "yesterday"}, 422, "received_on"),
        ({"received_on": "2099-01-01"}, 422, "received_on"),
        ({"reference": "x" * 201}, 422, "reference"),
        ({"reference": "a\x07b"}, 422, "reference"),
        ({"customer_id": None}, 422, "customer_id"),
        ({"customer_id": str(new_id())}, 404, None),
        ({"customer_id": "1"}, 422, "customer_id"),
        ({"invoice_id": str(new_id())}, 404, None),
        ({"allocations": [{"booking_id": str(new_id()), "amount_minor": 1}]}, 404, "allocations"),
        ({"allocations": [], "invoice_id": str(new_id())}, 422, "allocations"),
        ({"credit_minor": 1}, 422, "credit_minor"),
        ({"status": "paid"}, 422, "status"),
    ],
)
def test_bad_input_is_named_and_books_nothing(
    api: ApiClient, cash: dict[str, Any], change: dict[str, Any], status: int, field: str | None
) -> None:
    refused = api.post("/payments", cash | change)

    assert refused.status_code == status, refused.content
    assert refused.json()["field"] == field
    assert not Payment.objects.exists()


def test_placing_refuses_what_does_not_fit(
    api: ApiClient, cash: dict[str, Any], maple: Customer, make_booking: Callable[..., Booking]
) -> None:
    own, strange = make_booking(maple), make_booking()

    def placing(*rows: tuple[Booking, int]) -> str:
        allocations = [{"booking_id": str(booking.pk), "amount_minor": amount} for booking, amount in rows]
        return str(api.post("/payments", {**cash, "allocations": allocations}).json()["code"])

    assert placing((own, 10_001)) == "more_than_due"
    assert placing((own, 15_001)) == "more_than_payment"
    assert placing((own, 1), (own, 2)) == "booking_twice"
    assert placing((strange, 1)) == "not_found"
    assert not Payment.objects.exists()


def test_money_that_arrives_is_booked_on_every_plan_but_only_by_who_may(
    company: Company, api_of: Callable[[Actor], ApiClient], cash: dict[str, Any]
) -> None:
    Company.objects.filter(pk=company.pk).update(plan="free")
    booked = api_of(add_member(company, "ada", Role.ACCOUNTANT)).post("/payments", cash)
    at = f"/payments/{booked.json()['id']}"
    refused = api_of(add_member(company, "ada2", Role.ACCOUNTANT)).post(f"{at}/reversal", {"reason": "x"})

    assert booked.status_code == 201
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_list_of_thirty_takes_as_many_queries_as_a_list_of_one(
    api: ApiClient, cash: dict[str, Any], maple: Customer, make_booking: Callable[..., Booking],
    django_assert_max_num_queries: Any,
) -> None:  # fmt: skip
    def pay() -> None:
        placed = [{"booking_id": str(make_booking(maple).pk), "amount_minor": 5_000}]
        assert api.post("/payments", {**cash, "allocations": placed}).status_code == 201

    pay()
    with django_assert_max_num_queries(14) as for_one:
        api.get("/payments")
    most = len(for_one)
    for _ in range(29):
        pay()
    with django_assert_max_num_queries(most):
        assert len(api.get("/payments").json()["items"]) == 30


def test_payments_are_found_by_customer_day_and_external_id(
    api: ApiClient, cash: dict[str, Any], make_customer: Callable[..., Customer]
) -> None:
    first = api.post("/payments", {**cash, "external_id": "p-1"}).json()["id"]
    other = str(make_customer("Oak").pk)
    second = api.post("/payments", {**cash, "customer_id": other, "received_on": "2026-07-09"}).json()["id"]

    def ids(query: str) -> list[str]:
        return [row["id"] for row in api.get(f"/payments?{query}").json()["items"]]

    assert ids("") == [second, first]
    assert ids(f"customer_id={other}") == [second]
    assert ids("from=2026-07-02") == [second]
    assert ids("to=2026-07-02") == [first]
    assert ids("external_id=p-1") == [first]
