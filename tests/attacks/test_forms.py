"""Every form of every page, read from the page itself and sent back with what nobody should type."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import pytest
from django.test import Client

from bookbill.companies.models import Company
from tests.attacks.routes import page_routes
from tests.attacks.test_bodies import NOT_THEIRS
from tests.attacks.values import SEARCHES, TURNING
from tests.attacks.world import World, everything

ODD = [
    "\0",
    "-1",
    "9" * 400,
    "NaN",
    "1e400",
    "2026-02-30",
    "0001-01-01",
    "[]",
    "\N{SNOWMAN}" * 60,
    "a" * 30_000,
    "' OR 1=1 --",
    "{{7*7}}{0.__class__}%s%(x)s",
    "<x-atk>",
    "a@b\r\nBcc: c@d.example",
    "٣",
    TURNING[4] + "x\u2028y",
    "",
]


@dataclass
class Form:
    """A form of a page: where it goes and what it holds as it is shown."""

    action: str
    values: dict[str, str] = field(default_factory=dict)


class FormReader(HTMLParser):
    """Collects the forms of a page that change something."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.current: Form | None = None
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form" and has.get("method", "").lower() == "post" and "formaction" not in has:
            self.current = Form(has.get("action", ""))
            self.forms.append(self.current)
        name = has.get("name", "")
        if self.current is None or (not name and tag != "option"):
            return
        if tag == "select":
            self.select = name
            self.current.values.setdefault(name, "")
        elif tag == "option" and self.select and ("selected" in has or not self.current.values[self.select]):
            self.current.values[self.select] = has.get("value", "")
        elif tag == "textarea" or (tag == "button" and has.get("value")):
            self.current.values.setdefault(name, has.get("value", ""))
        elif tag == "input" and (has.get("type") not in ("checkbox", "radio") or "checked" in has):
            self.current.values[name] = has.get("value", "on" if has.get("type") == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.current = None
        if tag == "select":
            self.select = ""


def forms_of(world: World, desk: Client) -> Iterator[tuple[str, Form]]:
    """Address and form, each kind of form once."""
    seen = set()
    for route in page_routes():
        if route.pattern.startswith("accounts/"):
            continue  # signing in and out is tried elsewhere
        path = route.path(world)
        query = f"?bookings={world.completed.pk}" if route.pattern == "payments/invoices/new" else ""
        shown = desk.get(path + query)
        if shown.status_code != 200 or not shown.headers["Content-Type"].startswith("text/html"):
            continue
        reader = FormReader()
        reader.feed(shown.content.decode())
        for form in reader.forms:
            target = form.action or path + query
            kind = (route.pattern if not form.action else "", tuple(sorted(form.values)))
            if target.startswith("/accounts/") or kind in seen:
                continue
            seen.add(kind)
            yield target, form


OURS = {"csrfmiddlewaretoken", "operation_id"}
Found = list[tuple[str, Form]]


@pytest.fixture
def found(world: World, desk: Client) -> Found:
    read = list(forms_of(world, desk))
    assert len(read) > 20, [target for target, _form in read]
    return read


def test_no_form_crashes_on_what_is_typed_into_all_of_it(found: Found, desk: Client) -> None:
    for target, form in found:
        for at in range(0, len(ODD), 2):
            odd = {
                name: value if name in OURS else ODD[(at + place) % len(ODD)]
                for place, (name, value) in enumerate(form.values.items())
            }
            answer = desk.post(target, odd)
            assert answer.status_code < 500, (target, odd)


def test_no_field_crashes_its_form(found: Found, desk: Client) -> None:
    """One odd field among right ones comes further than the form."""
    turn = 0
    for target, form in found:
        for name in form.values.keys() - OURS:
            turn += 1
            values = form.values | {name: ODD[turn % len(ODD)], "operation_id": f"odd-{turn}"}
            answer = desk.post(target, values)
            assert answer.status_code < 500, (target, name, values[name][:60])


def test_a_form_says_nothing_that_it_does_not_ask(company: Company, desk: Client) -> None:
    more = {name: str(value) for name, value in NOT_THEIRS.items() if name != "number"}
    desk.post("/customers/new", {"name": "Ash", **more})
    [made] = company_rows("customers_customer")
    assert made["company_id"] in (company.pk.hex, company.pk)
    assert made["revision"] == 1
    assert str(made["created_at"])[:4] == "2026"

    desk.post("/settings/company", {"name": "Ash", "language": "en", "time_zone": "UTC", "currency": "CAD", **more,
                                    "plan": "free", "after_sending": "lock_once_sent", "hold_seconds": "600"})  # fmt: skip
    company.refresh_from_db()
    assert (company.plan, company.is_sandbox, company.clock_offset_seconds) == ("grow", False, 0)
    assert (company.after_sending, company.hold_seconds) == ("follow", 0)


def company_rows(table: str) -> list[dict[str, Any]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def test_a_form_sent_twice_acts_once(world: World, desk: Client) -> None:
    forms = {
        "/customers/new": {"name": "Ash"},
        f"/customers/{world.customer.pk}/payments/new": {
            "amount": "5.00", "received_on": "2026-06-30", "method": "cash", "way": "credit"},
        f"/payments/invoices/{world.sent.pk}/payments": {
            "amount": "5.00", "received_on": "2026-06-30", "method": "cash", "way": "oldest"},
        f"/payments/invoices/{world.sent.pk}/sendings": {"recipients": "a@c.example", "act": "send"},
        f"/payments/transactions/{world.payment.pk}/reversal": {"reason": "Wrong"},
        "/settings/services/new": {"name": "Ovens", "unit_price": "35.00"},
    }  # fmt: skip
    for at, (path, values) in enumerate(forms.items()):
        first = desk.post(path, {**values, "operation_id": f"once-{at}"})
        assert first.status_code == 303, (path, first.content.decode()[-3000:])
        after = everything()
        again = desk.post(path, {**values, "operation_id": f"once-{at}"})
        assert (again.status_code, again.headers.get("Location")) == (303, first.headers["Location"]), path
        other = desk.post(
            path, {**values, "operation_id": f"once-{at}", "name": "Other", "reference": "Other"}
        )
        assert other.status_code in (409, 422), path
        assert everything() == after, path


def test_a_page_left_open_does_not_undo_what_came_after(world: World, desk: Client) -> None:
    for path in (
        f"/customers/{world.customer.pk}/edit",
        f"/bookings/{world.scheduled.pk}/edit",
        f"/payments/invoices/{world.draft.pk}/edit",
        f"/payments/invoices/{world.sent.pk}/details",
        "/settings/company",
        "/settings/invoicing",
        "/settings/look",
    ):
        reader = FormReader()
        reader.feed(desk.get(path).content.decode())
        form = next(form for form in reader.forms if form.values.get("revision"))
        before = everything()
        for revision in ("999999", "0"):
            answer = desk.post(
                path, form.values | {"revision": revision, "note": "Late", "operation_id": f"r{revision}"}
            )
            assert answer.status_code in (409, 422), (path, revision, answer.status_code)
        for odd in ("x", "-", "9" * 5_000, "1.5", "\0", "-1"):
            answer = desk.post(path, form.values | {"revision": odd, "operation_id": f"o{odd[:3]!a}"})
            assert answer.status_code < 500, (path, odd[:9])
        assert everything() == before, path


def test_odd_cookies_are_strangers(world: World) -> None:
    for text in (
        "",
        "x",
        "a" * 8,
        "a" * 40,
        "a" * 4_000,
        "\xe9",
        "../../x",
        "' OR 1=1 --",
        *SEARCHES[:5],
    ):
        client = Client(raise_request_exception=False)
        for name in ("sessionid", "csrftoken", "theme", "django_language", "messages"):
            client.cookies[name] = text
        assert client.get("/customers").status_code == 302, text[:40]
        assert client.get(f"/i/{world.token}").status_code == 200, text[:40]
