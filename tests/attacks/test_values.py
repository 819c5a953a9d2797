"""Amounts, days, keys, addresses and texts that cannot be meant, in every place of every call that takes one."""

import json
import unicodedata
from collections.abc import Callable, Iterable
from typing import Any

from bookbill.companies.tests.clients import ApiClient
from tests.attacks.bodies import Act, Path, acts
from tests.attacks.values import (
    EMAILS,
    LINE_ENDS,
    NO_DATES,
    NO_DECIMALS,
    NO_EMAILS,
    NO_EMAILS_BUT_IN_LISTS,
    NO_IDS,
    NO_INSTANTS,
    NO_MINOR,
    NO_RECIPIENTS,
    NO_TEXT,
    NO_TIMES,
    RAW_NUMBERS,
    TEXT,
    TURNING,
    UNSEEN,
)
from tests.attacks.world import World, everything

REFUSED = {400, 404, 409, 413, 422}
CUSTOMER = 0


def refused(api: ApiClient, world: World, places: Callable[[Act], Iterable[Path]], values: list[Any]) -> None:
    """Every value at every place is refused as a problem, and in the end nothing was changed."""
    before, tried = everything(), 0
    for act in acts(world):
        for at in places(act):
            for value in values:
                answer = api.request(act.method, act.path, act.with_value(at, value))
                said = (act.method, act.path, at, str(value)[:60], answer.status_code, answer.content[:300])
                assert answer.status_code in REFUSED, said
                assert answer.headers["Content-Type"] == "application/problem+json", said
                assert answer.json()["message"], said
                tried += 1
    assert tried >= len(values)
    assert everything() == before


def test_every_call_works_as_it_is_meant(world: World, api: ApiClient) -> None:
    """Else the rest of this file would prove nothing."""
    for act in acts(world):
        if "cancellation" in act.path or "reversal" in act.path or act.body.get("external_id"):
            continue
        answer = api.request(act.method, act.path, act.body)
        if answer.status_code == 409:
            assert answer.json()["code"] in ("booking_already_invoiced", "too_much"), answer.content
        else:
            assert answer.status_code in (200, 201), (act.path, answer.content)


def test_no_decimal_that_is_none(world: World, api: ApiClient) -> None:
    def places(act: Act) -> list[Path]:
        return [at for at in act.decimals if act.path != "/instant-invoices"]

    values = [value for value in NO_DECIMALS if value is not None]
    refused(api, world, places, values)


def test_no_amount_that_is_none(world: World, api: ApiClient) -> None:
    refused(api, world, lambda act: act.minor, NO_MINOR)


def test_no_number_that_json_does_not_know(world: World, api: ApiClient) -> None:
    for act in acts(world):
        for at in act.minor:
            for number in RAW_NUMBERS:
                body = json.dumps(act.with_value(at, "@@")).replace('"@@"', number)
                answer = api.request(act.method, act.path, body)
                assert answer.status_code in REFUSED, (act.path, at, number, answer.content)


def test_another_currency_is_refused(world: World, api: ApiClient) -> None:
    [act] = [act for act in acts(world) if act.path == "/payments"]
    for currency in ("USD", "XXX", "cad", "C", "CADD", "", "CA\0", "ＣＡＤ", 1, "124", "BTC"):
        answer = api.post(act.path, act.with_value(("currency",), currency))
        assert answer.status_code in REFUSED, currency


def test_a_negative_zero_is_shown_as_zero(world: World, api: ApiClient) -> None:
    [act] = [act for act in acts(world) if act.path == "/services"]
    made = api.post(act.path, act.with_value(("unit_price",), "-0.00"))

    assert made.status_code in (201, 422)
    assert made.status_code == 422 or made.json()["unit_price"] == "0.00"


def test_no_line_is_larger_than_the_ledger(world: World, api: ApiClient) -> None:
    [act] = [act for act in acts(world) if act.path == "/bookings"]
    for price in ("9" * 13, "-" + "9" * 13, "99999999999.99", "-5", "0", "0.0001", "-0.0049"):
        for quantity in ("9" * 13, "0", "-1", "0.001", "999999999.999"):
            body = act.with_value(("items", 0, "unit_price"), price) | {"external_id": None}
            body["items"][0]["quantity"] = quantity
            answer = api.post(act.path, body)
            assert answer.status_code in {201, *REFUSED}, (price, quantity, answer.content)
            if answer.status_code == 201:
                assert 0 <= answer.json()["total_minor"] <= 10**15
                assert all(abs(item["amount_minor"]) <= 10**11 for item in answer.json()["items"])


def test_no_day_that_is_none(world: World, api: ApiClient) -> None:
    refused(api, world, lambda act: act.dates, NO_DATES)


def test_no_time_that_is_none(world: World, api: ApiClient) -> None:
    [act] = [act for act in acts(world) if act.path == "/bookings"]
    for time in NO_TIMES:
        assert api.post(act.path, act.with_value(("start_time",), time)).status_code == 422, time


