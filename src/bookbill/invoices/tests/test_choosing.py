"""Choosing what goes on an invoice: few, many, all of a customer, and what may not."""

from collections.abc import Callable, Sequence
from decimal import Decimal

import pytest
from django.test import Client

from bookbill.bookings.actions.booking import create_bookings
from bookbill.bookings.actions.cancelling import cancel_booking
from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.invoices.actions.holding import hold_sending
from bookbill.invoices.models import Invoice
from bookbill.invoices.views.choosing import LINK_MAX
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

Make = Callable[..., Invoice]
MakeBooking = Callable[..., Booking]
MakeCustomer = Callable[..., Customer]

SELECT, CHOOSE = "/payments/invoices/selections", "/payments/invoices/choose"
REQUEST_LINE_MAX = 4_094  # of the web server, as it is configured


@pytest.fixture
def make_many(ana: Actor) -> Callable[[Customer, int], list[Booking]]:
    def make(customer: Customer, count: int) -> list[Booking]:
        item = ItemDraft(description="Office clean", unit_price=Decimal(10))
        draft = BookingDraft(customer.pk, TODAY, (item,), completed=True)
        return transact(lambda: create_bookings([draft] * count, by=ana, now=NOW))

    return make


def ticked(bookings: Sequence[Booking], **more: str) -> dict[str, object]:
    return {"bookings": [str(booking.pk) for booking in bookings], **more}


def test_ticked_bookings_of_the_list_go_on_one_invoice(
    desk: Client, make_booking: MakeBooking, make_customer: MakeCustomer
) -> None:
    customer = make_customer()
    one, two = make_booking(customer), make_booking(customer)
    assert f'formaction="{SELECT}"' in desk.get("/bookings").content.decode()
    answer = desk.post(SELECT, {"ids": [one.pk, two.pk]})
    assert answer["Location"] == f"/payments/invoices/new?bookings={one.pk}&bookings={two.pk}"


def test_a_few_go_on_by_an_address_that_the_web_server_reads(
    desk: Client, make_customer: MakeCustomer, make_many: Callable[[Customer, int], list[Booking]]
) -> None:
    answer = desk.post(SELECT, ticked(make_many(make_customer(), LINK_MAX)))
    assert answer.status_code == 303
    assert len(answer["Location"]) < REQUEST_LINE_MAX
    assert f"Generate Invoice for {LINK_MAX} bookings" in desk.get(answer["Location"]).content.decode()
    assert not Invoice.objects.exists()


@pytest.mark.both_databases
def test_many_are_put_on_a_draft_at_once_and_a_second_press_makes_no_second(
    desk: Client, make_customer: MakeCustomer, make_many: Callable[[Customer, int], list[Booking]]
) -> None:
    form = ticked(make_many(make_customer(), 600), operation_id="one")
    answers = [desk.post(SELECT, form) for _press in range(2)]
    draft = Invoice.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/payments/invoices/{draft.pk}/edit"] * 2
    assert (draft.status, draft.bookings_count, draft.total_minor) == ("draft", 600, 600_000)

    shown = desk.get(answers[0]["Location"]).content.decode()
    assert "600 bookings are on a draft. Nothing is sent yet." in shown
    assert "The first 300 of 600 bookings" in shown
    assert f'action="/payments/invoices/{draft.pk}/deletion"' in shown  # Undo


def test_all_of_a_customer_go_on_one_invoice_though_the_page_shows_fewer(
    desk: Client, make_customer: MakeCustomer, make_many: Callable[[Customer, int], list[Booking]]
) -> None:
    customer = make_customer()
    make_many(customer, 501)
    for page in (CHOOSE, f"{CHOOSE}?customer={customer.pk}", f"/customers/{customer.pk}/bookings"):
        assert "Put all 501 on one invoice" in desk.get(page).content.decode(), page
    desk.post(f"{SELECT}?all_of={customer.pk}")
    assert Invoice.objects.get().bookings_count == 501


