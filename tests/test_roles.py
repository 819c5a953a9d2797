"""No role gets through where the permission table does not let it, on any page or address of the API."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from inspect import isfunction, signature
from pkgutil import walk_packages
from typing import Any
from unittest.mock import MagicMock

import pytest
from django.db import transaction
from django.test import Client

import bookbill
from bookbill.companies.rules import RIGHTS, Right, Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.actor import Actor
from bookbill.lib.errors import Forbidden
from tests.support.cast import make_company
from tests.support.crawling import (
    BY_NAME,
    Answer,
    Page,
    Rows,
    Site,
    Visitor,
    all_operations,
    all_pages,
    example_of,
    filled,
    needed_ids,
)
from tests.support.furnishing import Furnished, furnish

SEE, EDIT = Right.VIEW_SETTINGS, Right.EDIT_SETTINGS

# What each page needs: one right, or one to see it and one to send its form. None: whoever is signed in.
PAGES: dict[str, Right | tuple[Right, Right] | None] = {
    **dict.fromkeys(["operations:dashboard", "companies:switch", "companies:profile", "companies:security", "web:search"]),
    **dict.fromkeys(
        ["operations:mailbox", "operations:mail", "operations:mail-html", "operations:attachment", "operations:work",
         "operations:retry-mail", "operations:dismiss-mail", "operations:retry-job", "operations:discard-job"],
        Right.USE_OPERATIONS,
    ),
    **dict.fromkeys(
        ["invoices:list", "invoices:detail", "invoices:versions", "invoices:version-pdf", "invoices:compare", "invoices:emails",
         "invoices:history", "invoices:leaving", "invoices:menu", "invoices:pdf", "invoices:of-customer", "invoices:download-pdfs"],
        Right.VIEW_INVOICES,
    ),
    "invoices:export": Right.EXPORT,
    **dict.fromkeys(
        ["invoices:choose", "invoices:generate", "invoices:instant", "invoices:edit", "invoices:edit-sent", "invoices:note", "invoices:dates", "invoices:add-bookings",
         "invoices:delete-many", "invoices:duplicate", "invoices:new-link", "invoices:delete", "invoices:select"],
        Right.EDIT_INVOICES,
    ),
    **dict.fromkeys(
        ["invoices:send-many", "invoices:undo-many", "invoices:remind-many", "invoices:send", "invoices:undo-sending",
         "invoices:remind", "invoices:retry", "invoices:send-copy", "invoices:dismiss-mail"],
        Right.SEND_INVOICES,
    ),
    **dict.fromkeys(["invoices:pay-many", "invoices:pay", "ledger:new", "ledger:record", "ledger:reference", "invoices:receipt"], Right.RECORD_PAYMENTS),
    **dict.fromkeys(["invoices:cancel", "invoices:cancel-many"], Right.CANCEL_INVOICES),
    **dict.fromkeys(["ledger:list", "ledger:detail", "ledger:of-customer", "ledger:of-booking"], Right.VIEW_MONEY),
    **dict.fromkeys(["ledger:place", "invoices:place-credit"], Right.PLACE_PAYMENTS),
    **dict.fromkeys(["invoices:write-off", "ledger:write-off", "ledger:reduce"], Right.WRITE_OFF),
    "ledger:reverse": Right.REVERSE_PAYMENTS,
    **dict.fromkeys(["bookings:list", "bookings:calendar", "bookings:detail", "bookings:menu"], Right.VIEW_BOOKINGS),
    **dict.fromkeys(["bookings:complete", "bookings:complete-many"], Right.COMPLETE_BOOKINGS),
    **dict.fromkeys(
        ["bookings:new", "bookings:new-line", "bookings:no-line", "bookings:line", "bookings:sums", "bookings:edit", "bookings:reopen",
         "bookings:hold-back", "bookings:cancel", "bookings:delete", "bookings:new-service", "bookings:edit-service",
         "bookings:archive-service", "bookings:reprice", "bookings:resume-repricing"],
        Right.EDIT_BOOKINGS,
    ),
    **dict.fromkeys(
        ["bookings:services", "bookings:of-customer", "bookings:priced-with", "bookings:repricing"], Right.VIEW_PRICES
    ),
    **dict.fromkeys(["customers:list", "customers:detail", "customers:billing", "customers:menu"], Right.VIEW_CUSTOMERS),
    **dict.fromkeys(["customers:new", "customers:edit", "customers:archive"], Right.EDIT_CUSTOMERS),
    **dict.fromkeys(
        ["companies:settings", "companies:number-example", "companies:logo", "bookings:tax-codes",
         "invoices:sample-pdf", "invoices:sample-picture", "invoices:mail-texts", "invoices:mail-text-preview",
         "invoices:mail-text-html"],
        SEE,
    ),
    **dict.fromkeys(["companies:company", "companies:invoicing", "companies:look", "companies:plan", "invoices:mail-text"], (SEE, EDIT)),
    **dict.fromkeys(
        ["companies:change-logo", "bookings:new-tax-code", "bookings:edit-tax-code", "bookings:archive-tax-code",
         "invoices:mail-text-standard"],
        EDIT,
    ),
    **dict.fromkeys(
        ["companies:members", "companies:member-new", "companies:member", "companies:member-end", "companies:member-resume",
         "companies:member-invite"],
        Right.MANAGE_MEMBERS,
    ),
    **dict.fromkeys(["companies:keys", "companies:key-new", "companies:key-revoke"], Right.MANAGE_API_KEYS),
}  # fmt: skip

OPERATIONS: dict[str, Right | None] = {
    "read_me": None,
    **dict.fromkeys(["read_company", "list_mail_texts", "read_mail_text"], SEE),
    **dict.fromkeys(["edit_company", "write_mail_text", "use_standard_text"], EDIT),
    **dict.fromkeys(["list_customers", "read_customer"], Right.VIEW_CUSTOMERS),
    **dict.fromkeys(
        ["create_customer", "edit_customer", "archive_customer", "restore_customer"], Right.EDIT_CUSTOMERS
    ),
    "read_balance": Right.VIEW_MONEY,
    **dict.fromkeys(
        ["list_services", "read_service", "list_tax_codes", "read_tax_code", "read_repricing"],
        Right.VIEW_PRICES,
    ),
    **dict.fromkeys(["create_tax_code", "edit_tax_code"], EDIT),
    **dict.fromkeys(["list_bookings", "read_booking"], Right.VIEW_BOOKINGS),
    **dict.fromkeys(
        [
            "create_service",
            "edit_service",
            "create_booking",
            "edit_booking",
            "delete_booking",
            "cancel_booking",
            "reprice",
            "resume_repricing",
            "duplicate_booking",
            "hold_back_booking",
            "let_booking_in",
        ],
        Right.EDIT_BOOKINGS,
    ),
    **dict.fromkeys(["complete_booking", "complete_bookings"], Right.COMPLETE_BOOKINGS),
    **dict.fromkeys(
        ["list_invoices", "read_invoice", "read_pdf", "read_version", "read_version_pdf"], Right.VIEW_INVOICES
    ),
    **dict.fromkeys(
        [
            "create_invoice",
            "create_instant_invoice",
            "edit_invoice",
            "delete_draft",
            "duplicate_invoice",
            "renew_link",
        ],
        Right.EDIT_INVOICES,
    ),
    **dict.fromkeys(
        ["send_invoice", "undo_sending", "retry_message", "remind_of_invoice"], Right.SEND_INVOICES
    ),
    "cancel_invoice": Right.CANCEL_INVOICES,
    **dict.fromkeys(["record_payment", "edit_payment", "send_receipt"], Right.RECORD_PAYMENTS),
    **dict.fromkeys(["list_payments", "read_payment"], Right.VIEW_MONEY),
    **dict.fromkeys(["place_payment", "place_credit"], Right.PLACE_PAYMENTS),
    "reverse_payment": Right.REVERSE_PAYMENTS,
    **dict.fromkeys(["write_off", "reduce_claim", "write_off_balance"], Right.WRITE_OFF),
    "list_events": Right.VIEW_HISTORY,
}

# Parts of other actions, which ask; the own profile; a customer's look; what people ask for through `retry_mail` and others.
ASKS_NOBODY = {
    "activity.actions.record",
    "activity.actions.record_many",
    "bookings.actions.catalogue.lock_catalogue",
    "bookings.actions.repricing.store_prices",
    "companies.actions.profile.change_profile",
    "delivery.actions.dismiss_message",
    "delivery.actions.retry_message",
    "invoices.actions.drafting.end_instant_bookings",
    "invoices.actions.drafting.give_up_sending",
    "invoices.actions.drafting.remove_drafts",
    "invoices.actions.drafting.settle_left",
    "invoices.actions.sending.frozen_version",
    "invoices.actions.viewing.note_view",
    "ledger.actions.payments.use_credit",
    "work.actions.bring_forward",
}

LIMITED = (Role.OFFICE, Role.ACCOUNTANT, Role.PROVIDER)

# What nobody may find on anything that a provider is shown.
PRICE, EMAIL = "7654.32", "nobody-may-know@customer.example"
# Whole figures only: by chance, four of these digits stand in a row inside an id or a token.
HIDDEN = re.compile(r"(?<!\w)(7,?654|765432|8,?649|864938)(?![\w-])|nobody-may-know")


@dataclass
class House:
    furnished: Furnished
    rows: Rows
    page_of: Callable[[Actor], Client]
    api_of: Callable[[Actor], ApiClient]

    def browser(self, role: Role) -> Visitor:
        return Visitor(self.page_of(self.furnished.actors[role]))

    def program(self, role: Role) -> Visitor:
        api = self.api_of(self.furnished.actors[role])
        return Visitor(api.client, {"Authorization": f"Bearer {api.secret}"})


@pytest.fixture
def house(db: None, api_of: Callable[[Actor], ApiClient], page_of: Callable[[Actor], Client]) -> House:
    company, owner = make_company("Bright Home Co.", is_sandbox=True)
    furnished = furnish(company, owner, price=PRICE, email=EMAIL)
    api_of(owner)
    return House(furnished, Rows(company.pk), page_of, api_of)


def actions() -> Iterator[tuple[str, Callable[..., Any]]]:
    """What is done by somebody, with its name inside the product."""
    for found in walk_packages(bookbill.__path__, "bookbill."):
        if "actions" in found.name.split("."):
            for name, each in vars(import_module(found.name)).items():
                own = isfunction(each) and each.__module__ == found.name and not name.startswith("_")
                if own and "by" in signature(each).parameters:
                    yield f"{found.name.removeprefix('bookbill.')}.{name}", each


def let_through(role: Role, needed: Right | None) -> bool:
    return needed is None or needed in RIGHTS[role]


def judge(role: Role, needed: Right | None, answer: Answer, what: object) -> None:
    """Refused and nothing changed, exactly where the table says so; a provider may also not find what others do."""
    assert answer.status < 500, (role, what, answer.body)
    if let_through(role, needed):
        assert answer.status != 403, (role, what, answer.body[-1500:])
    else:
        assert answer.status in (403, 405), (role, what, answer.status)
        assert not answer.wrote, (role, what, answer.wrote)


def test_owners_and_administrators_may_do_everything() -> None:
    """So there is nothing that could be refused to them, and the others are tried."""
    assert {role for role in Role if RIGHTS[role] == frozenset(Right)} == set(Role) - set(LIMITED)


def test_every_action_asks_for_a_right_before_anything_else(house: House) -> None:
    """A page's door asks too, so the walk over pages below would not miss it."""
    nobody = replace(house.furnished.actors[Role.OWNER], role="")
    silent = set()
    for name, action in actions():
        others = {each: MagicMock() for each in signature(action).parameters if each != "by"}
        try:
            with transaction.atomic():
                action(**others, by=nobody)
        except Forbidden:
            continue
        except Exception:  # noqa: BLE001 it went on without asking, as far as it came
            pass
        silent.add(name)
    assert silent == ASKS_NOBODY


