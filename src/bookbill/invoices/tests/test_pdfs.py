"""What a PDF could not print is said before it is sent, and written down after. And when it is only a preview."""

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from pypdf import PdfReader

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.companies.actions import update_company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.actions import edit_customer
from bookbill.customers.models import Customer
from bookbill.delivery.composing import MailCause
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.drafting import edit_invoice
from bookbill.invoices.actions.linking import renew_link
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.emails.versions import compose_version_mail
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.pdfs import pdf_bytes
from bookbill.invoices.tasks import ensure_pdf
from bookbill.ledger.actions.payments import record_payments
from bookbill.ledger.drafts import PaymentDraft
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW, TODAY

REPORT = "invoice.characters_replaced"


def test_a_character_without_a_glyph_is_written_down_once(
    make_sent: Callable[..., Invoice],
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
) -> None:
    invoice = make_sent(make_booking(make_customer("Wang 王")))
    version = Version.objects.get()
    before = pdf_bytes(version)
    assert ensure_pdf(version).sha256 == ensure_pdf(version).sha256
    (entry,) = Entry.objects.filter(type=REPORT).with_personal()
    assert (entry.subject_id, entry.after) == (invoice.pk, {"version": 1})
    assert entry.personal_values() == ({}, {"characters": "王"})
    assert pdf_bytes(Version.objects.select_related("pdf").get()) == before


def test_nothing_is_written_down_where_all_can_be_printed(make_sent: Callable[..., Invoice]) -> None:
    make_sent()
    ensure_pdf(Version.objects.get())
    assert not Entry.objects.filter(type=REPORT).exists()


@pytest.mark.parametrize(("name", "warned"), [("王 Office", True), ("Öztürk & Łukasiewicz", False)])
def test_generate_invoice_says_what_the_pdf_cannot_show(
    desk: Client,
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
    name: str,
    warned: bool,
) -> None:
    booking = make_booking(make_customer(name))
    page = desk.get(f"/payments/invoices/new?bookings={booking.pk}").content.decode()
    assert ("in place of 王" in page) is warned
    assert ("Some characters cannot be printed" in page) is warned


def test_only_what_is_unsent_or_changed_has_a_preview(
    desk: Client, ana: Actor, make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()

    def previewed() -> tuple[bool, bool]:
        """Whether the preview is called not sent, whether it is called cancelled."""
        answer = desk.get(f"/payments/invoices/{invoice.pk}/pdf?preview=1")
        said = PdfReader(BytesIO(answer.content)).pages[0].extract_text()
        assert "Office clean" in said
        return "Not sent" in said, "CANCELLED" in said

    assert previewed() == (True, False)
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
    assert previewed() == (False, False)
    changes: list[Callable[[], object]] = [
        lambda: edit_invoice(invoice.pk, {"note": "Ring twice"}, by=ana, now=NOW),
        lambda: renew_link(invoice.pk, by=ana, now=NOW),
        lambda: edit_invoice(invoice.pk, {"payment_link": False}, by=ana, now=NOW),
    ]
    for change in changes:
        transact(change)
        assert previewed() == (True, False)
        transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW))
        assert previewed() == (False, False)
    fill = tuple(invoice.bookings.values_list("pk", flat=True))
    draft = PaymentDraft(invoice.customer_id, "cash", 1_000, "CAD", TODAY, fill=fill)
    transact(lambda: record_payments([draft], by=ana, now=NOW))
    assert previewed() == (False, False)
    transact(lambda: edit_customer(invoice.customer_id, {"name": "Maple & Co."}, by=ana, now=NOW))
    assert previewed() == (True, False)
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong date", by=ana, now=NOW))
    assert previewed() == (False, True)


def test_a_number_that_looks_like_a_path_names_a_file_like_any_other(
    desk: Client, api: ApiClient, client: Client, ana: Actor, make_sent: Callable[..., Invoice]
) -> None:
    path = {"number_format": "../INV/{year}/{n}"}
    transact(lambda: update_company(path, by=ana, now=NOW))
    invoice = make_sent()
    ensure_pdf(Version.objects.get())
    answers = [
        client.get(f"/i/{invoice.link_token}/pdf"),
        desk.get(f"/payments/invoices/{invoice.pk}/pdf"),
        api.get(f"/invoices/{invoice.pk}/pdf"),
        api.get(f"/invoices/{invoice.pk}/versions/1/pdf"),
    ]
    named = [answer["Content-Disposition"].partition("filename=")[2] for answer in answers]
    mail = compose_version_mail(MailCause.of(Message.objects.get()))
    assert invoice.number == "../INV/2026/1"
    assert named == ['"INV-2026-1.pdf"'] * 3 + ['"INV-2026-1-v1.pdf"']
    assert [attachment.filename for attachment in mail.attachments] == ["INV-2026-1.pdf"]
