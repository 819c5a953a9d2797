"""A stranger's id answers exactly like one that was never given, on every address, in every body, query and form."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from bookbill.companies.tests.clients import ApiClient
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.ids import new_link_token
from bookbill.lib.tenancy import scopes_disabled
from tests.support.cast import make_company
from tests.support.crawling import (
    BY_NAME,
    UUID_TEXT,
    Answer,
    Form,
    Operation,
    Page,
    Rows,
    Site,
    Visitor,
    all_operations,
    all_pages,
    counterpart,
    example_of,
    explore,
    filled,
    id_names,
    lookalike,
    misdirected,
    needed_ids,
    pages_by_link,
)
from tests.support.furnishing import furnish

MINE, THEIRS = "Bright Home Co.", "Harbour Gardens"


@dataclass
class Twins:
    """Two companies furnished alike, and whoever of the first knows every id of the second."""

    mine: Rows
    theirs: Rows
    browser: Visitor
    program: Visitor

    def alike(
        self, visitor: Visitor, method: str, url: str, own: UUID, data: Any = None, **headers: str
    ) -> Answer:
        """Ask with the stranger's row and with one that does not exist in the place of ``own``; both answer alike."""
        stranger = counterpart(own, self.mine, self.theirs)
        nobody = lookalike(stranger)
        answers = []
        for key in (stranger, nobody):
            asked = put(data, own, key)
            answers.append(visitor.ask(method, url.replace(str(own), str(key)), asked, **headers))
        first, second = answers
        place = (method, url, data, headers)
        assert first.status < 500, (place, first.body)
        assert first.masked(stranger, nobody) == second.masked(stranger, nobody), place
        assert THEIRS not in first.body.replace("&amp;", "&"), place
        return first


def put(data: Any, own: UUID, other: UUID) -> Any:
    """``data`` with one id replaced, however deep."""
    if isinstance(data, dict):
        return {put(key, own, other): put(value, own, other) for key, value in data.items()}
    if isinstance(data, list):
        return [put(value, own, other) for value in data]
    if isinstance(data, str):
        return data.replace(str(own), str(other)).replace(own.hex, other.hex)
    return data


@pytest.fixture
def twins(db: None, api_of: Callable[[Actor], ApiClient], page_of: Callable[[Actor], Client]) -> Twins:
    actors = []
    for name in (MINE, THEIRS):
        company, owner = make_company(name, is_sandbox=True)
        furnish(company, owner)
        actors.append((company, owner, api_of(owner)))
    (company, ana, api), (other, _bo, _their_api) = actors
    headers = {"Authorization": f"Bearer {api.secret}"}
    return Twins(
        Rows(company.pk),
        Rows(other.pk),
        Visitor(page_of(ana)),
        Visitor(api.client, headers),
    )


def test_no_page_link_or_form_knows_a_strangers_rows(twins: Twins) -> None:
    site = explore(twins.browser, twins.mine)
    for page in all_pages():
        answers = site.pages[page.name]
        is_seen = any(answer.status in (200, 302, 303) for answer in answers)
        assert is_seen or site.forms[page.name] or "<digest>" in page.route, f"the walk never saw {page}"
        for place, _kind in enumerate(page.kinds()):
            ask_in_the_address(twins, site, page, place)
    for link in site.links.values():
        for own in own_keys(twins, link):
            twins.alike(twins.browser, "GET", link, own)
    for forms in list(site.forms.values()):
        for form in forms:
            ask_in_the_form(twins, form)
    assert misdirected(twins.browser, twins.mine, twins.theirs) == []


def ask_in_the_address(twins: Twins, site: Site, page: Page, place: int) -> None:
    url = page.urls(twins.mine)[0]
    own = UUID(UUID_TEXT.findall(url)[place])
    data = next((filled(form) for form in site.forms[page.name]), {})
    for method, headers in (("GET", {}), ("GET", {"HX-Request": "true"}), ("POST", {})):
        answer = twins.alike(twins.browser, method, url, own, data if method == "POST" else None, **headers)
        refused = (404, 405, 422) if headers else (404, 405)  # htmx gets a toast
        assert answer.status in refused, (page, method, answer)
        assert not answer.wrote, (page, method, answer.wrote)


