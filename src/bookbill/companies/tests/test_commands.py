import pytest

from bookbill.companies.actors import api_key_actor
from bookbill.companies.commands import create_api_key_command, create_company_command
from bookbill.companies.models import ApiKey, Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.lib.errors import BadInput
from bookbill.lib.tenancy import scopes_disabled

pytestmark = [pytest.mark.both_databases, pytest.mark.urls("bookbill.companies.tests.toy_urls")]


def create(name: str = "Maple") -> str:
    return create_company_command(
        name=name, owner="Ana@maple.ca", currency="EUR", time_zone="Europe/Paris", plan="startup"
    )


def test_a_program_gets_in_with_two_commands(db: None) -> None:
    assert "Set the password" in create()
    secret = create_api_key_command(company="Maple", member="ana@MAPLE.ca")
    answer = ApiClient(secret).get("/me").json()
    assert (answer["company_name"], answer["role"], answer["plan"]) == ("Maple", "owner", "startup")
    company = Company.objects.get()
    assert (company.currency, company.time_zone) == ("EUR", "Europe/Paris")


def test_a_key_of_the_command_line_signs_with_the_name_it_is_given(db: None) -> None:
    create()
    create_api_key_command(company="Maple", member="ana@maple.ca", name="Hotel bookings")
    with scopes_disabled():
        key = ApiKey.objects.select_related("company", "member").get()
    assert api_key_actor(key.company, key, key.member).label == "Hotel bookings"


def test_a_second_company_of_the_same_name_is_refused(db: None) -> None:
    create()
    with pytest.raises(BadInput) as refused:
        create()
    assert refused.value.code == "name_taken"
    assert Company.objects.count() == 1


@pytest.mark.parametrize(
    ("company", "member", "sentence"),
    [
        ("Oak", "ana@maple.ca", "There is no company called “Oak”."),
        ("Maple", "bob@maple.ca", "bob@maple.ca is not a member of Maple."),
        ("Maple", "bob", "“bob” is not an email address."),
    ],
)
def test_what_is_not_found_is_said(db: None, company: str, member: str, sentence: str) -> None:
    create()
    with pytest.raises(BadInput) as refused:
        create_api_key_command(company=company, member=member)
    assert refused.value.message == sentence