def test_no_moment_that_is_none(world: World, api: ApiClient) -> None:
    for instant in NO_INSTANTS:
        answer = api.post(f"/invoices/{world.draft.pk}/sendings", {"send_at": instant})
        assert answer.status_code == 422, (instant, answer.content)
    assert not api.get(f"/invoices/{world.draft.pk}").json()["sending_at"]


def test_no_key_that_is_none(world: World, api: ApiClient) -> None:
    refused(api, world, lambda act: act.ids, NO_IDS)


def test_no_key_in_an_address_that_is_none(world: World, api: ApiClient) -> None:
    wrong = ("x", "{}", "%00", str(world.customer.pk) + "%00", world.customer.pk.hex, "%7B" + str(world.customer.pk) + "%7D",
             "urn:uuid:" + str(world.customer.pk), str(world.customer.pk) + "%0A", "..", "%2e%2e", "%2F", "null", "-1",
             "9" * 40, "%C0%AF", "%F0%9F%98%80", "a" * 5_000)  # fmt: skip
    for kind in ("customers", "bookings", "invoices", "payments"):
        for key in wrong:
            for method in ("get", "patch", "delete"):
                answer = api.request(method, f"/{kind}/{key}", {} if method == "patch" else None)
                assert answer.status_code in (400, 404, 405), (method, kind, key, answer.status_code)
    for n in ("0", "-1", "1.0", "01", "x", "9" * 9, "9" * 30, "%00", "１"):
        assert api.get(f"/invoices/{world.sent.pk}/versions/{n}").status_code == 404, n


def test_a_key_in_capitals_is_the_same_key(world: World, api: ApiClient) -> None:
    assert api.get(f"/customers/{str(world.customer.pk).upper()}").json()["id"] == str(world.customer.pk)


def test_no_address_that_is_none(world: World, api: ApiClient) -> None:
    refused(api, world, lambda act: [*act.emails, *act.recipients], NO_EMAILS)
    refused(api, world, lambda act: act.emails, NO_EMAILS_BUT_IN_LISTS)


def test_addresses_that_are_right_are_kept_as_they_are_read(world: World, api: ApiClient) -> None:
    [act, *_] = acts(world)
    for typed, kept in EMAILS.items():
        made = api.post(act.path, act.with_value(("email",), typed) | {"external_id": None})
        assert made.status_code == 201, (typed, made.content)
        assert made.json()["email"] == kept


def test_a_list_of_recipients_is_taken_whole_or_not_at_all(world: World, api: ApiClient) -> None:
    refused(api, world, lambda act: act.recipients, NO_RECIPIENTS)


def test_no_text_that_cannot_be_kept(world: World, api: ApiClient) -> None:
    refused(api, world, lambda act: act.text, NO_TEXT)


def test_no_text_longer_than_its_place(world: World, api: ApiClient) -> None:
    before = everything()
    for act in acts(world):
        for at, longest in act.text.items():
            for text in ("x" * (longest + 1), "\U0001f9f9" * (longest + 1), "x" * 100_000):
                answer = api.request(act.method, act.path, act.with_value(at, text))
                assert answer.status_code == 422, (act.path, at, answer.content[:200])
                assert answer.json()["field"] == ".".join(map(str, at)), (act.path, answer.content)
    assert everything() == before


def test_a_line_has_no_line_ends(world: World, api: ApiClient) -> None:
    before = everything()
    for act in acts(world):
        for at in act.text.keys() - act.multiline:
            for end in ("\n", "\r\n", "\r"):
                answer = api.request(act.method, act.path, act.with_value(at, f"a{end}b"))
                assert answer.status_code == 422, (act.path, at, answer.content[:200])
    assert everything() == before


def test_every_script_is_kept_as_it_was_typed(api: ApiClient) -> None:
    for name, text in TEXT.items():
        sent = {"name": text, "purchase_order": text, "billing_address": {"city": text}}
        made = api.post("/customers", sent)
        assert made.status_code == 201, (name, made.content)
        said = api.get(f"/customers/{made.json()['id']}").json()
        kept = unicodedata.normalize("NFC", text)
        assert said["name"] == said["purchase_order"] == said["billing_address"]["city"] == kept, name


def test_nothing_turns_or_breaks_the_text_around_it(api: ApiClient) -> None:
    """A name that turns the direction of reading would turn the amount beside it."""
    for mark in (*TURNING, *LINE_ENDS):
        made = api.post("/customers", {"name": f"Ma{mark}ple"})
        assert made.status_code == (201 if mark in TURNING else 422), hex(ord(mark))
        if mark in TURNING:
            assert made.json()["name"] == "Maple"


def test_a_name_that_nobody_can_see_is_no_name(api: ApiClient) -> None:
    for text in UNSEEN:
        assert api.post("/customers", {"name": text}).status_code == 422, repr(text)