def own_keys(twins: Twins, text: str) -> list[UUID]:
    found = dict.fromkeys(UUID(each) for each in UUID_TEXT.findall(text))
    return [key for key in found if key in twins.mine.model_of]


def ask_in_the_form(twins: Twins, form: Form) -> None:
    """Each id a form carries or offers, replaced."""
    data = filled(form)
    for name, value in {*form.fields, *form.choices}:
        for own in own_keys(twins, f"{name} {value}"):
            twins.alike(twins.browser, "POST", form.action, own, {**data, name: [value]})


def test_no_address_of_the_api_knows_a_strangers_rows(twins: Twins) -> None:
    for operation in all_operations():
        if operation.wants_rows:
            ids = {name: str(twins.mine.of(BY_NAME[name])[0]) for name in needed_ids(operation.body)}
            body = example_of(operation.body, ids) if operation.body else None
            own = twins.mine.of(operation.kind())[0]
            answer = twins.alike(twins.program, operation.method, operation.url(own), own, body)
            assert answer.status == 404, (operation, answer)
            assert not answer.wrote, operation
            asked = (
                twins.program.ask(operation.method, operation.url(pk), body).status
                for pk in twins.mine.of(operation.kind())
            )
            assert any(status not in (404, 422) for status in asked), f"{operation.name} takes no row at all"
    assert misdirected(twins.program, twins.mine, twins.theirs) == []


def test_no_body_of_the_api_takes_a_strangers_rows(twins: Twins) -> None:
    for operation in all_operations():
        for name in sorted(id_names(operation.body)):
            own, url, ids = accepted(twins, operation, name)
            answer = twins.alike(
                twins.program, operation.method, url, own, example_of(operation.body, {**ids, name: str(own)})
            )
            assert 400 <= answer.status < 500, (operation, name, answer)
            assert not answer.wrote, (operation, name)
    assert misdirected(twins.program, twins.mine, twins.theirs) == []


def accepted(twins: Twins, operation: Operation, name: str) -> tuple[UUID, str, dict[str, str]]:
    """A row of one's own in the place of ``name`` that the operation accepts: so a refusal is about whose row it is."""
    wanted = needed_ids(operation.body) | ({"customer_id"} & id_names(operation.body))
    ids = {each: str(twins.mine.of(BY_NAME[each])[0]) for each in wanted}
    urls = (
        [operation.url(pk) for pk in twins.mine.of(operation.kind())]
        if operation.wants_rows
        else [operation.url()]
    )
    refused = []
    for url in urls:
        for own in twins.mine.of(BY_NAME[name]):
            body = example_of(operation.body, {**ids, name: str(own)})
            answer = twins.program.ask(operation.method, url, body)
            if answer.status < 300:
                return own, url, ids
            refused.append(answer.body)
    raise AssertionError(f"{operation.name} never took {name}: {refused[:3]}")


def test_no_query_of_the_api_tells_of_a_strangers_rows(twins: Twins) -> None:
    for operation in all_operations():
        for name in operation.queries:
            if name in BY_NAME:
                own = twins.mine.of(BY_NAME[name])[-1]
                twins.alike(twins.program, "GET", f"{operation.url(own)}?{name}={own}", own)
    assert misdirected(twins.program, twins.mine, twins.theirs) == []


def test_a_link_opens_its_own_sent_invoice_and_nothing_else(twins: Twins, client: Client) -> None:
    with scopes_disabled():
        invoices = list(Invoice.objects.filter(pk__in=twins.mine.of("invoices.Invoice")))
    sent = next(invoice for invoice in invoices if invoice.sent_at)
    draft = next(invoice for invoice in invoices if not invoice.sent_at)
    visitor = Visitor(client)
    for page in pages_by_link():
        for method in ("GET", "POST"):
            own = visitor.ask(method, "/" + page.route.replace("<str:token>", sent.link_token))
            strange = [
                visitor.ask(method, "/" + page.route.replace("<str:token>", token)).masked(token)
                for token in (draft.link_token, new_link_token(), str(sent.pk), draft.link_token[:-1])
            ]
            assert own.status < 500, (page, own.body)
            assert THEIRS not in own.body
            assert all(answer[:2] == strange[0][:2] for answer in strange), page
            assert strange[0][0] == (405 if own.status == 405 else 404), page
