"""Acts on many invoices from the list: those that can are done, the others are named with their reason."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from bookbill.bookings.actions.editing import BookingEdit, edit_booking
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.customers.actions import edit_customer
from bookbill.delivery.models import Message
from bookbill.documents.files import read_file
from bookbill.invoices.actions.bulk import delete_each, pay_each, remind_each, send_each
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.paying import record_payment_on_invoice
from bookbill.invoices.models import Invoice, Reminder, Version
from bookbill.invoices.rules import Status
from bookbill.invoices.tasks import ensure_pdf
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.models import Payment
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]
LIST = "/payments/invoices"
SURE = {"confirmed": "yes"}


def text(answer: Any) -> str:
    return str(answer.content.decode())


def ids(*invoices: Invoice) -> dict[str, list[str]]:
    return {"ids": [str(invoice.pk) for invoice in invoices]}


@pytest.fixture
def silent(make_invoice: Make, make_booking: Callable[..., Booking], make_customer: Any) -> Invoice:
    """A draft for somebody without an email."""
    return make_invoice(make_booking(make_customer("Silent", email="")))


def test_where_one_is_refused_the_others_still_leave_in_the_order_of_their_dates(
    ana: Actor, make_invoice: Make
) -> None:
    undated, earlier, impossible = make_invoice(), make_invoice(), make_invoice()
    for invoice, day in (
        (earlier, TODAY - dt.timedelta(days=15)),
        (impossible, TODAY + dt.timedelta(days=15)),
    ):
        Invoice.objects.filter(pk=invoice.pk).update(issue_date=day)
    chosen = [undated.pk, earlier.pk, impossible.pk]
    outcome = transact(lambda: send_each(chosen, by=ana, now=NOW))
    assert [invoice.pk for invoice in outcome.done] == [earlier.pk, undated.pk]
    assert [each.invoice.pk for each in outcome.refused] == [impossible.pk]


def test_send_names_those_that_cannot_leave_and_sends_the_others(
    desk: Client, make_invoice: Make, silent: Invoice
) -> None:
    one, two = make_invoice(), make_invoice()
    answer = desk.post(f"{LIST}/sendings", {**ids(two, silent, one), **SURE})

    assert answer.status_code == 200
    assert "has nobody to go to" in text(answer)
    assert "2 invoices sent." in text(answer)
    numbers = dict(Invoice.objects.values_list("pk", "number"))
    assert (numbers[one.pk], numbers[two.pk], numbers[silent.pk]) == ("INV-2026-00001", "INV-2026-00002", "")


@pytest.mark.parametrize(
    ("path", "asked"), [("sendings", "Send 1 invoice?"), ("reminders", "Send 1 reminder?")]
)
def test_who_gets_a_mail_is_shown_before_any_leaves(
    desk: Client, make_sent: Make, make_invoice: Make, silent: Invoice, path: str, asked: str
) -> None:
    invoice = make_sent(extra_recipients=("boss@maple.example",))
    Message.objects.all().delete()

    shown = text(desk.post(f"{LIST}/{path}", ids(invoice, silent)))

    assert asked in shown
    assert "boss@maple.example" in shown
    assert f'name="ids" value="{invoice.pk}"' in shown
    assert f'name="ids" value="{silent.pk}"' not in shown
    assert ("has nobody to go to" if path == "sendings" else "was never sent") in shown
    assert ("1 was sent before and is sent again" in shown) is (path == "sendings")
    assert not Message.objects.exists()


def test_work_that_is_not_done_is_named_before_many_are_sent(
    desk: Client, ana: Actor, make_invoice: Make, make_booking: Callable[..., Booking]
) -> None:
    done, ahead = make_invoice(), make_invoice(make_booking(completed=False))
    asked = text(desk.post(f"{LIST}/sendings", ids(done, ahead)))
    assert asked.count("Bills work that is not completed yet") == 1
    asked = text(desk.post(f"{LIST}/sendings", ids(done)))
    assert "Bills work" not in asked
    form = {
        name: re.findall(rf'name="{name}" value="([^"]+)"', asked) for name in ("ids", "seen", "seen_list")
    }
    booking = Booking.objects.get(invoice=done)
    transact(lambda: edit_booking(booking.pk, BookingEdit({"state": "scheduled"}), by=ana, now=NOW))
    assert "bills work that is not completed by now" in text(desk.post(f"{LIST}/sendings", {**form, **SURE}))
    assert not Version.objects.exists()


def test_what_somebody_else_sent_meanwhile_is_left_out(
    desk: Client, make_invoice: Make, make_sent: Make
) -> None:
    one, two = make_sent(), make_invoice()
    answer = desk.post(
        f"{LIST}/sendings", {**ids(one, two), **SURE, "seen": ["0-", two.as_seen(is_ahead=False)]}
    )

    assert f"{one.number} was sent meanwhile." in text(answer)
    assert dict(Invoice.objects.values_list("pk", "last_version_n")) == {one.pk: 1, two.pk: 1}


@pytest.mark.parametrize("path", ["deletions", "cancellations"])
def test_what_has_changed_since_it_was_shown_is_neither_deleted_nor_cancelled(
    desk: Client, ana: Actor, make_invoice: Make, make_sent: Make, make_booking: Any, path: str
) -> None:
    make, booking = make_invoice if path == "deletions" else make_sent, make_booking()
    changed, stays = make(booking), make()
    asked = text(desk.post(f"{LIST}/{path}", ids(changed, stays)))
    form = {name: re.findall(rf'name="{name}" value="([^"]+)"', asked) for name in ("ids", "seen")}
    edit = BookingEdit({}, (ItemDraft(description="Office clean", unit_price=Decimal(9_000)),))
    transact(lambda: edit_booking(booking.pk, edit, by=ana, now=NOW))

    answer = text(desk.post(f"{LIST}/{path}", {**form, **SURE, "reason": "Wrong", "bookings": "again"}))

    assert "It has changed meanwhile. Look at it again, then decide." in answer
    assert list(Invoice.objects.live().values_list("pk", flat=True)) == [changed.pk]


@pytest.mark.parametrize(
    ("path", "since", "said"),
    [
        ("sendings", "moved", "goes to other recipients by now. Look at them, then send it."),
        ("reminders", "moved", "It has changed meanwhile. Look at it again, then decide."),
        ("reminders", "paid", "It has changed meanwhile. Look at it again, then decide."),
    ],
)
def test_what_would_go_to_others_or_ask_for_another_sum_than_was_shown_is_left_out(
    desk: Client, ana: Actor, make_invoice: Make, make_sent: Make, path: str, since: str, said: str
) -> None:
    make = make_invoice if path == "sendings" else make_sent
    moved, stays = make(), make()
    Message.objects.all().delete()
    asked = text(desk.post(f"{LIST}/{path}", ids(moved, stays)))
    fields = ("ids", "seen", "seen_list")
    form = {name: re.findall(rf'name="{name}" value="([^"]+)"', asked) for name in fields}
    if since == "paid":
        payment = PaymentDraft(moved.customer_id, "cash", 3_000, "CAD", TODAY)
        transact(lambda: record_payment_on_invoice(moved.pk, payment, by=ana, now=NOW))
    else:
        copy = {"always_copy": ["stranger@other.example"]}
        transact(lambda: edit_customer(moved.customer_id, copy, by=ana, now=NOW))

    answer = text(desk.post(f"{LIST}/{path}", {**form, **SURE}))

    assert said in answer
    assert [mail.subject_id for mail in Message.objects.all()] == [stays.pk]


def test_one_that_the_series_refuses_does_not_stop_the_others(
    ana: Actor, make_invoice: Make, make_sent: Make
) -> None:
    make_sent()
    late, fine = make_invoice(), make_invoice()
    Invoice.objects.filter(pk=late.pk).update(issue_date=TODAY.replace(month=1))

    outcome = transact(lambda: send_each([late.pk, fine.pk], by=ana, now=NOW))

    assert [invoice.pk for invoice in outcome.done] == [fine.pk]
    assert [refused.invoice.pk for refused in outcome.refused] == [late.pk]
    assert set(Invoice.objects.values_list("number", flat=True)) == {"INV-2026-00001", "INV-2026-00002", ""}


def test_all_of_them_wait_in_the_hold_and_one_undo_takes_them_back(
    desk: Client, company: Company, make_invoice: Make
) -> None:
    Company.objects.filter(pk=company.pk).update(hold_seconds=10)
    answer = desk.post(f"{LIST}/sendings", {**ids(make_invoice(), make_invoice()), **SURE}, follow=True)
    held = set(Invoice.objects.values_list("sending_at", flat=True))
    assert len(held) == 1
    undo = text(answer).split("/payments/invoices/sendings/undo?")[1].split('"')[0].replace("&amp;", "&")

    assert desk.post(f"{LIST}/sendings/undo?{undo}").status_code == 303
    assert set(Invoice.objects.values_list("sending_at", flat=True)) == {None}


def test_the_whole_filter_is_chosen_anew_on_the_server(
    desk: Client, make_invoice: Make, make_sent: Make
) -> None:
    drafts = [make_invoice(), make_invoice()]
    make_sent()
    answer = desk.post(f"{LIST}/deletions?tab=draft", {"everything": "yes", **ids(drafts[0])})
    assert "Delete 2 drafts?" in text(answer)
    assert Invoice.objects.count() == 3
    assert desk.post(f"{LIST}/deletions", {"confirmed": "yes", **ids(*drafts)}).status_code == 303
    assert Invoice.objects.get().status == Status.SENT
    assert Booking.objects.to_invoice().count() == 2


def test_more_ticked_than_can_be_done_at_once_says_so(
    desk: Client, make_invoice: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookbill.invoices.views.bulk.ACT_MAX", 1)
    answer = desk.post(f"{LIST}/sendings", ids(make_invoice(), make_invoice()))
    assert answer.status_code == 422
    assert "At most 1 invoices at once" in text(answer)
    assert not Version.objects.exists()


def test_a_filter_that_holds_more_is_sent_in_parts_the_oldest_first(
    desk: Client, make_invoice: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookbill.invoices.views.bulk.ACT_MAX", 2)
    made = [make_invoice() for _ in range(5)]
    sent, form = [], {"everything": "yes", **SURE}
    for more in (3, 1):
        answer = desk.post(f"{LIST}/sendings?tab=draft", form)
        sent.append(Invoice.objects.exclude(sent_at=None).count())
        assert f"{more} more match" in text(answer)
        assert "Continue with the next" in text(answer)
        form = {"everything": "yes", "after": hidden(answer, "after"), **SURE}
    assert desk.post(f"{LIST}/sendings?tab=draft", form).status_code == 303
    assert sent == [2, 4]
    numbers = dict(Invoice.objects.values_list("pk", "number"))
    assert [numbers[invoice.pk][-1] for invoice in made] == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sendings", {}),
        ("reminders", {}),
        ("payments", {"received_on": "2026-06-30", "method": "cash"}),
        ("deletions", {}),
        ("cancellations", {"reason": "Wrong", "bookings": "again"}),
    ],
)
def test_what_asks_first_asks_again_for_each_part(
    desk: Client,
    make_invoice: Make,
    make_sent: Make,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    said: dict[str, str],
) -> None:
    monkeypatch.setattr("bookbill.invoices.views.bulk.ACT_MAX", 2)
    make = make_sent if path in ("cancellations", "reminders") else make_invoice
    made = [make() for _ in range(3)]

    asked = desk.post(f"{LIST}/{path}", {"everything": "yes"})
    assert "1 more matches the filter" in text(asked)
    assert str(made[2].pk) not in text(asked)
    answer = desk.post(
        f"{LIST}/{path}", {**said, "confirmed": "yes", "after": hidden(asked, "after"), **ids(*made[:2])}
    )
    assert "2 done" in text(answer)
    again = desk.post(f"{LIST}/{path}", {"everything": "yes", "after": hidden(answer, "after")})
    assert str(made[2].pk) in text(again)
    assert "more match" not in text(again)


def test_pdfs_of_more_than_fit_one_file_are_refused(
    desk: Client, make_sent: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookbill.invoices.views.bulk.ACT_MAX", 1)
    make_sent(), make_sent()
    answer = desk.post(f"{LIST}/pdfs", {"everything": "yes"})
    assert answer.status_code == 422
    assert "At most 1 invoices at once" in text(answer)


def hidden(answer: Any, name: str) -> str:
    """The value of a hidden field."""
    return text(answer).split(f'name="{name}" value="')[1].split('"')[0]


@pytest.mark.parametrize("path", ["sendings", "reminders", "payments", "deletions", "cancellations", "pdfs"])
def test_nothing_ticked_is_said(desk: Client, path: str) -> None:
    answer = desk.post(f"{LIST}/{path}")
    assert answer.status_code == 422
    assert "Tick at least one invoice" in text(answer)


def test_only_those_with_something_to_pay_are_reminded(
    desk: Client, ana: Actor, make_sent: Make, make_invoice: Make
) -> None:
    cancelled = make_sent()
    transact(lambda: cancel_invoice(cancelled.pk, reason="Wrong", by=ana, now=NOW))
    answer = desk.post(f"{LIST}/reminders", {**ids(make_sent(), cancelled, make_invoice()), **SURE})
    assert "1 reminder sent." in text(answer)
    assert "was never sent" in text(answer)
    assert "is cancelled" in text(answer)
    assert Reminder.objects.count() == 1


def test_one_payment_for_each_of_what_is_due(desk: Client, ana: Actor, make_sent: Make) -> None:
    one, two, gone = make_sent(), make_sent(), make_sent()
    transact(lambda: cancel_invoice(gone.pk, reason="Wrong", by=ana, now=NOW))
    asked = desk.post(f"{LIST}/payments", ids(one, two, gone))
    assert "Record 2 payments" in text(asked)
    assert "$200.00 in all" in text(asked)
    assert not Payment.objects.exists()

    form = {"confirmed": "yes", "received_on": "2026-06-30", "method": "cheque", "reference": "884"}
    assert desk.post(f"{LIST}/payments", form | ids(one, two)).status_code == 303

    assert (
        list(Payment.objects.values_list("amount_minor", "method", "reference"))
        == [(10_000, "cheque", "884")] * 2
    )
    assert set(Invoice.objects.exclude(pk=gone.pk).values_list("status", flat=True)) == {Status.PAID}


def test_what_is_due_on_another_amount_by_now_is_not_paid_unseen(
    desk: Client, ana: Actor, make_sent: Make, make_booking: Callable[..., Booking]
) -> None:
    same, dearer = make_sent(make_booking(price="20000000.00")), make_sent()
    asked = desk.post(f"{LIST}/payments", {"ids": [same.pk, dearer.pk]}).content.decode()
    form = {name: re.findall(rf'name="{name}" value="([^"]+)"', asked) for name in ("ids", "seen")}
    edit = BookingEdit({}, (ItemDraft(description="Office clean", unit_price=Decimal(175)),))
    transact(lambda: edit_booking(Booking.objects.get(invoice=dearer).pk, edit, by=ana, now=NOW))
    said = {"confirmed": "yes", "method": "cheque", "received_on": TODAY.isoformat(), "reference": ""}
    outcome = desk.post(f"{LIST}/payments", {**form, **said}).content.decode()
    assert "has changed meanwhile" in outcome
    assert list(Payment.objects.values_list("customer_id", "amount_minor")) == [
        (same.customer_id, 2_000_000_000)
    ]


def test_the_same_form_twice_pays_once(desk: Client, make_sent: Make) -> None:
    form: dict[str, Any] = {
        "confirmed": "yes",
        "received_on": "2026-06-30",
        "method": "cash",
        "operation_id": "o-1",
    }
    form |= ids(make_sent())
    assert desk.post(f"{LIST}/payments", form).status_code == 303
    assert desk.post(f"{LIST}/payments", form).status_code == 303
    assert Payment.objects.count() == 1


def body(answer: Any) -> bytes:
    return b"".join(answer.streaming_content)


def test_the_zip_holds_the_stored_bytes_and_names_what_is_missing(
    desk: Client, make_sent: Make, make_invoice: Make
) -> None:
    sent, draft = make_sent(), make_invoice()
    stored = read_file(ensure_pdf(Version.objects.get()))
    archive = zipfile.ZipFile(io.BytesIO(body(desk.post(f"{LIST}/pdfs", ids(sent, draft)))))
    assert archive.testzip() is None
    assert archive.namelist() == ["INV-2026-00001.pdf", "not included.txt"]
    assert archive.read("INV-2026-00001.pdf") == stored
    assert "Maple Offices" in archive.read("not included.txt").decode()
    assert desk.post(f"{LIST}/pdfs", ids(draft)).status_code == 409


def test_the_csv_has_all_that_match_and_no_formula(
    desk: Client, make_sent: Make, make_invoice: Make, make_booking: Any, make_customer: Any
) -> None:
    make_sent(make_booking(make_customer("=HYPERLINK(1)", company_name="+1", email="x@y.example")))
    make_invoice()
    content = body(desk.post(f"{LIST}/csv?tab=sent", {"everything": "yes"})).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(content)))
    assert len(rows) == 2
    row = dict(zip(*rows, strict=True))
    assert (row["Invoice"], row["Customer"], row["Company name"]) == (
        "INV-2026-00001",
        "'=HYPERLINK(1)",
        "'+1",
    )
    assert (row["Total"], row["Balance"], row["Due date"]) == ("100.00", "100.00", "2026-07-14")
    assert len(body(desk.get(f"{LIST}/csv")).splitlines()) == 3


@pytest.mark.parametrize(
    "act",
    [
        lambda by, chosen: send_each(chosen, by=by, now=NOW),
        lambda by, chosen: delete_each(chosen, by=by, now=NOW),
        lambda by, chosen: pay_each(chosen, method="cash", received_on=TODAY, by=by, now=NOW),
    ],
    ids=["send", "delete", "pay"],
)
def test_thirty_take_as_many_queries_as_one(
    ana: Actor, make_invoice: Make, act: Any, django_assert_max_num_queries: Any
) -> None:
    one, many = make_invoice(), [make_invoice().pk for _ in range(30)]
    with django_assert_max_num_queries(60) as for_one:
        transact(lambda: act(ana, [one.pk]))
    with django_assert_max_num_queries(len(for_one)):
        assert len(transact(lambda: act(ana, many)).done) == 30


def test_reminding_many_takes_no_more_queries_either(
    ana: Actor, make_sent: Make, django_assert_max_num_queries: Any
) -> None:
    one, many = make_sent(), [make_sent().pk for _ in range(20)]
    with django_assert_max_num_queries(40) as for_one:
        transact(lambda: remind_each([one.pk], by=ana, now=NOW))
    with django_assert_max_num_queries(len(for_one)):
        transact(lambda: remind_each(many, by=ana, now=NOW))


def test_the_lists_foot_sums_the_filter_without_the_cancelled(
    desk: Client, ana: Actor, make_sent: Make
) -> None:
    make_sent()
    gone = make_sent()
    transact(lambda: cancel_invoice(gone.pk, reason="Wrong", by=ana, now=NOW))
    foot = text(desk.get(LIST)).split('class="list-foot"')[1]
    assert "2 invoices" in foot
    assert "$100.00" in foot
    assert "$200.00" not in foot


def test_a_rows_menu_offers_what_its_state_allows(desk: Client, make_sent: Make, make_invoice: Make) -> None:
    sent = text(desk.get(f"{LIST}/{make_sent().pk}/menu"))
    draft = text(desk.get(f"{LIST}/{make_invoice().pk}/menu"))
    for word in ("View", "Send again", "Copy link", "Download PDF", "Record payment", "Duplicate"):
        assert word in sent
    assert "Cancel Invoice" in sent
    assert "Cancel Invoice" not in draft
    assert "Delete Draft" in draft


def test_a_new_link_ends_the_old_one(desk: Client, make_sent: Make, make_invoice: Make) -> None:
    invoice = make_sent()
    assert desk.get(f"/i/{invoice.link_token}").status_code == 200
    assert desk.post(f"{LIST}/{invoice.pk}/link").status_code == 303
    token = Invoice.objects.get(pk=invoice.pk).link_token
    assert desk.get(f"/i/{invoice.link_token}").status_code == 404
    assert desk.get(f"/i/{token}").status_code == 200
    assert desk.post(f"{LIST}/{make_invoice().pk}/link").status_code == 409
