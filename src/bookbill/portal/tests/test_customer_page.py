"""The customer's page: what it says, to whom, and that looking changes nothing."""

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company, Member, RateCount
from bookbill.companies.rules import Role
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.tasks import ensure_pdf
from bookbill.ledger.actions.claims import write_off
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from bookbill.portal.tests.conftest import send_again
from tests.support.cast import NOW, TODAY, add_member, make_company

COUNTED_VISITS = {RateCount._meta.db_table}
EVIL = "<script>alert(1)</script>{{ 7|add:7 }}%(x)s"


def page_of(visitor: Client, invoice: Invoice, query: str = "") -> str:
    answer = visitor.get(f"/i/{invoice.link_token}{query}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def reprice(booking: Booking, price: str, by: Actor) -> None:
    edit = BookingEdit({}, (ItemDraft(description="Office clean", unit_price=Decimal(price)),))
    transact(lambda: edit_booking(booking.pk, edit, by=by, now=NOW))


def database_digest() -> str:
    """A hash over every row of every table."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in sorted(set(connection.introspection.table_names(cursor)) - COUNTED_VISITS):
            cursor.execute(f'SELECT * FROM "{table}"')
            rows = sorted(repr(row) for row in cursor.fetchall())
            digest.update(f"{table}{rows}".encode())
    return digest.hexdigest()


def test_a_draft_an_unknown_token_and_a_wrong_length_get_the_same_404(
    visitor: Client, make_invoice: Callable[..., Invoice]
) -> None:
    draft = make_invoice()
    tokens = [draft.link_token, "A" * 27, "A" * 26, "A" * 28, "x", str(draft.pk), "%00", "..", "é" * 27]
    pages = set()
    for token in tokens:
        for suffix in ("", "/pdf", "/logo"):
            answer = visitor.get(f"/i/{token}{suffix}")
            assert answer.status_code == 404, token
            pages.add(re.sub(rb'X-CSRFToken":"\w+"', b"", answer.content))
        assert visitor.post(f"/i/{token}/views").status_code == 404
    assert len(pages) == 1
    [page] = pages
    assert b"ask whoever sent it" in page
    assert b"<a " not in page.split(b"<main")[1]


def test_it_shows_what_is_due_when_for_which_bookings(
    visitor: Client, sent: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = sent(booking, note="See you in July")
    page = page_of(visitor, invoice)
    for words in (
        "INV-2026-00001",
        "$100.00",
        "Balance due by July 14, 2026",
        "1 booking",
        booking.number,
        "Office clean",
        "See you in July",
        "mailto:office@bright.example",
        f"/i/{invoice.link_token}/pdf",
    ):
        assert words in page, words


def test_nobody_may_keep_frame_or_pass_it_on(visitor: Client, sent: Callable[..., Invoice]) -> None:
    invoice = sent()
    for path in ("", "/pdf"):
        headers = visitor.get(f"/i/{invoice.link_token}{path}").headers
        assert headers["Cache-Control"] == "private, no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "Set-Cookie" not in headers


@pytest.mark.both_databases
def test_looking_changes_nothing(
    visitor: Client, sent: Callable[..., Invoice], pay: Callable[..., None]
) -> None:
    invoice = sent()
    pay(invoice, 4_000)
    before = database_digest()
    for suffix in ("", "?lang=fr", "/pdf", "/logo"):
        for ask in (visitor.get, visitor.head):
            ask(f"/i/{invoice.link_token}{suffix}")
    assert database_digest() == before


def test_the_pdf_is_the_bytes_that_are_stored_also_before_they_are(
    visitor: Client, ana: Actor, sent: Callable[..., Invoice]
) -> None:
    invoice = sent()
    early = visitor.get(f"/i/{invoice.link_token}/pdf")
    assert early["Content-Type"] == "application/pdf"
    assert early["Content-Disposition"] == 'attachment; filename="INV-2026-00001.pdf"'
    stored = ensure_pdf(Version.objects.get(invoice=invoice))
    later = visitor.get(f"/i/{invoice.link_token}/pdf").content
    assert early.content == later
    assert hashlib.sha256(later).hexdigest() == stored.sha256

    send_again(ana, invoice)
    second = visitor.get(f"/i/{invoice.link_token}/pdf").content
    assert hashlib.sha256(second).hexdigest() == ensure_pdf(Version.objects.get(invoice=invoice, n=2)).sha256


@pytest.mark.both_databases
def test_payments_are_live_each_with_its_day(
    visitor: Client, sent: Callable[..., Invoice], pay: Callable[..., None]
) -> None:
    invoice = sent()
    pay(invoice, 4_000)
    page = page_of(visitor, invoice)
    assert "Paid Jul 2, 2026" in page
    assert "\u2212$40.00" in page
    assert "$60.00" in page
    assert "Partially paid" in page
    pay(invoice, 7_500, on=dt.date(2026, 7, 5))
    page = page_of(visitor, invoice)
    assert "Nothing to pay" in page
    assert "$100.00 of your payments went to this invoice, and $15.00 is kept as your credit." in page
    assert "Part of $75.00 paid Jul 5, 2026" in page
    assert "\u2212$60.00" in page
    assert "How to pay" not in page


def test_charges_and_addresses_stay_as_sent_and_the_lower_balance_is_due(
    visitor: Client, ana: Actor, sent: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = sent(booking)
    Company.objects.filter(pk=invoice.company_id).update(name="Another Name Ltd.")
    transact(lambda: edit_customer(invoice.customer_id, {"name": "Renamed"}, by=ana, now=NOW))
    reprice(booking, "80.00", ana)
    page = page_of(visitor, invoice)
    assert "Bright Home Co." in page
    assert "Maple Offices" in page
    assert "Another Name" not in page
    assert "Renamed" not in page
    assert "An updated invoice is being prepared" in page
    assert "The price was lowered to $80.00" in page
    assert '<p class="due-amount mt-2">$80.00</p>' in page
    assert "\u2212$20.00" in page

    reprice(booking, "130.00", ana)
    page = page_of(visitor, invoice)
    assert '<p class="due-amount mt-2">$100.00</p>' in page
    assert "$130.00" not in page

    send_again(ana, invoice)
    page = page_of(visitor, invoice)
    assert '<p class="due-amount mt-2">$130.00</p>' in page
    assert "Renamed" in page
    assert "An updated invoice" not in page


@pytest.mark.both_databases
def test_a_price_that_rose_above_a_paid_version_is_not_asked_for_and_not_called_paid_in_full(
    visitor: Client,
    ana: Actor,
    sent: Callable[..., Invoice],
    pay: Callable[..., None],
    make_booking: Callable[..., Booking],
) -> None:
    booking = make_booking()
    invoice = sent(booking)
    pay(invoice, 10_000)
    assert "Paid in full" in page_of(visitor, invoice)
    reprice(booking, "130.00", ana)
    page = page_of(visitor, invoice)
    assert "Paid in full" not in page
    assert "Nothing to pay for now" in page
    assert "You paid $100.00, and this invoice asks for nothing more. Thank you!" in page
    assert "An updated invoice is being prepared" in page
    assert "How to pay" not in page


def test_a_price_that_fell_below_what_was_paid_says_what_came_in_and_what_is_credit(
    visitor: Client,
    ana: Actor,
    sent: Callable[..., Invoice],
    pay: Callable[..., None],
    make_booking: Callable[..., Booking],
) -> None:
    booking = make_booking()
    invoice = sent(booking)
    pay(invoice, 10_000)
    reprice(booking, "80.00", ana)
    page = page_of(visitor, invoice)
    assert "Paid in full" in page
    assert "$80.00 of your payments went to this invoice, and $20.00 is kept as your credit." in page
    assert "Part of $100.00 paid Jul 2, 2026" in page
    assert "The price was lowered to $80.00 after this invoice was sent. Nothing more is due." in page
    send_again(ana, invoice)
    assert "$20.00 is kept as your credit" in page_of(visitor, invoice)


def test_credit_that_the_own_payments_became_is_named_where_something_is_due(
    visitor: Client,
    ana: Actor,
    sent: Callable[..., Invoice],
    pay: Callable[..., None],
    make_booking: Callable[..., Booking],
) -> None:
    booking = make_booking()
    invoice = sent(booking)
    assert "as your credit" not in page_of(visitor, invoice)
    pay(invoice, 10_000)
    reprice(booking, "80.00", ana)
    reprice(booking, "100.00", ana)
    page = page_of(visitor, invoice)
    assert "Balance due" in page
    assert "$20.00 of your payments is kept as your credit. Ask Bright Home Co. to use it" in page


def test_an_updated_one_says_when_and_what_its_total_was(
    visitor: Client, ana: Actor, sent: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = send_again(ana, sent(booking))
    assert "Updated on" not in page_of(visitor, invoice)
    reprice(booking, "80.00", ana)
    send_again(ana, send_again(ana, invoice))
    page = page_of(visitor, invoice)
    assert "Updated on June 30, 2026: the total is now $80.00, it was $100.00." in page
    transact(lambda: edit_customer(invoice.customer_id, {"name": "Maple & Sons"}, by=ana, now=NOW))
    send_again(ana, invoice)
    assert "Updated on June 30, 2026. " in page_of(visitor, invoice).replace(".<", ". <")


def test_money_on_a_booking_that_went_to_another_customer_is_not_shown_to_the_former(
    visitor: Client,
    ana: Actor,
    sent: Callable[..., Invoice],
    pay: Callable[..., None],
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
) -> None:
    booking, birch = make_booking(make_customer("Maple Offices")), make_customer("Birch House")
    invoice = sent(booking)
    transact(lambda: cancel_invoice(invoice.pk, reason="Somebody else's", by=ana, now=NOW))
    edit = BookingEdit({"customer_id": birch.pk})
    transact(lambda: edit_booking(booking.pk, edit, by=ana, now=NOW))
    draft = PaymentDraft(birch.pk, "cash", 5_000, "CAD", TODAY, fill=(booking.pk,))
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    page = page_of(visitor, invoice)
    assert "cancelled this invoice" in page
    assert "$50.00" not in page


def test_a_cancelled_one_asks_for_nothing_and_keeps_the_reason_to_the_company(
    visitor: Client, ana: Actor, sent: Callable[..., Invoice], pay: Callable[..., None]
) -> None:
    invoice = sent()
    pay(invoice, 4_000)
    transact(lambda: cancel_invoice(invoice.pk, reason="They complained a lot", by=ana, now=NOW))
    page = page_of(visitor, invoice)
    assert "Nothing to pay" in page
    assert "Bright Home Co. cancelled this invoice on June 30, 2026." in page
    assert "Your payments of $40.00 stay with these bookings." in page
    assert "Balance due" not in page
    assert "They complained" not in page
    assert visitor.get(f"/i/{invoice.link_token}/pdf").status_code == 200


def test_a_claim_given_up_is_nothing_to_pay_and_no_thanks(
    visitor: Client, ana: Actor, sent: Callable[..., Invoice], make_booking: Callable[..., Booking]
) -> None:
    booking = make_booking()
    invoice = sent(booking)
    transact(lambda: write_off(booking.pk, amount_minor=10_000, reason="Moved away", by=ana, now=NOW))
    page = page_of(visitor, invoice)
    assert "Nothing to pay" in page
    assert "Thank you" not in page
    assert "Written off" in page


def test_an_overdue_one_says_since_when(
    visitor: Client, sent: Callable[..., Invoice], time_machine: Any
) -> None:
    invoice = sent()
    time_machine.move_to(dt.datetime(2026, 7, 26, 15, tzinfo=dt.UTC), tick=False)
    page = page_of(visitor, invoice)
    assert "Overdue 12 days" in page
    assert "It was to be paid by July 14, 2026." in page


def test_it_speaks_the_customers_language_or_the_one_asked_for(
    visitor: Client, sent: Callable[..., Invoice], make_booking: Any, make_customer: Any
) -> None:
    invoice = sent(make_booking(make_customer("Julie Tremblay", language="fr")))
    french = visitor.get(f"/i/{invoice.link_token}", headers={"Accept-Language": "en"})
    assert french.headers["Content-Language"] == "fr"
    assert "100,00\u00a0$" in french.content.decode()
    assert visitor.get(f"/i/{invoice.link_token}?lang=en").headers["Content-Language"] == "en"
    for unknown in ("xx", "", "../en", "<b>"):
        answer = visitor.get(f"/i/{invoice.link_token}", {"lang": unknown})
        assert answer.headers["Content-Language"] == "fr"


def test_text_of_a_company_or_customer_stays_text(
    visitor: Client,
    company: Company,
    sent: Callable[..., Invoice],
    make_booking: Any,
    make_customer: Callable[..., Customer],
) -> None:
    Company.objects.filter(pk=company.pk).update(
        name=EVIL, phone='"><b>', website="javascript:alert(1)", terms_and_conditions={"en": EVIL}
    )
    customer = make_customer("Eve", company_name=EVIL, service_address={"line1": EVIL})
    items = (ItemDraft(description=EVIL, unit=EVIL[:5], unit_price=Decimal(5)),)
    page = page_of(visitor, sent(make_booking(customer, items=items), note=EVIL))
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}%(x)s") >= 5
    assert '"><b>' not in page
    assert 'href="javascript:' not in page


@pytest.mark.both_databases
def test_the_first_view_is_noted_once_for_ever(visitor: Client, sent: Callable[..., Invoice]) -> None:
    invoice = sent()
    revision = invoice.revision
    assert f'data-views="/i/{invoice.link_token}/views"' in page_of(visitor, invoice)
    for _ in range(3):
        assert visitor.post(f"/i/{invoice.link_token}/views").status_code == 204
    invoice.refresh_from_db()
    assert invoice.viewed_at is not None
    assert invoice.revision == revision
    noted = Entry.objects.get(type="invoice.viewed")
    assert (noted.actor_kind, noted.subject_id) == ("customer_link", invoice.pk)
    assert "data-views" not in page_of(visitor, invoice)


def test_a_look_by_the_company_itself_is_not_noted(
    company: Company, ana: Actor, sent: Callable[..., Invoice]
) -> None:
    invoice = sent()
    desk = Client()
    desk.force_login(Member.objects.get(name="Ana").user)
    page = page_of(desk, invoice)
    assert "This is what your customer sees" in page
    assert "data-views" not in page
    assert desk.post(f"/i/{invoice.link_token}/views").status_code == 204
    invoice.refresh_from_db()
    assert invoice.viewed_at is None


def test_a_member_of_another_company_is_a_visitor_like_any_other(sent: Callable[..., Invoice]) -> None:
    invoice = sent()
    other, _owner = make_company("Harbour Gardens")
    with scope(company=other):
        stranger = Client()
        add_member(other, "olu", Role.OFFICE)
        member = Member.objects.get(name="Olu")
        stranger.force_login(member.user)
        assert "Bright Home Co." in page_of(stranger, invoice)
        assert stranger.post(f"/i/{invoice.link_token}/views").status_code == 204
    invoice.refresh_from_db()
    assert invoice.viewed_at is not None


def test_another_site_cannot_note_a_view(visitor: Client, sent: Callable[..., Invoice]) -> None:
    invoice = sent()
    for site in ("cross-site", "same-site"):
        assert (
            visitor.post(f"/i/{invoice.link_token}/views", headers={"Sec-Fetch-Site": site}).status_code
            == 403
        )
    invoice.refresh_from_db()
    assert invoice.viewed_at is None


def test_the_sixty_first_look_within_a_minute_has_to_wait(
    visitor: Client, sent: Callable[..., Invoice], time_machine: Any
) -> None:
    invoice = sent()
    time_machine.move_to(NOW, tick=False)
    for _ in range(60):
        assert visitor.get(f"/i/{'B' * 27}").status_code == 404
    refused = visitor.get(f"/i/{invoice.link_token}")
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    assert visitor.get(f"/i/{invoice.link_token}", REMOTE_ADDR="192.0.2.9").status_code == 200
    time_machine.move_to(NOW + dt.timedelta(minutes=1), tick=False)
    assert visitor.get(f"/i/{invoice.link_token}").status_code == 200


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_page_takes_no_other_method(visitor: Client, sent: Callable[..., Invoice], method: str) -> None:
    assert getattr(visitor, method)(f"/i/{sent().link_token}").status_code == 405


@pytest.mark.both_databases
def test_a_long_invoice_takes_as_many_queries_as_a_short_one(
    visitor: Client,
    sent: Callable[..., Invoice],
    make_booking: Any,
    make_customer: Any,
    django_assert_max_num_queries: Any,
) -> None:
    customer = make_customer()
    short, long = sent(make_booking(customer)), sent(*[make_booking(customer) for _ in range(30)])
    page_of(visitor, short)  # the first of a minute also makes its count
    with django_assert_max_num_queries(10) as for_one:
        page_of(visitor, short)
    with django_assert_max_num_queries(len(for_one)):
        page_of(visitor, long)


def test_a_long_one_is_read_page_by_page_with_the_sums_of_all(
    visitor: Client,
    sent: Callable[..., Invoice],
    make_booking: Any,
    make_customer: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bookbill.portal.reading.BOOKINGS_PAGE", 2)
    customer = make_customer()
    invoice = sent(*[make_booking(customer) for _ in range(5)])
    numbers = list(Booking.objects.filter(invoice=invoice).oldest_first().values_list("number", flat=True))
    shown = []
    for page in (1, 2, 3):
        content = visitor.get(f"/i/{invoice.link_token}?page={page}").content.decode()
        assert "5 bookings" in content
        assert "$500.00" in content
        shown.append([number for number in numbers if number in content])
    assert shown == [numbers[:2], numbers[2:4], numbers[4:]]
    for odd in ("0", "9", "x", "-1"):
        assert visitor.get(f"/i/{invoice.link_token}?page={odd}").status_code == 200


def test_bookings_of_very_many_lines_are_shown_one_by_one_on_more_pages(
    visitor: Client, sent: Callable[..., Invoice], make_booking: Any, make_customer: Any
) -> None:
    customer = make_customer()
    items = tuple(ItemDraft(description=f"Room {n}", unit_price=Decimal(1)) for n in range(200))
    bookings = [make_booking(customer, items=items) for _ in range(6)]
    invoice = sent(*bookings)
    pages = [visitor.get(f"/i/{invoice.link_token}?page={page}").content.decode() for page in (1, 2)]
    shown = [[booking.number for booking in bookings if booking.number in page] for page in pages]
    assert shown == [[booking.number for booking in part] for part in (bookings[:5], bookings[5:])]
    assert not [page for page in pages if "attached to this PDF" in page]
