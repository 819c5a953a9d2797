"""The pages of customers, through the door that people use."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.models import Booking
from bookbill.bookings.tests.reading import primary
from bookbill.companies.models import Company
from bookbill.companies.rules import Role
from bookbill.customers.models import Customer
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, add_member


def text_of(answer: Any) -> str:
    return str(answer.content.decode()).replace("<wbr>", "")


def names(answer: Any) -> list[str]:
    return [str(customer) for customer, _figures in answer.context["rows"]]


EVERYTHING = {
    "name": "Marie Tremblay",
    "company_name": "Tremblay & Fils",
    "email": "marie@tremblay.example",
    "phone": "+1 514 555 0199",
    "billing_email": "ap@tremblay.example",
    "bill_only_to_billing_email": "on",
    "always_copy": "boss@tremblay.example; audit@tremblay.example",
    "payment_terms_days": "30",
    "language": "fr",
    "purchase_order": "PO 7",
    "tax_exempt": "on",
    "exemption_reason": "Reseller 4711",
    "external_id": "crm-9",
    "tax_scheme_1": "GST",
    "tax_id_1": "123456789",
    "billing-line1": "12 Rue Fabre",
    "billing-city": "Montréal",
    "service-line1": "5 Dock Road",
}


def test_a_customer_is_added_with_every_field(desk: Client, company: Company) -> None:
    answer = desk.post("/customers/new", EVERYTHING)
    customer = Customer.objects.get()
    assert answer["Location"] == f"/customers/{customer.pk}"
    assert customer.company_name == "Tremblay & Fils"
    assert customer.always_copy == ["boss@tremblay.example", "audit@tremblay.example"]
    assert customer.billing_recipients() == ["ap@tremblay.example", *customer.always_copy]
    assert customer.tax_ids == [{"scheme": "GST", "value": "123456789"}]
    assert (customer.payment_terms_days, customer.language, customer.external_id) == (30, "fr", "crm-9")
    assert (customer.billing_address["city"], customer.service_address["line1"]) == (
        "Montréal",
        "5 Dock Road",
    )
    shown = text_of(desk.get(f"/customers/{customer.pk}/billing"))
    for words in (
        "Tremblay &amp; Fils",
        "12 Rue Fabre",
        "ap@tremblay.example",
        "Net 30",
        "Reseller 4711",
        "PO 7",
    ):
        assert words in shown


def test_a_name_is_enough(desk: Client, company: Company) -> None:
    assert desk.post("/customers/new", {"name": "R. Singh"}).status_code == 303
    customer = Customer.objects.get()
    assert (customer.payment_terms_days, customer.external_id, customer.billing_address) == (None, None, {})


def test_after_adding_the_first_customer_the_booking_form_opens_again(desk: Client, company: Company) -> None:
    assert "/bookings/new" in text_of(desk.get("/customers/new?next=/bookings/new"))
    answer = desk.post("/customers/new", {"name": "R. Singh", "next": "/bookings/new"})
    assert answer["Location"] == "/bookings/new"
    away = desk.post("/customers/new", {"name": "R. Singh", "next": "https://elsewhere.example/"})
    assert away["Location"].startswith("/customers/")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"name": ""}, "A customer needs a name."),
        ({"name": "A", "email": "nobody"}, "is not an email address"),
        ({"name": "A", "always_copy": "a@x.example, nope"}, "is not an email address"),
        ({"name": "A", "tax_exempt": "on"}, "Say why this customer pays no tax"),
        ({"name": "A", "bill_only_to_billing_email": "on"}, "Enter the billing email"),
    ],
)
def test_what_cannot_be_is_refused_beside_its_field(
    desk: Client, company: Company, sent: dict[str, str], sentence: str
) -> None:
    answer = desk.post("/customers/new", sent)
    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not Customer.objects.exists()


def test_a_taken_external_id_is_refused_beside_its_field(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    make_customer(external_id="crm-9")
    answer = desk.post("/customers/new", {"name": "B", "external_id": "crm-9"})
    assert answer.status_code == 422
    assert "already has this external id" in text_of(answer)


def test_editing_shows_what_is_stored_and_keeps_what_the_form_does_not_show(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    tax_ids = [{"scheme": "", "value": str(n)} for n in range(3)]
    customer = make_customer(tax_ids=tax_ids, payment_terms_days=21)
    page = desk.get(f"/customers/{customer.pk}/edit")
    forms = [page.context["form"], page.context["billing"], page.context["service"]]
    sent = {
        field.html_name: field.field.prepare_value(field.value())
        for form in forms
        for field in form
        if field.value() not in (None, "", False)
    }
    assert desk.post(f"/customers/{customer.pk}/edit", sent | {"phone": "555 0100"}).status_code == 303
    before = customer.billing_recipients()
    customer.refresh_from_db()
    assert (customer.phone, customer.tax_ids, customer.payment_terms_days) == ("555 0100", tax_ids, 21)
    assert customer.billing_recipients() == before
    stale = desk.post(f"/customers/{customer.pk}/edit", sent | {"phone": "555 0199"})
    assert stale.status_code == 422
    assert "changed by someone else" in text_of(stale)


def test_the_page_of_a_customer_opens_at_its_invoices_and_has_four_tabs(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    invoice = make_invoice()
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    make_booking(invoice.customer)
    here = f"/customers/{invoice.customer_id}"
    assert desk.get(here)["Location"] == f"{here}/invoices"
    for tab, words in (
        ("invoices", "INV-"),
        ("payments", "No payment yet"),
        ("bookings", "B-1002"),
        ("billing", "Who is billed"),
    ):
        page = desk.get(f"{here}/{tab}")
        assert words in text_of(page), tab
        figures = {str(figure.label): figure.amount_minor for figure in page.context["figures"]}
        assert list(figures) == ["Balance", "Overdue", "Credit", "Prepaid", "To invoice"]
        assert (figures["Balance"], figures["To invoice"]) == (10_000, 10_000)


def test_the_page_of_a_customer_leads_with_what_there_is_to_do(
    desk: Client,
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> None:
    customer = make_customer()
    address = f"/customers/{customer.pk}/billing"
    assert primary(desk.get(address)) == "New booking"
    booking = make_booking(customer)
    assert primary(desk.get(address)) == "Generate Invoice"
    invoice = make_invoice(booking)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert primary(desk.get(address)) == "Record payment"


def test_archiving_takes_a_customer_off_the_list_and_back(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    customer = make_customer()
    desk.post(f"/customers/{customer.pk}/archive", {"archived": "yes"})
    assert names(desk.get("/customers")) == []
    assert names(desk.get("/customers?tab=archived")) == ["Maple Offices"]
    assert "Generate Invoice" not in text_of(desk.get(f"/customers/{customer.pk}/billing"))
    desk.post(f"/customers/{customer.pk}/archive", {"archived": "no"})
    assert names(desk.get("/customers")) == ["Maple Offices"]


def test_the_list_finds_by_the_beginnings_of_words(
    desk: Client, make_customer: Callable[..., Customer]
) -> None:
    make_customer("Joëlle Tremblay")
    make_customer("Oak Dental")
    assert names(desk.get("/customers?q=tremb joe")) == ["Joëlle Tremblay"]
    assert "No customer matches" in text_of(desk.get("/customers?q=nobody"))


def test_an_empty_list_says_what_to_do(desk: Client, company: Company) -> None:
    assert "Add a customer" in text_of(desk.get("/customers"))
    assert "No archived customers" in text_of(desk.get("/customers?tab=archived"))


def test_an_accountant_reads_customers_and_a_provider_does_not(
    company: Company, page_of: Callable[[Actor], Client], make_customer: Callable[..., Customer]
) -> None:
    customer = make_customer()
    accountant = page_of(add_member(company, "ada", Role.ACCOUNTANT))
    assert accountant.get(f"/customers/{customer.pk}/billing").status_code == 200
    assert accountant.get(f"/customers/{customer.pk}/edit").status_code == 403
    assert accountant.post(f"/customers/{customer.pk}/archive").status_code == 403
    provider = page_of(add_member(company, "pat", Role.PROVIDER))
    for path in (
        "",
        "/new",
        f"/{customer.pk}",
        f"/{customer.pk}/billing",
        f"/{customer.pk}/invoices",
        f"/{customer.pk}/menu",
    ):
        assert provider.get(f"/customers{path}").status_code == 403, path


def test_the_list_takes_as_many_queries_for_one_customer_as_for_thirty(
    desk: Client, make_booking: Callable[..., Booking], django_assert_max_num_queries: Any
) -> None:
    make_booking()
    desk.get("/customers")
    with django_assert_max_num_queries(20) as one:
        desk.get("/customers")
    for _ in range(29):
        make_booking()
    with django_assert_max_num_queries(len(one)):
        assert len(names(desk.get("/customers"))) == 30