def test_the_rest_of_a_customer_is_one_press_away(
    desk: Client, make_customer: MakeCustomer, make_many: Callable[[Customer, int], list[Booking]]
) -> None:
    customer = make_customer()
    bookings = make_many(customer, 120)
    shown = desk.get(f"/payments/invoices/new?bookings={bookings[0].pk}").content.decode()
    assert "119 more uninvoiced bookings of this customer" in shown
    desk.post(f"{SELECT}?all_of={customer.pk}", ticked(bookings[:1]))
    assert Invoice.objects.get().bookings_count == 120


def test_what_was_typed_on_a_draft_is_kept_when_the_rest_is_put_on_it(
    desk: Client, make_customer: MakeCustomer, make_booking: MakeBooking, make_invoice: Make
) -> None:
    customer = make_customer()
    draft = make_invoice(make_booking(customer))
    make_booking(customer)
    typed = {"recipients": "maple@customer.example", "terms_days": "30", "note": "Thanks", "revision": "1"}

    assert desk.post(f"/payments/invoices/{draft.pk}/bookings", typed).status_code == 303

    draft.refresh_from_db()
    assert (draft.bookings_count, draft.note, draft.terms_days) == (2, "Thanks", 30)


def test_what_was_typed_on_a_new_invoice_is_kept_when_the_rest_is_put_on_it(
    desk: Client, make_customer: MakeCustomer, make_many: Callable[[Customer, int], list[Booking]]
) -> None:
    first = make_many(make_customer(), 3)[0]
    address = f"/payments/invoices/new?bookings={first.pk}"
    assert 'name="act" value="all"' in desk.get(address).content.decode()
    typed = {"act": "all", "note": "See you", "recipients": "boss@maple.example", "terms_days": "30"}
    answer = desk.post(address, ticked([first], **typed))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Generate Invoice for 3 bookings" in page
    assert page.count('name="bookings"') == 3
    for kept in ("See you", "boss@maple.example", '<option value="30" selected'):
        assert kept in page
    assert not Invoice.objects.exists()


def test_what_was_typed_goes_on_the_draft_that_many_are_put_on(
    desk: Client, make_customer: MakeCustomer, make_many: Callable[[Customer, int], list[Booking]]
) -> None:
    first = make_many(make_customer(), LINK_MAX + 1)[0]
    typed = {"act": "all", "note": "See you", "recipients": "boss@maple.example", "terms_days": "30"}
    answer = desk.post(f"/payments/invoices/new?bookings={first.pk}", ticked([first], **typed))
    draft = Invoice.objects.get()
    assert answer["Location"] == f"/payments/invoices/{draft.pk}/edit"
    assert (draft.bookings_count, draft.note, draft.terms_days) == (LINK_MAX + 1, "See you", 30)
    assert draft.extra_recipients == ["boss@maple.example"]


def test_what_is_held_back_is_billed_only_where_somebody_saw_that_it_is(
    desk: Client, ana: Actor, make_customer: MakeCustomer, make_many: Callable[..., list[Booking]]
) -> None:
    many = make_many(make_customer(), LINK_MAX + 1)
    held = many[0]
    transact(lambda: edit_booking(held.pk, BookingEdit({"held_back": True}), by=ana, now=NOW))

    few = desk.post(SELECT, ticked(many[:2]), follow=True).content.decode()
    looked = desk.post(SELECT, ticked(many))

    assert "1 booking was held back" in few
    assert (looked.status_code, Invoice.objects.count()) == (422, 0)
    assert f'name="held" value="{held.pk}"' in looked.content.decode()
    assert desk.post(SELECT, ticked(many) | {"held": str(held.pk)}).status_code == 303
    assert Invoice.objects.get().bookings_count == LINK_MAX + 1