def test_every_page_keeps_to_the_permission_table(house: House) -> None:
    pages = all_pages()
    assert {page.name for page in pages} == set(PAGES), "say in PAGES what the page needs"
    forms = forms_of(house, pages)
    for role in LIMITED:
        browser = house.browser(role)
        for page in pages:
            needed = PAGES[page.name]
            to_see, to_send = needed if isinstance(needed, tuple) else (needed, needed)
            url = page.urls(house.rows)[0]
            judge(role, to_see, browser.ask("GET", url), ("GET", url))
            judge(role, to_send, browser.ask("POST", url, forms.get(page.name, {})), ("POST", url))


def forms_of(house: House, pages: list[Page]) -> dict[str, dict[str, Any]]:
    """What the owner would send from each page, so that nothing but the role stands in the way of the others."""
    owner, site = house.browser(Role.OWNER), Site()
    for page in pages:
        url = page.urls(house.rows)[0]
        answer = owner.ask("GET", url)
        if answer.status == 200:
            site.learn(answer, url)
    return {name: filled(forms[0]) for name, forms in site.forms.items() if forms}


def test_every_address_of_the_api_keeps_to_the_permission_table(house: House) -> None:
    operations = all_operations()
    assert {operation.name for operation in operations} == set(OPERATIONS), "say in OPERATIONS what it needs"
    for role in LIMITED:
        program = house.program(role)
        for operation in operations:
            ids = {name: str(house.rows.of(BY_NAME[name])[0]) for name in needed_ids(operation.body)}
            body = example_of(operation.body, ids) if operation.body else None
            pk = house.rows.of(operation.kind())[0] if operation.wants_rows else ""
            answer = program.ask(operation.method, operation.url(pk), body)
            judge(role, OPERATIONS[operation.name], answer, operation)


