from collections.abc import Callable

import pytest

from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.actor import Actor

pytestmark = [pytest.mark.both_databases, pytest.mark.urls("bookbill.companies.tests.toy_urls")]


def test_a_key_learns_whose_it_is(
    company: Company, office: Actor, api_of: Callable[[Actor], ApiClient]
) -> None:
    me = api_of(office).get("/me").json()
    assert (me["company_id"], me["member_name"], me["role"]) == (str(company.pk), "Olu", "office")
    assert "refund" not in me["rights"]
    assert "send_invoices" in me["rights"]


def test_settings_are_edited_from_the_revision_that_was_read(
    owner: Actor, api_of: Callable[[Actor], ApiClient]
) -> None:
    api = api_of(owner)
    read = api.get("/company")
    assert (read["ETag"], read.json()["payment_terms_days"]) == ('"1"', 14)
    edited = api.patch(
        "/company",
        {"payment_terms_days": 30, "tax_ids": [{"scheme": "GST", "value": "1"}]},
        If_Match=read["ETag"],
    )
    assert (edited.status_code, edited["ETag"], edited.json()["payment_terms_days"]) == (200, '"2"', 30)
    assert edited.json()["tax_ids"] == [{"scheme": "GST", "value": "1"}]
    assert edited.json()["name"] == "Maple Cleaning"
    stale = api.patch("/company", {"payment_terms_days": 7}, If_Match=read["ETag"])
    assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    assert api.get("/company").json()["payment_terms_days"] == 30


@pytest.mark.parametrize("tag", ["2", 'W/"1"', '"x"', '"1", "2"', ""])
def test_an_if_match_that_is_no_etag_is_malformed(
    owner: Actor, api_of: Callable[[Actor], ApiClient], tag: str
) -> None:
    answer = api_of(owner).patch("/company", {"phone": "1"}, If_Match=tag)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "body",
    [{"plan": "grow"}, {"is_sandbox": True}, {"revision": 1}, {"payment_terms_days": "7"}, {"name": ""}],
)
def test_what_is_not_a_setting_cannot_be_set(
    owner: Actor, api_of: Callable[[Actor], ApiClient], body: dict[str, object]
) -> None:
    answer = api_of(owner).patch("/company", body)
    assert answer.status_code == 422
    assert answer.json()["field"] == next(iter(body))


def test_the_accountant_reads_settings_and_the_provider_does_not(
    accountant: Actor, provider: Actor, api_of: Callable[[Actor], ApiClient]
) -> None:
    assert api_of(accountant).get("/company").status_code == 200
    assert api_of(accountant).patch("/company", {"phone": "1"}).status_code == 403
    assert api_of(provider).get("/company").status_code == 403
