"""Invoices over HTTP: drafts, lists, sending, cancelling, documents."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.delivery.models import Message
from bookbill.invoices.models import Invoice, Version
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_id
from bookbill.lib.tenancy import scope
from bookbill.work.draining import drain
from bookbill.work.models import Job
from tests.support.cast import add_member, make_company

pytestmark = pytest.mark.both_databases


@pytest.fixture
def draft(api: ApiClient, make_booking: Callable[..., Booking]) -> dict[str, Any]:
    answer: dict[str, Any] = api.post("/invoices", {"booking_ids": [str(make_booking().pk)]}).json()
    return answer


@pytest.fixture
def sent(api: ApiClient, draft: dict[str, Any]) -> dict[str, Any]:
    assert api.post(f"/invoices/{draft['id']}/sendings").status_code == 201
    answer: dict[str, Any] = api.get(f"/invoices/{draft['id']}").json()
    return answer


def test_an_invoice_says_all_that_its_bookings_say(
    api: ApiClient,
    company: Company,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
) -> None:
    maple = make_customer(billing_address={"line1": "1 Front St", "line2": "", "city": "Hull", "region": "",
                                           "postal_code": "", "country": ""})  # fmt: skip
    late = make_booking(maple, service_date=dt.date(2026, 6, 20), price="20.00")
    early = make_booking(maple, service_date=dt.date(2026, 6, 2))
    made = api.post(
        "/invoices",
        {
            "booking_ids": [str(late.pk), str(early.pk)],
            "note": "Thank you!\nSee you.",
            "extra_recipients": "a@x.example; b@x.example\nA@X.example",
            "payment_link": False,
        },
    )

    assert made.status_code == 201, made.content
    answer = made.json()
    assert [row["id"] for row in answer["bookings"]] == [str(early.pk), str(late.pk)]
    assert (answer["subtotal_minor"], answer["total_minor"], answer["due_minor"]) == (12_000, 12_000, 12_000)
    assert answer["bookings"][1]["items"][0]["unit_price"] == "20.00"
    assert answer["bookings"][0]["service_date"] == "2026-06-02"
    assert answer["recipients"] == ["maple@customer.example", "a@x.example", "b@x.example"]
    assert (answer["seller"]["name"], answer["seller"]["logo_sha256"]) == (company.name, None)
    assert (answer["billing"]["name"], answer["billing"]["billing_address"]["city"]) == (
        "Maple Offices",
        "Hull",
    )
    assert (answer["number"], answer["status"], answer["payment_link"]) == (None, "draft", False)
    assert (answer["versions"], answer["messages"]) == ([], [])
    assert answer["customer_url"].startswith("http")
    read = api.get(f"/invoices/{answer['id']}")
    assert read.json() == answer
    assert read["ETag"] == f'"{answer["revision"]}"'
    assert api.get(f"/bookings/{early.pk}").json()["invoice_id"] == answer["id"]


def test_an_instant_invoice_needs_no_calendar(api: ApiClient, make_customer: Callable[..., Customer]) -> None:
    made = api.post(
        "/instant-invoices",
        {
            "customer_id": str(make_customer().pk),
            "service_date": "2026-06-30",
            "items": [{"description": "Repair", "unit_price": "80.00"}],
            "discount": {"kind": "percent", "value": "10"},
            "note": "Paid at the door",
            "extra_recipients": "",
        },
    )

    assert made.status_code == 201, made.content
    assert (made.json()["total_minor"], made.json()["is_instant"], made.json()["status"]) == (
        7_200,
        True,
        "draft",
    )
    booking = api.get(f"/bookings/{made.json()['bookings'][0]['id']}").json()
    assert (booking["is_instant"], booking["state"], booking["note"]) == (True, "completed", "")


def test_a_draft_is_edited_whole_and_a_sent_one_only_where_nothing_is_claimed(
    api: ApiClient, draft: dict[str, Any], make_booking: Callable[..., Booking]
) -> None:
    at = f"/invoices/{draft['id']}"
    maple = Customer.objects.get(pk=draft["customer_id"])
    more = make_booking(maple)
    both = [draft["bookings"][0]["id"], str(more.pk)]
    changed = api.patch(at, {"booking_ids": both, "note": "Hello", "extra_recipients": "x@y.example"})
    assert changed.status_code == 200, changed.content
    assert (changed.json()["total_minor"], changed.json()["note"]) == (20_000, "Hello")
    assert changed.json()["recipients"][-1] == "x@y.example"
    assert api.patch(at, {"note": "x"}, If_Match='"1"').json()["code"] == "stale"

    api.post(f"{at}/sendings")
    refused = api.patch(at, {"issue_date": "2026-01-01"})
    assert (refused.status_code, refused.json()["code"]) == (409, "already_sent")
    assert api.patch(at, {"note": "Later"}).json()["note"] == "Later"
    assert api.delete(at).json()["code"] == "already_sent"


def test_deleting_a_draft_frees_its_bookings(api: ApiClient, draft: dict[str, Any]) -> None:
    assert api.delete(f"/invoices/{draft['id']}").status_code == 204
    assert api.get(f"/invoices/{draft['id']}").status_code == 404
    assert api.get(f"/bookings/{draft['bookings'][0]['id']}").json()["invoice_id"] is None


def test_a_booking_is_on_one_invoice_only(api: ApiClient, draft: dict[str, Any]) -> None:
    refused = api.post("/invoices", {"booking_ids": [draft["bookings"][0]["id"]]})

    assert (refused.status_code, refused.json()["code"]) == (409, "booking_already_invoiced")
    assert refused.json()["invoice_id"] == draft["id"]


def test_a_send_goes_to_the_recipients_named_for_it(api: ApiClient, draft: dict[str, Any]) -> None:
    at = f"/invoices/{draft['id']}"
    answer = api.post(f"{at}/sendings", {"recipients": "a@x.example, B@x.example;a@X.example"})

    assert answer.status_code == 201, answer.content
    assert {row["recipient"] for row in api.get(at).json()["messages"]} == {"a@x.example", "B@x.example"}
    assert answer.json()["sha256"] == Version.objects.get().sha256


def test_marking_as_sent_mails_nobody(api: ApiClient, draft: dict[str, Any]) -> None:
    answer = api.post(f"/invoices/{draft['id']}/sendings", {"mark_only": True})

    assert (answer.status_code, answer.json()["n"]) == (201, 1)
    assert not Message.objects.exists()
    assert api.get(f"/invoices/{draft['id']}").json()["status"] == "sent"


def test_a_later_send_is_a_promise_that_leaves_a_draft(api: ApiClient, draft: dict[str, Any]) -> None:
    moment = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(hours=3)
    answer = api.post(f"/invoices/{draft['id']}/sendings", {"send_at": moment.isoformat()})

    assert answer.status_code == 202, answer.content
    assert answer.json()["send_at"] == moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    drain()
    invoice = api.get(f"/invoices/{draft['id']}").json()
    assert (invoice["status"], invoice["marks"]) == ("draft", ["sending"])
    assert Job.objects.get(kind="invoices.send").run_at == moment


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"recipients": "nobody"}, 422, "recipients"),
        ({"recipients": ""}, 422, "recipients"),
        ({"recipients": " , ;"}, 422, "recipients"),
        ({"recipients": ["a@x.example"]}, 422, "recipients"),
        ({"recipients": "Ana <a@x.example>"}, 422, "recipients"),
        ({"recipients": "a@x.example\r\nBcc: b@x.example"}, 422, "recipients"),
        ({"recipients": ", ".join(f"a{n}@x.example" for n in range(21))}, 422, "recipients"),
        ({"recipients": ", ".join(f"a{n}@x.example" for n in range(1000))}, 422, "recipients"),
        ({"recipients": "a@x.example", "mark_only": True}, 422, "recipients"),
        ({"mark_only": 1}, 422, "mark_only"),
        ({"send_at": "2020-01-01T00:00:00Z"}, 422, "send_at"),
        ({"send_at": "2199-01-01T00:00:00Z"}, 422, "send_at"),
        ({"send_at": "tomorrow"}, 422, "send_at"),
        ({"send_at": "2026-12-24T09:00:00"}, 422, "send_at"),
        ({"send_at": "2026-13-24T09:00:00Z"}, 422, "send_at"),
        ({"send_at": "2026-12-24T09:00:00Z", "mark_only": True}, 422, "send_at"),
        ({"version": 2}, 422, "version"),
    ],
)
def test_a_refused_send_sends_nothing(
    api: ApiClient, draft: dict[str, Any], body: dict[str, Any], status: int, field: str
) -> None:
    refused = api.post(f"/invoices/{draft['id']}/sendings", body)

    assert refused.status_code == status, refused.content
    assert refused.json()["field"] == field
    assert not Version.objects.exists()
    assert not Message.objects.exists()
    assert not Job.objects.exists()


def test_an_invoice_is_sent_at_most_five_times_an_hour_and_repetitions_do_not_count(
    api: ApiClient, draft: dict[str, Any]
) -> None:
    at = f"/invoices/{draft['id']}/sendings"
    for n in range(5):
        for _twice in range(2):
            assert api.post(at, key=f"send {n}").status_code == 201
    refused = api.post(at)

    assert (refused.status_code, refused.json()["code"]) == (429, "too_many_requests")
    assert 0 < int(refused["Retry-After"]) <= 3600
    assert Version.objects.count() == 5


def test_cancelling_asks_for_a_reason_and_happens_once(
    api: ApiClient, sent: dict[str, Any], make_invoice: Callable[..., Invoice]
) -> None:
    at = f"/invoices/{sent['id']}/cancellation"
    assert api.post(at, {}).json()["field"] == "reason"
    assert api.post(at, {"reason": " "}).status_code == 422
    assert api.post(at, {"reason": "x" * 301}).status_code == 422
    assert (
        api.post(f"/invoices/{make_invoice().pk}/cancellation", {"reason": "x"}).json()["code"] == "not_sent"
    )
    cancelled = api.post(at, {"reason": "Wrong", "hold_back": True})
    assert (cancelled.status_code, cancelled.json()["status"]) == (201, "cancelled")
    assert [version["kind"] for version in cancelled.json()["versions"]] == ["sent", "cancelled"]
    assert len(cancelled.json()["bookings"]) == 1
    assert api.get(f"/bookings/{sent['bookings'][0]['id']}").json()["held_back"] is True
    assert api.post(at, {"reason": "Again"}).json()["code"] == "invoice_cancelled"
    marked = api.post(f"/invoices/{sent['id']}/sendings", {"mark_only": True})
    assert marked.json()["code"] == "invoice_cancelled"


def test_a_frozen_document_can_be_checked_against_its_hash(api: ApiClient, sent: dict[str, Any]) -> None:
    frozen = api.get(f"/invoices/{sent['id']}/versions/1")

    canonical = json.dumps(
        frozen.json()["document"], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert hashlib.sha256(canonical.encode()).hexdigest() == frozen.json()["sha256"]
    pdf = api.get(f"/invoices/{sent['id']}/versions/1/pdf")
    assert pdf["Content-Type"] == "application/pdf"
    assert sent["number"] in pdf["Content-Disposition"]
    assert Version.objects.get().pdf_sha256 is None  # a GET changes nothing: keeping it is the worker's
    drain()
    assert hashlib.sha256(pdf.content).hexdigest() == Version.objects.get().pdf_sha256
    assert api.get(f"/invoices/{sent['id']}/versions/1/pdf").content == pdf.content
    for missing in ("0", "2", "-1", "x", "1.0", "9" * 30):
        assert api.get(f"/invoices/{sent['id']}/versions/{missing}").status_code == 404
        assert api.get(f"/invoices/{sent['id']}/versions/{missing}/pdf").status_code == 404


def test_lists_are_narrowed_by_status_customer_date_mark_and_search(
    api: ApiClient, sent: dict[str, Any], make_invoice: Callable[..., Invoice]
) -> None:
    draft = str(make_invoice().pk)

    def ids(query: str) -> list[str]:
        answer = api.get(f"/invoices?{query}")
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["items"]]

    today = sent["issue_date"]
    assert ids("") == [draft, sent["id"]]
    assert ids("status=draft") == [draft]
    assert ids("status=sent") == ids(f"from={today}&to={today}") == [sent["id"]]
    assert ids(f"customer_id={sent['customer_id']}") == [sent["id"]]
    assert ids(f"search={sent['number']}") == ids(f"search={sent['bookings'][0]['number']}") == [sent["id"]]
    assert ids("search=100.00") == [draft, sent["id"]]
    assert ids("search=nothing-like-it") == ids("mark=overdue") == ids(f"customer_id={new_id()}") == []
    for wrong in (
        "status=overdue",
        "mark=late",
        "from=yesterday",
        "limit=0",
        "limit=201",
        "page=2",
        "cursor=x",
    ):
        assert api.get(f"/invoices?{wrong}").status_code == 422, wrong


def test_a_row_of_the_list_is_the_invoice_without_versions_and_messages(
    api: ApiClient, sent: dict[str, Any]
) -> None:
    (row,) = api.get("/invoices").json()["items"]

    assert row == {name: value for name, value in sent.items() if name not in ("versions", "messages")}


def test_a_list_of_thirty_takes_as_many_queries_as_a_list_of_one(
    api: ApiClient,
    sent: dict[str, Any],
    make_invoice: Callable[..., Invoice],
    django_assert_max_num_queries: Any,
) -> None:
    cancelled = make_invoice()
    api.post(f"/invoices/{cancelled.pk}/sendings")
    api.post(f"/invoices/{cancelled.pk}/cancellation", {"reason": "x"})
    with django_assert_max_num_queries(25) as for_two:
        api.get("/invoices")
    most = len(for_two)
    for _ in range(28):
        make_invoice()
    with django_assert_max_num_queries(most):
        assert len(api.get("/invoices").json()["items"]) == 30
    with django_assert_max_num_queries(10):
        api.get(f"/customers/{sent['customer_id']}/balance")


def test_a_balance_adds_up(
    api: ApiClient, sent: dict[str, Any], make_booking: Callable[..., Booking]
) -> None:
    maple = Customer.objects.get(pk=sent["customer_id"])
    loose = make_booking(maple, price="30.00")
    make_booking(maple, price="55.00", held_back=True)
    placed = [{"booking_id": str(loose.pk), "amount_minor": 1_000}]
    api.post(
        "/payments",
        {"customer_id": str(maple.pk), "method": "cash", "amount_minor": 1_700, "allocations": placed},
    )

    assert api.get(f"/customers/{maple.pk}/balance").json() == {
        "due_minor": 10_000,
        "overdue_minor": 0,
        "credit_minor": 700,
        "prepaid_minor": 1_000,
        "to_invoice_minor": 3_000,
        "currency": "CAD",
    }
    Invoice.objects.filter(pk=sent["id"]).update(issue_date="2026-01-01", due_date="2026-01-15")
    assert api.get(f"/customers/{maple.pk}/balance").json()["overdue_minor"] == 10_000
    assert "overdue" in api.get(f"/invoices/{sent['id']}").json()["marks"]


def test_no_invoicing_on_the_free_plan_but_reading_stays(
    company: Company, api: ApiClient, sent: dict[str, Any], make_booking: Callable[..., Booking]
) -> None:
    pk = str(make_booking().pk)
    Company.objects.filter(pk=company.pk).update(plan="free")

    for refused in (
        api.post("/invoices", {"booking_ids": [pk]}),
        api.post(f"/invoices/{sent['id']}/sendings"),
        api.patch(f"/invoices/{sent['id']}", {"note": "x"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "plan_required")
    assert api.get(f"/invoices/{sent['id']}").status_code == 200
    assert api.get(f"/invoices/{sent['id']}/pdf").status_code == 200


def test_an_accountant_reads_everything_and_changes_no_invoice(
    company: Company, sent: dict[str, Any], api_of: Callable[[Actor], ApiClient]
) -> None:
    ada = api_of(add_member(company, "ada", Role.ACCOUNTANT))
    at = f"/invoices/{sent['id']}"

    for path in ("/invoices", at, f"{at}/pdf", f"{at}/versions/1", "/payments", "/events"):
        assert ada.get(path).status_code == 200, path
    for refused in (
        ada.patch(at, {"note": "x"}),
        ada.delete(at),
        ada.post(f"{at}/sendings"),
        ada.post(f"{at}/cancellation", {"reason": "x"}),
    ):
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


def test_a_strangers_ids_answer_like_ids_of_nothing(
    api: ApiClient, sent: dict[str, Any], api_of: Callable[[Actor], ApiClient]
) -> None:
    twin, tom = make_company("Twin")
    other = api_of(tom)
    payment = api.post(
        "/payments", {"customer_id": sent["customer_id"], "method": "cash", "amount_minor": 1}
    ).json()["id"]
    mine = {
        "customer": sent["customer_id"],
        "invoice": sent["id"],
        "booking": sent["bookings"][0]["id"],
        "payment": payment,
    }
    requests: list[tuple[str, str, Any]] = [
        ("get", "/customers/{customer}", None),
        ("get", "/customers/{customer}/balance", None),
        ("patch", "/customers/{customer}", {"name": "x"}),
        ("get", "/bookings/{booking}", None),
        ("patch", "/bookings/{booking}", {"note": "x"}),
        ("delete", "/bookings/{booking}", None),
        ("post", "/bookings/{booking}/completion", {}),
        ("post", "/bookings/{booking}/cancellation", {}),
        ("post", "/bookings/{booking}/write-off", {"amount_minor": 1, "reason": "x"}),
        ("post", "/bookings/{booking}/reduction", {"amount_minor": 1, "reason": "x"}),
        ("get", "/invoices/{invoice}", None),
        ("patch", "/invoices/{invoice}", {"note": "x"}),
        ("delete", "/invoices/{invoice}", None),
        ("post", "/invoices/{invoice}/sendings", {}),
        ("post", "/invoices/{invoice}/cancellation", {"reason": "x"}),
        ("get", "/invoices/{invoice}/pdf", None),
        ("get", "/invoices/{invoice}/versions/1", None),
        ("get", "/invoices/{invoice}/versions/1/pdf", None),
        ("get", "/payments/{payment}", None),
        ("post", "/payments/{payment}/allocations", {"allocations": []}),
        ("post", "/payments/{payment}/reversal", {"reason": "x"}),
        ("post", "/invoices", {"booking_ids": ["{booking}"]}),
        ("post", "/payments", {"invoice_id": "{invoice}", "method": "cash", "amount_minor": 1}),
        ("post", "/payments", {"customer_id": "{customer}", "method": "cash", "amount_minor": 1}),
        ("post", "/bookings", {"customer_id": "{customer}", "service_date": "2026-06-30",
                               "items": [{"description": "x", "unit_price": "1"}]}),
    ]  # fmt: skip

    def ask(method: str, path: str, body: Any, ids: dict[str, str]) -> tuple[int, dict[str, Any]]:
        text = None if body is None else json.dumps(body)
        for name, pk in ids.items():
            path = path.replace(f"{{{name}}}", pk)
            text = text and text.replace(f"{{{name}}}", pk)
        with scope(company=twin):
            answer = other.request(method, path, text and json.loads(text))
        return answer.status_code, {**answer.json(), "request_id": ""}

    for method, path, body in requests:
        strange = ask(method, path, body, mine)
        assert strange == ask(method, path, body, {name: str(new_id()) for name in mine}), path
        assert strange[0] == 404, (path, strange)
    for listing in ("/customers", "/bookings", "/invoices", "/payments", "/services", "/tax-codes"):
        assert other.get(listing).json() == {"items": [], "next_cursor": None}
