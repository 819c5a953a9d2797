from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from bookbill.companies.actors import member_actor
from bookbill.companies.models import Company, Member, User
from bookbill.companies.rules import Role
from bookbill.companies.tests import page_urls
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope

pytestmark = pytest.mark.urls("bookbill.companies.tests.page_urls")

PageOf = Callable[[Actor], Client]


def test_a_stranger_is_sent_to_sign_in_and_back(db: None) -> None:
    answer = Client().get("/read?tab=2")
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/read%3Ftab%3D2"
    assert Client().post("/add")["Location"] == "/accounts/login/?next=/"
    assert Client().get("/read", headers={"HX-Request": "true"})["HX-Redirect"] == "/accounts/login/"


def test_a_member_sees_the_own_company_only(
    company: Company, twin: Company, owner: Actor, make_member: Callable[..., Member], page_of: PageOf
) -> None:
    make_member(twin, name="Stranger")
    answer = page_of(owner).get("/read")
    assert answer.content == b"Maple Cleaning: Ana"
    assert "no-store" in answer["Cache-Control"]
    assert "private" in answer["Cache-Control"]


def test_a_role_changed_meanwhile_works_at_once(company: Company, owner: Actor, page_of: PageOf) -> None:
    page = page_of(owner)
    assert page.post("/add", {"email": "a@x.co"}).status_code == 303
    with scope(company=company):
        Member.objects.filter(pk=str(owner.member_id)).update(role=Role.OFFICE)
        assert page.post("/add", {"email": "b@x.co"}).status_code == 403
        Member.objects.filter(pk=str(owner.member_id)).update(is_active=False)
    answer = page.get("/read")
    assert answer.status_code == 403
    assert b"belongs to no company" in answer.content


def test_an_account_that_was_closed_is_signed_out(owner: Actor, page_of: PageOf) -> None:
    page = page_of(owner)
    User.objects.update(is_active=False)
    assert page.get("/read").status_code == 302


def test_a_smaller_plan_says_which_has_the_page(company: Company, owner: Actor, page_of: PageOf) -> None:
    page = page_of(owner)
    assert page.get("/batch").content == b"batch"
    Company.objects.update(plan="startup")
    answer = page.get("/batch")
    assert answer.status_code == 403
    assert b"Batch invoices come with the Grow plan." in answer.content


def test_a_refusal_is_a_page_or_asked_by_htmx_a_toast(owner: Actor, page_of: PageOf) -> None:
    page = page_of(owner)
    page.post("/add", {"email": "a@x.co"})
    whole = page.post("/add", {"email": "a@x.co"})
    assert whole.status_code == 409
    assert b"a@x.co is a member already." in whole.content
    part = page.post("/add", {"email": "a@x.co"}, headers={"HX-Request": "true"})
    assert (part.status_code, part["HX-Reswap"]) == (422, "none")
    assert b"a@x.co is a member already." in part.content


def test_a_refusal_outside_staff_pages_is_a_page_too(db: None) -> None:
    answer = Client().get("/public?refuse")
    assert answer.status_code == 409
    assert b"Not like this." in answer.content


def test_a_database_that_does_not_answer_is_a_page_with_retry_after(
    db: None, monkeypatch: pytest.MonkeyPatch, owner: Actor, page_of: PageOf
) -> None:
    def full(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("database or disk is full")

    page = page_of(owner)
    monkeypatch.setattr(page_urls, "act_once", full)
    answer = page.post("/add", {"email": "a@x.co"})
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert b"disk" not in answer.content


def test_a_get_never_reaches_a_form_that_acts(owner: Actor, page_of: PageOf) -> None:
    assert page_of(owner).get("/add").status_code == 405


def test_a_form_without_its_token_is_refused(owner: Actor, page_of: PageOf) -> None:
    page = page_of(owner)
    page.handler.enforce_csrf_checks = True
    answer = page.post("/add", {"email": "a@x.co"})
    assert answer.status_code == 403
    assert b"has expired" in answer.content


@pytest.mark.both_databases
def test_a_double_click_acts_once_and_goes_to_the_same_place(
    company: Company, owner: Actor, page_of: PageOf
) -> None:
    page = page_of(owner)
    form = {"email": "a@x.co", "operation_id": "abc"}
    first, second = page.post("/add", form), page.post("/add", form)
    assert (first.status_code, second.status_code) == (303, 303)
    assert first["Location"] == second["Location"]
    other = page.post("/add", {**form, "email": "b@x.co"})
    assert other.status_code == 409
    assert b"already sent" in other.content
    with scope(company=company):
        assert Member.objects.count() == 2


def test_a_person_of_two_companies_chooses_and_cannot_choose_a_third(
    company: Company,
    twin: Company,
    owner: Actor,
    make_member: Callable[..., Member],
    make_company: Callable[..., Company],
    page_of: PageOf,
) -> None:
    third = make_company("Third")
    make_member(twin, user=User.objects.get(), name="Ana at Harbour")
    page = page_of(owner)
    assert page.get("/read").content.startswith(b"Harbour Gardens")
    assert page.post(f"/companies/{company.pk}/switch").status_code == 303
    assert page.get("/read").content.startswith(b"Maple Cleaning")
    assert page.post(f"/companies/{third.pk}/switch").status_code == 404
    assert page.get("/read").content.startswith(b"Maple Cleaning")


def test_pages_speak_the_persons_language_else_the_companys(
    make_company: Callable[..., Company], make_member: Callable[..., Member], page_of: PageOf
) -> None:
    company = make_company("Érable", language="fr")
    page = page_of(member_actor(company, make_member(company)))
    assert page.get("/read")["Content-Language"] == "fr"
    User.objects.update(language="en")
    assert page.get("/read")["Content-Language"] == "en"


@pytest.mark.parametrize("sent", ["abcdefgh-1234", "short", "x" * 65, "bad\tid", "<script>alert(1)"])
def test_every_answer_has_an_id_to_find_it_by(db: None, sent: str) -> None:
    answered = Client().get("/public", headers={"X-Request-ID": sent})["X-Request-ID"]
    assert (answered == sent) == (sent == "abcdefgh-1234")
    assert len(answered) >= 8
