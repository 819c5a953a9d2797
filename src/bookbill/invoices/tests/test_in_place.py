"""What is edited on the page it stands on, by htmx in its place and without JavaScript on a page of its own."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.invoices.models import Invoice
from tests.support.cast import TODAY

HTMX = {"HX-Request": "true", "HX-Target": "content"}


@pytest.fixture
def draft(make_invoice: Callable[..., Invoice]) -> Invoice:
    return make_invoice()


def address(invoice: Invoice, part: str = "") -> str:
    return f"/payments/invoices/{invoice.pk}{part}"


def test_the_note_is_edited_where_it_stands(desk: Client, draft: Invoice) -> None:
    assert address(draft, "/note") in desk.get(address(draft)).content.decode()
    form = desk.get(address(draft, "/note"), headers=HTMX)
    assert (form["HX-Retarget"], form["HX-Reselect"], form["HX-Reswap"]) == (
        "#note-text",
        "#note-text",
        "outerHTML",
    )
    assert 'id="note-text"' in form.content.decode()

    saved = desk.post(address(draft, "/note"), {"note": "Thanks", "revision": "1"}, headers=HTMX)
    assert json.loads(saved["HX-Location"])["path"] == address(draft)
    assert "Thanks" in desk.get(address(draft), headers=HTMX).content.decode()


def test_a_refused_note_stays_in_its_place_with_what_is_wrong(desk: Client, draft: Invoice) -> None:
    refused = desk.post(address(draft, "/note"), {"note": "4111 1111 1111 1111"}, headers=HTMX)
    assert (refused.status_code, refused["HX-Retarget"]) == (422, "#note-text")
    assert "card number" in refused.content.decode()
    stale = desk.post(address(draft, "/note"), {"note": "Late", "revision": "999"})
    assert stale.status_code == 422
    assert "changed by someone else" in stale.content.decode()
    assert Invoice.objects.get().note == ""


def test_the_dates_of_a_draft_are_edited_without_its_long_form(desk: Client, draft: Invoice) -> None:
    typed = {"issue_date": TODAY.isoformat(), "terms_days": "30", "due_date": ""}
    assert desk.post(address(draft, "/dates"), typed).status_code == 303
    saved = Invoice.objects.get()
    assert (saved.issue_date, saved.terms_days) == (TODAY, 30)
    assert "Invoice date, Terms" in desk.get(address(draft, "/history")).content.decode()


def test_a_sent_invoice_keeps_its_dates_and_may_change_its_note(
    desk: Client, make_sent: Callable[..., Invoice]
) -> None:
    sent = make_sent()
    shown = desk.get(address(sent)).content.decode()
    assert address(sent, "/dates") not in shown
    assert address(sent, "/note") in shown
    assert desk.post(address(sent, "/dates"), {"terms_days": "30"}).status_code == 422
    assert desk.post(address(sent, "/note"), {"note": "New"}).status_code == 303
