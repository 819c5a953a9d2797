"""The list narrowed: each filter finds what it says, stands in the address, and can be taken away."""

import datetime as dt
import html
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client

from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.models import Booking
from bookbill.companies.actions import update_company
from bookbill.companies.models import Company, Member, User
from bookbill.companies.rules import Role
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice, cancel_invoices
from bookbill.invoices.models import FreedBooking, Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.lib.triggers import remove_all
from tests.support.cast import NOW, TODAY, add_member

pytestmark = pytest.mark.both_databases

LIST = "/payments/invoices"


def text(answer: Any) -> str:
    return str(answer.content.decode())


@pytest.fixture
def two(
    company: Company,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
) -> tuple[Invoice, Invoice]:
    """One of 250.00 for Oak Dental, done by Pat a month ago, due in 40 days; one of 100.00 for Maple, of today."""
    add_member(company, "pat", Role.PROVIDER)
    pat = Member.objects.get(role=Role.PROVIDER)
    past = TODAY - dt.timedelta(days=30)
    oak = make_booking(make_customer("Oak Dental"), price="250.00", service_date=past, provider_id=pat.pk)
    first, second = make_sent(oak, terms_days=40), make_sent()
    Invoice.objects.filter(pk=first.pk).update(viewed_at=first.sent_at)
    return first, second


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("who=oak", "Customer: oak"),
        ("due_from=2026-08-01", "Due date from Aug 1, 2026"),
        ("service_from=2026-05-01&service_to=2026-06-10", "Service date: May 1, 2026 – Jun 10, 2026"),
        ("total_from=200", "Total from $200.00"),
        ("total_from=200&total_to=250,00", "Total: $200.00 – $250.00"),
        ("mark=viewed", "Viewed"),
        ("provider={pat}", "Pat"),
        ("who=oak&mark=viewed&provider={pat}&total_to=300", "Total up to $300.00"),
    ],
)
def test_each_filter_finds_what_it_says_and_can_be_taken_away(
    desk: Client, two: tuple[Invoice, Invoice], query: str, said: str
) -> None:
    wanted, other = two
    query = query.format(pat=Member.objects.get(role=Role.PROVIDER).pk)
    page = text(desk.get(f"{LIST}?{query}"))
    assert wanted.number in page
    assert other.number not in page
    assert said in page
    assert "Clear all" in page
    assert "1 invoice<" in page
    assert f'formaction="{LIST}/sendings?' in page


def test_what_cannot_be_read_narrows_nothing(desk: Client, two: tuple[Invoice, Invoice]) -> None:
    page = text(desk.get(f"{LIST}?due_from=x&total_from=a&mark=nice&provider=1&customer=2&service_to=9"))
    assert all(invoice.number in page for invoice in two)
    assert "Clear all" not in page


def test_a_chip_leads_to_the_list_without_its_filter_and_keeps_the_others(
    desk: Client, two: tuple[Invoice, Invoice]
) -> None:
    page = text(desk.get(f"{LIST}?tab=sent&who=oak&mark=viewed&cursor="))
    assert 'href="?tab=sent&amp;mark=viewed"' in page
    assert 'href="?tab=sent&amp;who=oak"' in page
    assert 'href="?tab=sent"' in page


def test_the_filters_take_no_query_for_each_invoice(
    desk: Client,
    two: tuple[Invoice, Invoice],
    make_sent: Callable[..., Invoice],
    django_assert_max_num_queries: Any,
) -> None:
    query = f"{LIST}?who=m&service_from=2026-01-01&total_from=1"
    with django_assert_max_num_queries(60) as for_few:
        desk.get(query)
    for _ in range(10):
        make_sent()
    with django_assert_max_num_queries(len(for_few)):
        desk.get(query)