def test_a_provider_finds_only_the_own_bookings_and_no_price_total_or_email(house: House) -> None:
    provider = house.furnished.actors[Role.PROVIDER]
    own = [booking for booking in house.furnished.bookings if booking.provider_id == provider.member_id]
    others = [booking for booking in house.furnished.bookings if booking.provider_id != provider.member_id]
    browser, program = house.browser(Role.PROVIDER), house.program(Role.PROVIDER)
    answers = [
        browser.ask("GET", f"/search?q={word}", **{"HX-Request": "true"})
        for word in ("Maple", "B-1001", "nobody")
    ]
    for page in all_pages():
        urls = page.urls(house.rows)
        answers += [browser.ask("GET", url) for url in urls]
        answers.append(browser.ask("GET", urls[0], **{"HX-Request": "true"}))
        answers.append(browser.ask("POST", urls[0], {"ids": [str(own[0].pk)]}))
    for operation in all_operations():
        for pk in house.rows.some(operation.kind()) if operation.wants_rows else [""]:
            answers.append(program.ask(operation.method, operation.url(pk), {} if operation.body else None))
    assert sum(answer.status == 200 for answer in answers) > 10
    for answer in answers:
        assert not HIDDEN.search(answer.body), answer.body
    for booking in own:
        assert browser.ask("GET", f"/bookings/{booking.pk}").status == 200
        assert program.ask("GET", f"/api/v1/bookings/{booking.pk}").status == 200
    for booking in others:
        for answer in (
            browser.ask("GET", f"/bookings/{booking.pk}"),
            browser.ask("POST", f"/bookings/{booking.pk}/completion"),
            program.ask("GET", f"/api/v1/bookings/{booking.pk}"),
            program.ask("POST", f"/api/v1/bookings/{booking.pk}/completion", {}),
        ):
            assert (answer.status, answer.wrote) == (404, ())
    listed = program.ask("GET", "/api/v1/bookings").body
    assert [str(booking.pk) in listed for booking in [*own, *others]] == [True] * len(own) + [False] * len(
        others
    )


def test_the_hidden_figures_are_there_for_those_who_may_see_them(house: House) -> None:
    """Else not finding them would prove nothing."""
    office = house.browser(Role.OFFICE)
    shown = office.ask("GET", f"/bookings/{house.furnished.bookings[4].pk}").body
    assert "7,654.32" in shown
    assert "8,649.38" in shown
    assert {"7,654", "8,649"} <= {found[1] for found in HIDDEN.finditer(shown)}
    assert EMAIL in office.ask("GET", f"/customers/{house.furnished.customers[0].pk}/billing").body
