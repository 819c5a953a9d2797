"""Settings through the door that people use."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.companies.models import Company, Member, NumberSeries, SeriesKind
from bookbill.companies.numbers import take_invoice_numbers
from bookbill.companies.tests.test_pictures import picture, png_bomb
from bookbill.documents.models import StoredFile
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact

PageOf = Callable[[Actor], Client]

COMPANY = {
    "name": "Maple Cleaning",
    "email": "office@maple.example",
    "phone": "",
    "website": "https://maple.example",
    "language": "fr",
    "time_zone": "America/Montreal",
    "currency": "EUR",
    "address_line1": "88 Avenue du Parc",
    "address_city": "Montréal",
    "tax_scheme_1": "GST",
    "tax_id_1": "123 RT0001",
    "revision": "1",
}
INVOICING = {
    "number_format": "R-{year}-{n:04}",
    "number_restarts_yearly": "on",
    "first_number": "500",
    "payment_terms_days": "30",
    "hold_seconds": "0",
    "after_sending": "lock_once_paid",
    "terms_en": "Thirty days.",
    "terms_fr": "",
    "revision": "1",
}
LOOK = {"colour": "#3450CF", "paper": "Letter", "revision": "1"}


@pytest.fixture
def page(owner: Actor, page_of: PageOf) -> Client:
    return page_of(owner)


def now_of(company: Company) -> Company:
    return Company.objects.select_related("logo").get(pk=company.pk)


@pytest.mark.both_databases
def test_the_company_is_changed_with_one_entry_in_its_history(company: Company, page: Client) -> None:
    assert page.post("/settings/company", COMPANY)["Location"] == "/settings/company"
    changed = now_of(company)
    assert (changed.email, changed.currency, changed.time_zone) == (
        "office@maple.example",
        "EUR",
        "America/Montreal",
    )
    assert changed.tax_ids == [{"scheme": "GST", "value": "123 RT0001"}]
    assert changed.address()["city"] == "Montréal"
    with scope(company=company):
        assert [entry.type for entry in Entry.objects.all()] == ["company.changed"]


@pytest.mark.parametrize(
    ("path", "form", "wrong", "sentence"),
    [
        ("company", COMPANY, {"name": " "}, "Enter the name of your company."),
        ("company", COMPANY, {"email": "a@[127.0.0.1]"}, "is not an email address"),
        ("company", COMPANY, {"website": "javascript:alert(1)"}, "Write the whole address"),
        ("company", COMPANY, {"phone": "1\x002"}, "cannot be stored"),
        ("company", COMPANY, {"tax_id_1": ""}, "Write the number of this tax id"),
        ("company", COMPANY, {"time_zone": "Mars/Base"}, "not in the list"),
        ("company", COMPANY, {"currency": "XXX"}, "not in the list"),
        ("invoicing", INVOICING, {"number_format": "R-{n:04}"}, "need {year} in their format"),
        ("invoicing", INVOICING, {"number_format": "{n}{n}-{year}"}, "{n} once"),
        ("invoicing", INVOICING, {"hold_seconds": "1e2"}, "is not a number"),
        ("invoicing", INVOICING, {"hold_seconds": "601"}, "At most 600"),
        ("invoicing", INVOICING, {"hold_seconds": "1.5"}, "At most 0 decimals"),
        ("invoicing", INVOICING, {"first_number": "0"}, "At least 1"),
        ("invoicing", INVOICING, {"payment_terms_days": "11"}, "11"),
        ("invoicing", INVOICING, {"after_sending": "anything"}, "not in the list"),
        ("invoicing", INVOICING, {"terms_en": "x" * 20_001}, "At most 20000 characters"),
        ("look", LOOK, {"colour": "red"}, "Write the colour like"),
        ("look", LOOK, {"colour": "#12345"}, "Write the colour like"),
        ("look", LOOK, {"paper": "A3"}, "not in the list"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field_and_nothing_changes(
    company: Company, page: Client, path: str, form: dict[str, str], wrong: dict[str, str], sentence: str
) -> None:
    answer = page.post(f"/settings/{path}", form | wrong)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert f'id="id_{next(iter(wrong))}_error"' in answer.content.decode()
    assert now_of(company).revision == 1


@pytest.mark.both_databases
@pytest.mark.parametrize(("path", "form"), [("company", COMPANY), ("invoicing", INVOICING), ("look", LOOK)])
@pytest.mark.parametrize("revision", ["0", "", "x", "9" * 30, "١"])
def test_a_form_made_from_an_older_state_changes_nothing(
    company: Company, page: Client, path: str, form: dict[str, str], revision: str
) -> None:
    answer = page.post(f"/settings/{path}", form | {"revision": revision})
    assert answer.status_code == 422
    assert "Somebody changed this meanwhile" in answer.content.decode()
    assert now_of(company).revision == 1


@pytest.mark.parametrize(("path", "form"), [("company", COMPANY), ("invoicing", INVOICING), ("look", LOOK)])
def test_what_a_page_does_not_ask_cannot_be_set_by_it(
    company: Company, twin: Company, page: Client, path: str, form: dict[str, str]
) -> None:
    """Mass assignment: names of other columns in the form."""
    more = {
        "plan": "free",
        "is_sandbox": "1",
        "clock_offset_seconds": "9",
        "id": str(twin.pk),
        "company": str(twin.pk),
        "currency_fixed_at": "",
        "logo": "1",
        "tax_scheme_6": "x",
        "tax_id_6": "y",
        "terms_de": "Frei",
    }
    before = now_of(company)
    assert page.post(f"/settings/{path}", form | more).status_code == 303
    after = now_of(company)
    assert (after.plan, after.is_sandbox, after.clock_offset_seconds, after.logo_id) == (
        before.plan,
        before.is_sandbox,
        before.clock_offset_seconds,
        before.logo_id,
    )
    assert "de" not in after.terms_and_conditions
    assert now_of(twin).revision == 1


def test_a_fixed_currency_stays_whatever_the_form_says(company: Company, page: Client) -> None:
    Company.objects.filter(pk=company.pk).update(currency_fixed_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
    assert page.post("/settings/company", COMPANY).status_code == 303
    assert now_of(company).currency == "CAD"


@pytest.mark.both_databases
def test_invoicing_is_changed_and_the_first_number_with_it(company: Company, page: Client) -> None:
    assert page.post("/settings/invoicing", INVOICING).status_code == 303
    changed = now_of(company)
    assert (changed.payment_terms_days, changed.hold_seconds, changed.after_sending) == (
        30,
        0,
        "lock_once_paid",
    )
    assert changed.payment_link_default is False
    assert changed.terms_and_conditions == {"en": "Thirty days."}
    shown = page.get("/settings").content.decode()
    assert "-0500" in shown


def test_the_first_number_is_no_longer_asked_once_one_was_given(company: Company, page: Client) -> None:
    with scope(company=company):
        year = dt.datetime.now(dt.UTC).date()
        transact(lambda: take_invoice_numbers(company, wished=[None], today=year))
        assert b"first_number" not in page.get("/settings/invoicing").content
        answer = page.post("/settings/invoicing", INVOICING)
        assert answer.status_code == 303
        assert NumberSeries.objects.get(kind=SeriesKind.INVOICE).next_n == 2


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("number_format=R{n:03}-{year}&number_restarts_yearly=on&first_number=7", "R007-"),
        ("number_format=R{n:03}&first_number=", "R001"),
        ("number_format=R{n:03}&number_restarts_yearly=on", "need {year}"),
        ("number_format=", "needs {n} once"),
        ("number_format=<b>{n}", "Use letters, digits"),
        ("number_format=R{n}&first_number=9999999999999999999999", "R1<"),
    ],
)
def test_the_next_number_follows_what_is_typed_and_saves_nothing(
    company: Company, page: Client, query: str, shown: str
) -> None:
    answer = page.get(f"/settings/invoicing/example?{query}")
    assert answer.status_code == 200
    assert shown in answer.content.decode()
    with scope(company=company):
        assert not NumberSeries.objects.exists()


def test_colour_and_paper_are_saved_and_shown_before(company: Company, page: Client) -> None:
    shown = page.get("/settings/look?colour=%23ffee00&paper=Letter").content.decode()
    assert "colour=%23ffee00&amp;paper=Letter" in shown
    assert page.get("/settings/look?colour=url(x)").status_code == 200
    assert page.post("/settings/look", LOOK).status_code == 303
    assert (now_of(company).colour, now_of(company).paper) == ("#3450cf", "Letter")


def upload(name: str, content: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, content, content_type="image/png")


@pytest.mark.both_databases
def test_a_logo_is_kept_as_a_png_of_ours_and_taken_away_again(company: Company, page: Client) -> None:
    content = picture("JPEG", (1200, 300)) + b"<script>"
    sent = {"logo": upload("logo.svg", content), "revision": "1"}
    assert page.post("/settings/look/logo", sent)["Location"] == "/settings/look"
    with scope(company=company):
        logo = now_of(company).logo
        assert logo is not None
        assert (logo.kind, logo.content_type) == ("logo", "image/png")
        shown = page.get(f"/settings/look/logo/{logo.sha256}.png")
        assert shown.content.startswith(b"\x89PNG")
        assert b"<script>" not in shown.content
        assert page.post("/settings/look/logo", {"act": "remove", "revision": "2"}).status_code == 303
        assert now_of(company).logo is None
        assert StoredFile.objects.filter(kind="logo").exists()  # sent invoices still print it
        assert [entry.type for entry in Entry.objects.all()] == ["company.changed"] * 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "Choose a picture: PNG, JPEG or WebP"),
        (b"GIF89a" + picture("PNG"), "Choose a picture: PNG, JPEG or WebP"),
        (png_bomb(), "at most 4 million"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "damaged"),
        (picture("PNG") + b"\0" * 2_100_000, "at most 2 MB"),
    ],
    ids=["empty", "svg", "polyglot", "bomb", "damaged", "heavy"],
)
def test_what_is_no_usable_picture_is_refused_beside_the_field(
    company: Company, page: Client, content: bytes, sentence: str
) -> None:
    answer = page.post("/settings/look/logo", {"logo": upload("logo.png", content), "revision": "1"})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    with scope(company=company):
        assert not StoredFile.objects.exists()


def test_another_companys_logo_is_not_there(company: Company, twin: Company, page: Client) -> None:
    from bookbill.documents.files import put_file

    with scope(company=twin):
        theirs = put_file(twin.pk, "logo", picture("PNG"), "image/png")
    assert page.get(f"/settings/look/logo/{theirs.sha256}.png").status_code == 404


def test_the_plan_page_says_why_a_feature_is_locked_and_changes_the_plan(
    company: Company, page: Client
) -> None:
    Company.objects.update(plan="startup")
    assert "Batch invoices come with the Grow plan." in page.get("/settings/plan").content.decode()
    assert page.post("/settings/plan", {"plan": "grow"}).status_code == 303
    assert now_of(company).plan == "grow"
    assert page.post("/settings/plan", {"plan": "gold"}).status_code == 422
    assert page.post("/settings/plan", {}).status_code == 422
    assert now_of(company).plan == "grow"


PAGES = ["", "/company", "/invoicing", "/look", "/plan", "/members", "/members/new", "/keys", "/keys/new"]
READABLE = ["", "/company", "/invoicing", "/look", "/plan"]


@pytest.mark.parametrize("path", PAGES)
def test_an_owner_opens_every_page(page: Client, path: str) -> None:
    assert page.get(f"/settings{path}").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_the_office_reads_settings_but_not_members_and_keys(
    office: Actor, page_of: PageOf, path: str
) -> None:
    answer = page_of(office).get(f"/settings{path}")
    assert answer.status_code == (200 if path in READABLE else 403)
    if path not in READABLE:
        assert b"Your role does not allow this" in answer.content


@pytest.mark.parametrize("path", PAGES)
def test_a_provider_sees_no_settings_at_all(provider: Actor, page_of: PageOf, path: str) -> None:
    assert page_of(provider).get(f"/settings{path}").status_code == 403


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("company", COMPANY),
        ("invoicing", INVOICING),
        ("look", LOOK),
        ("look/logo", {"act": "remove", "revision": "1"}),
        ("plan", {"plan": "free"}),
    ],
)
def test_who_only_reads_settings_changes_none(
    company: Company, accountant: Actor, page_of: PageOf, path: str, form: dict[str, str]
) -> None:
    assert page_of(accountant).post(f"/settings/{path}", form).status_code == 403
    assert (now_of(company).revision, now_of(company).plan) == (1, "grow")


def test_who_only_reads_settings_is_told_so_and_gets_no_button(accountant: Actor, page_of: PageOf) -> None:
    text = page_of(accountant).get("/settings/company").content.decode()
    assert "You can read this." in text
    assert ">Save<" not in text
    assert 'name="name"' in text
    assert "disabled" in text


def test_navigation_hides_what_a_role_may_not_open(
    owner: Actor, office: Actor, provider: Actor, page_of: PageOf
) -> None:
    assert b'href="/settings/members"' in page_of(owner).get("/settings").content
    assert b'href="/settings/members"' not in page_of(office).get("/settings").content
    assert b'href="/settings"' not in page_of(provider).get("/profile").content


def test_a_person_changes_the_own_name_and_language(
    company: Company, provider: Actor, page_of: PageOf
) -> None:
    page = page_of(provider)
    sent = {"name": "Patrice", "language": "fr", "role": "owner", "email": "x@y.z"}
    assert page.post("/profile", sent).status_code == 303
    with scope(company=company):
        member = Member.objects.select_related("user").get(pk=str(provider.member_id))
        assert (member.name, member.role, member.user.language) == ("Patrice", "provider", "fr")
        assert member.user.email != "x@y.z"
        assert [entry.type for entry in Entry.objects.all()] == ["member.changed"]
    assert page.get("/profile")["Content-Language"] == "fr"
    assert page.post("/profile", {"name": "", "language": ""}).status_code == 422
    assert page.post("/profile", {"name": "P", "language": "xx"}).status_code == 422


def test_security_leads_to_password_second_step_and_sessions(owner: Actor, page_of: PageOf) -> None:
    text = page_of(owner).get("/profile/security").content.decode()
    for path in ("password/change", "2fa", "sessions"):
        assert f'href="/accounts/{path}/"' in text


def test_a_person_of_two_companies_finds_them_in_the_own_menu(
    company: Company,
    twin: Company,
    owner: Actor,
    make_member: Callable[..., Member],
    page_of: PageOf,
) -> None:
    page = page_of(owner)
    assert b"/switch" not in page.get("/profile").content
    with scope(company=company):
        user = Member.objects.select_related("user").get(pk=str(owner.member_id)).user
    make_member(twin, user=user)
    text = page.get("/profile").content.decode()
    assert f'action="/companies/{twin.pk}/switch"' in text
    assert "Harbour Gardens" in text


def test_a_companys_colour_is_a_stylesheet_that_a_browser_may_keep(company: Company, page: Client) -> None:
    Company.objects.update(colour="#ffee00")
    text = page.get("/settings").content.decode()
    path = text.split('<link rel="stylesheet" href="/look/')[1].split('"')[0]
    answer = Client().get(f"/look/{path}")
    assert answer["Content-Type"].startswith("text/css")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert b"--accent:" in answer.content
    outdated = Client().get("/look/ffee00-0123456789.css")
    assert outdated["Cache-Control"] == "public, max-age=300"
    for wrong in ("ffee0-0123456789", "ffee00-x", "ffee00;}-0123456789", "FFEE00-0123456789"):
        assert Client().get(f"/look/{wrong}.css").status_code == 404