@pytest.mark.parametrize("number_format", ["Rg-{year}-{n:04}", "Facture no. {n}-{year}", "R{n}"])
def test_a_number_is_found_in_capitals_or_not_whatever_its_format(
    desk: Client,
    api: ApiClient,
    ana: Actor,
    make_sent: Callable[..., Invoice],
    number_format: str,
) -> None:
    settings = {"number_format": number_format, "number_restarts_yearly": False}
    transact(lambda: update_company(settings, by=ana, now=NOW))
    invoice = make_sent()
    address = f"/payments/invoices/{invoice.pk}"
    for typed in (invoice.number, invoice.number.lower(), invoice.number.upper(), invoice.number[:-1]):
        assert address in text(desk.get(LIST, {"q": typed}))
        assert address in text(desk.get("/search", {"q": typed}))
        assert [
            row["id"] for row in api.get(f"/invoices?{urlencode({'search': typed})}").json()["items"]
        ] == [str(invoice.pk)]


@pytest.mark.parametrize(
    ("language", "typed"),
    [("en", "1234.5"), ("en", "$1,234.50"), ("fr", "1\u00a0234,50\u00a0$"), ("fr", "1234,5")],
)
def test_an_amount_is_found_as_it_is_typed_and_as_pages_write_it(
    desk: Client,
    make_booking: Callable[..., Booking],
    make_sent: Callable[..., Invoice],
    language: str,
    typed: str,
) -> None:
    invoice = make_sent(make_booking(price="1234.50"))
    User.objects.update(language=language)
    shown = text(desk.get(LIST, {"q": typed}))
    assert f'lang="{language}"' in shown
    assert f'href="/payments/invoices/{invoice.pk}"' in shown


@pytest.mark.parametrize(
    ("label", "first", "last"),
    [
        ("This month", "2026-06-01", "2026-06-30"),
        ("Last month", "2026-05-01", "2026-05-31"),
        ("Last 30 days", "2026-06-01", "2026-06-30"),
        ("This year", "2026-01-01", "2026-12-31"),
    ],
)
@pytest.mark.parametrize("address", [LIST, "/bookings", "/payments/transactions"])
def test_a_usual_period_is_one_link_that_keeps_the_rest_of_the_filter(
    desk: Client, time_machine: Any, address: str, label: str, first: str, last: str
) -> None:
    time_machine.move_to(NOW)
    shown = text(desk.get(f"{address}?q=oak&cursor=&date_from=2020-01-01"))
    links = re.findall(rf'href="\?([^"]*)"[^>]*>{label}<', shown)
    wanted = {"q": "oak", "date_from": first, "date_to": last}
    assert wanted in [dict(parse_qsl(html.unescape(link))) for link in links]


def test_a_cancelled_invoice_is_still_found_by_the_bookings_it_billed(
    desk: Client, ana: Actor, two: tuple[Invoice, Invoice]
) -> None:
    """Whatever becomes of them: what it billed, when that was done and by whom stays as it was."""
    cancelled, other = two
    booking = Booking.objects.get(invoice=cancelled)
    transact(lambda: cancel_invoice(cancelled.pk, reason="Wrong", by=ana, now=NOW))
    pat, day = booking.provider_id, booking.service_date
    later = {"service_date": day + dt.timedelta(days=90), "provider_id": None}
    transact(lambda: edit_booking(booking.pk, BookingEdit(later), by=ana, now=NOW))
    for query in (f"q={booking.number.lower()}", f"service_from={day}&service_to={day}", f"provider={pat}"):
        found = text(desk.get(f"{LIST}?{query}"))
        assert cancelled.number in found
        assert booking.number in found
        assert other.number not in found
    assert cancelled.number not in text(desk.get(f"{LIST}?q={booking.number}0"))
    assert cancelled.number not in text(desk.get(f"{LIST}?service_from={later['service_date']}"))


def test_those_of_invoices_cancelled_before_they_were_kept_are_taken_from_the_copies(
    ana: Actor, two: tuple[Invoice, Invoice]
) -> None:
    both = [invoice.pk for invoice in two]
    transact(lambda: cancel_invoices(both, reason="Wrong", by=ana, now=NOW))
    kept = FreedBooking.objects.order_by("number")
    names = [field.attname for field in FreedBooking._meta.fields if field.attname != "id"]
    rows = list(kept.values(*names))
    remove_all()
    kept.delete()
    migration = import_module("bookbill.invoices.migrations.0007_freed_bookings")
    migration.take_from_copies(apps, connection.schema_editor())
    assert list(kept.values(*names)) == rows
    assert len(rows) == 2
