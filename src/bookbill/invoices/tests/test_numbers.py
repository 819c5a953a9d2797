"""Numbers on invoices when the company's format is changed."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.companies.actions import update_company
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

pytestmark = pytest.mark.both_databases


@pytest.fixture
def sent_as(ana: Actor, make_sent: Callable[..., Invoice]) -> Callable[[str, int], list[str]]:
    """That many invoices sent with a format."""

    def send(number_format: str, count: int) -> list[str]:
        settings = {"number_format": number_format, "number_restarts_yearly": False}
        transact(lambda: update_company(settings, by=ana, now=NOW))
        return [make_sent().number for _ in range(count)]

    return send


def test_a_format_that_comes_to_a_number_again_is_refused(
    ana: Actor, sent_as: Callable[[str, int], list[str]], desk: Client, api: ApiClient, company: Company
) -> None:
    assert sent_as("A5-{n}", 4)[-1] == "A5-4"
    sentence = "There is an invoice A5-4, and this format would come to the same number again."
    answer = api.patch("/company", {"number_format": "A{n}-4"})
    assert (answer.status_code, answer.json()["code"]) == (409, "number_exists")
    assert sentence in answer.json()["detail"]
    form = {
        "number_format": "A{n}-4",
        "payment_terms_days": "30",
        "hold_seconds": "0",
        "after_sending": "follow",
        "revision": str(Company.objects.get().revision),
    }
    answer = desk.post("/settings/invoicing", form)
    assert (answer.status_code, sentence in answer.content.decode()) == (422, True)
    assert Company.objects.get().number_format == "A5-{n}"


def test_a_format_that_comes_to_no_number_again_is_taken(sent_as: Callable[[str, int], list[str]]) -> None:
    sent_as("A5-{n}", 4)
    assert sent_as("A{n}-9", 1) == ["A5-9"]
    assert sent_as("A{n}-4", 1) == ["A6-4"]  # A5-4 exists, but 5 was given by now
    assert sent_as("A5-{n:02}", 1) == ["A5-07"]
    assert sent_as("A6-{n}", 1) == ["A6-8"]  # A6-4 exists, but 4 was given by now


def test_a_number_of_a_coming_year_counts(
    ana: Actor, sent_as: Callable[[str, int], list[str]], make_invoice: Callable[..., Invoice]
) -> None:
    assert sent_as("{n}-2027", 2) == ["1-2027", "2-2027"]
    yearly = {"number_format": "{n}-{year}", "number_restarts_yearly": True}
    in_2027 = NOW + dt.timedelta(days=365)
    with pytest.raises(RuleBroken, match="1-2027") as refused:
        transact(lambda: update_company(yearly, by=ana, now=in_2027))
    assert (refused.value.code, refused.value.field) == ("number_exists", "number_format")
    transact(lambda: update_company(yearly | {"number_format": "{n:02}-{year}"}, by=ana, now=in_2027))
    draft = make_invoice()
    transact(lambda: send_invoices([draft.pk], by=ana, now=in_2027))
    assert Invoice.objects.get(pk=draft.pk).number == "01-2027"