def test_what_is_held_back_at_the_last_moment_is_not_billed_unseen(
    desk: Client,
    ana: Actor,
    make_customer: MakeCustomer,
    make_many: Callable[..., list[Booking]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = make_many(make_customer(), LINK_MAX + 1)

    def held_first(request: CompanyRequest, act: Callable[[], str]) -> str:
        held = BookingEdit({"held_back": True})
        transact(lambda: edit_booking(many[0].pk, held, by=ana, now=NOW))
        return act_once(request, act)

    monkeypatch.setattr("bookbill.invoices.views.choosing.act_once", held_first)
    assert desk.post(SELECT, ticked(many)).status_code == 422
    assert not Invoice.objects.exists()


def test_nothing_is_offered_beside_a_booking_that_is_billed_ahead(
    desk: Client, make_customer: MakeCustomer, make_booking: MakeBooking, make_invoice: Make
) -> None:
    customer = make_customer()
    ahead, drafted = (make_booking(customer, completed=False) for _ in range(2))
    make_booking(customer)
    draft = make_invoice(drafted)
    for page in (f"/payments/invoices/new?bookings={ahead.pk}", f"/payments/invoices/{draft.pk}/edit"):
        assert "more uninvoiced" not in desk.get(page).content.decode(), page


def test_a_customers_page_offers_with_ticks_reasons_and_links(
    desk: Client,
    ana: Actor,
    make_customer: MakeCustomer,
    make_booking: MakeBooking,
    make_invoice: Make,
    make_sent: Make,
) -> None:
    customer = make_customer()
    waiting, drafted, promised, billed = (make_booking(customer) for _ in range(4))
    held = make_booking(customer, held_back=True)
    draft, about_to_go, sent = make_invoice(drafted), make_invoice(promised), make_sent(billed)
    transact(lambda: hold_sending([about_to_go.pk], by=ana, now=NOW))

    shown = desk.get(f"{CHOOSE}?customer={customer.pk}").content.decode()
    offered = {
        booking for booking in (waiting, drafted, promised, billed, held) if f'value="{booking.pk}"' in shown
    }
    assert offered == {waiting, drafted, held}
    assert shown.count(" checked") == 1
    for said in (
        "On a draft; ticked, it will be moved here.",
        "Held back; ticked, it is billed all the same.",
        f"Booking {promised.number} is on a draft that is about to be sent.",
        "Already on",
        sent.number,
    ):
        assert said in shown
    for invoice in (draft, about_to_go, sent):
        assert f'href="/payments/invoices/{invoice.pk}"' in shown


def test_what_is_on_the_draft_of_an_instant_invoice_is_offered_too(
    desk: Client,
    api: ApiClient,
    make_customer: MakeCustomer,
    make_booking: MakeBooking,
    make_invoice: Make,
) -> None:
    customer = make_customer()
    instant, calendar = make_booking(customer, is_instant=True), make_booking(customer)
    draft = f"/invoices/{make_invoice(instant, calendar).pk}"
    shown = desk.get(f"{CHOOSE}?customer={customer.pk}").content.decode()
    for booking in (instant, calendar):
        assert f'value="{booking.pk}"' in shown
    assert api.get(draft).json()["is_instant"]

    api.patch(draft, {"booking_ids": [str(calendar.pk)]})

    assert not api.get(draft).json()["is_instant"]
    assert f'value="{calendar.pk}"' in desk.get(f"{CHOOSE}?customer={customer.pk}").content.decode()


def test_what_cannot_go_along_is_named_with_its_reason_and_the_rest_goes_on(
    desk: Client, ana: Actor, make_customer: MakeCustomer, make_booking: MakeBooking, make_sent: Make
) -> None:
    customer = make_customer()
    good, billed, cancelled = (make_booking(customer) for _ in range(3))
    planned = make_booking(customer, completed=False)
    sent = make_sent(billed)
    transact(lambda: cancel_booking(cancelled.pk, fee=None, reason="", by=ana, now=NOW))

    to = desk.post(SELECT, {"ids": [str(one.pk) for one in (good, billed, cancelled, planned)]})["Location"]
    shown = desk.get(to).content.decode()
    assert "3 bookings are left out" in shown
    assert f"Open {sent.number}</a>" in shown
    assert f"Booking {planned.number} is not completed" in shown
    assert f"Booking {cancelled.number} is cancelled without a fee" in shown
    assert f'<input type="hidden" name="bookings" value="{good.pk}">' in shown
    assert shown.count('name="bookings"') == 1


def test_where_none_can_go_the_page_says_why_and_leads_on(
    desk: Client, make_customer: MakeCustomer, make_booking: MakeBooking, make_sent: Make
) -> None:
    customer = make_customer()
    two = [make_booking(customer), make_booking(customer)]
    sent = make_sent(*two)
    answer = desk.get(f"/payments/invoices/new?bookings={two[0].pk}&bookings={two[1].pk}")
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "None of them can go on a new invoice" in shown
    assert f'href="/payments/invoices/{sent.pk}"' in shown


def test_bookings_of_several_customers_are_sorted_by_customer(
    desk: Client, make_customer: MakeCustomer, make_booking: MakeBooking
) -> None:
    bookings = [make_booking(make_customer(name)) for name in ("Maple Offices", "Oak Dental")]
    answer = desk.post(SELECT, {"ids": [str(booking.pk) for booking in bookings]})
    assert answer.status_code == 422
    shown = answer.content.decode()
    assert "They belong to several customers" in shown
    assert shown.index("Maple Offices") < shown.index("Oak Dental")
    assert not Invoice.objects.exists()


def test_many_with_one_that_cannot_go_are_shown_first_and_nothing_moves_unasked(
    desk: Client,
    make_customer: MakeCustomer,
    make_booking: MakeBooking,
    make_many: Callable[[Customer, int], list[Booking]],
    make_invoice: Make,
) -> None:
    customer = make_customer()
    many, drafted, planned = (
        make_many(customer, 60),
        make_booking(customer),
        make_booking(customer, completed=False),
    )
    draft = make_invoice(drafted)

    shown = desk.post(SELECT, ticked([*many, planned]))
    assert shown.status_code == 422
    assert f"Booking {planned.number} is not completed" in shown.content.decode()
    assert desk.post(SELECT, ticked([*many, drafted])).status_code == 422
    assert list(Invoice.objects.values_list("pk", flat=True)) == [draft.pk]

    assert desk.post(SELECT, ticked([*many, drafted], move="yes")).status_code == 303
    assert Invoice.objects.get().bookings_count == 61


def test_nothing_ticked_leads_back_with_a_word(desk: Client, make_customer: MakeCustomer) -> None:
    back = f"/customers/{make_customer().pk}/bookings"
    answer = desk.post(SELECT, {"next": back})
    assert (answer.status_code, answer["Location"]) == (303, back)
    assert "Tick the bookings to put on the invoice first." in desk.get(back).content.decode()
    assert desk.get("/payments/invoices/new")["Location"] == CHOOSE


def test_the_page_takes_as_many_queries_for_many_customers_as_for_one(
    desk: Client,
    make_customer: MakeCustomer,
    make_booking: MakeBooking,
    django_assert_max_num_queries: object,
) -> None:
    make_booking()
    desk.get(CHOOSE)
    with django_assert_max_num_queries(40) as for_one:  # type: ignore[operator]
        desk.get(CHOOSE)
    for name in "abcdefgh":
        make_booking(make_customer(name))
    with django_assert_max_num_queries(len(for_one)):  # type: ignore[operator]
        desk.get(CHOOSE)


def test_the_sums_below_the_ticks_are_of_the_ticked_and_each_row_carries_its_share(
    desk: Client, make_booking: MakeBooking, make_customer: MakeCustomer
) -> None:
    customer = make_customer()
    make_booking(customer, price="1234.50")
    make_booking(customer, price="100.00")
    page = desk.get(CHOOSE).content.decode()
    assert 'data-total="1234.50" data-paid="0.00" data-due="1234.50"' in page
    assert '<span data-sum="due" data-currency="CAD">$1,334.50</span>' in page
