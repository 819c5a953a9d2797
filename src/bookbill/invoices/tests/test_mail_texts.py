"""A company's own texts of mails, from the page or a program to the mail that a server takes."""

import email
import html
from collections.abc import Callable
from email import policy
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.companies.actions import change_logo
from bookbill.companies.models import Company
from bookbill.companies.tests.clients import ApiClient
from bookbill.customers.models import Customer
from bookbill.delivery.composing import MailCause
from bookbill.delivery.models import MailboxItem, Message
from bookbill.documents.files import put_file
from bookbill.invoices.actions.mail_texts import use_standard_text, write_mail_text
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.emails import compose_version_mail
from bookbill.invoices.models import Invoice, MailText, MailTrial, Version
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.tasks import ensure_pdf
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.lib.transactions import transact
from tests.support.cast import NOW
from tests.support.smtp_server import SmtpServer

pytestmark = pytest.mark.both_databases

Make = Callable[..., Invoice]
EDITOR = "/settings/emails/invoice/en"
OURS = {"subject": "Your bill {invoice}", "body": "Dear {customer},\n\nyou owe {due}.\nThanks!"}


def write(by: Actor, subject: str = OURS["subject"], body: str = OURS["body"], **more: Any) -> None:
    kind, language = more.pop("kind", MailKind.INVOICE), more.pop("language", "en")
    transact(lambda: write_mail_text(kind, language, subject=subject, body=body, by=by, now=NOW, **more))


def back_to_standard(by: Actor) -> None:
    transact(lambda: use_standard_text(MailKind.INVOICE, "en", by=by, now=NOW))


def composed(message: Message) -> Any:
    return compose_version_mail(MailCause.of(message))


def picture(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (width, height), (31, 111, 92)).save(out, "PNG")
    return out.getvalue()


def sent_mails(server: SmtpServer) -> list[Any]:
    return [email.message_from_bytes(got.raw, policy=policy.default) for got in server.messages()]


def plain(mail: Any) -> str:
    return str(mail.get_body(("plain",)).get_content())


def test_a_server_gets_the_companys_own_text(
    ana: Actor,
    company: Company,
    make_sent: Make,
    smtp_server: SmtpServer,
    drain: Callable[[], None],
) -> None:
    with scope(company=company):
        write(ana)
        make_sent()
        ensure_pdf(Version.objects.get())
    drain()

    (mail,) = sent_mails(smtp_server)
    assert mail["Subject"] == "Your bill INV-2026-00001"
    assert "Dear Maple Offices,\n\nyou owe $100.00.\nThanks!" in plain(mail).replace("\r\n", "\n")
    assert "you owe $100.00.<br>Thanks!" in mail.get_body(("html",)).get_content()


def test_what_a_customer_is_called_stays_text(
    ana: Actor,
    company: Company,
    make_sent: Make,
    make_booking: Callable[..., Booking],
    make_customer: Callable[..., Customer],
    smtp_server: SmtpServer,
    drain: Callable[[], None],
) -> None:
    with scope(company=company):
        write(ana, "For {customer}", "Hello {customer} <b>{total}</b>")
        customer = make_customer("{total} <img src=x> %s", email="odd@customer.example")
        make_sent(make_booking(customer))
        ensure_pdf(Version.objects.get())
    drain()

    (mail,) = sent_mails(smtp_server)
    assert mail["Subject"] == "For {total} <img src=x> %s"
    shown = mail.get_body(("html",)).get_content()
    assert "Hello {total} &lt;img src=x&gt; %s &lt;b&gt;$100.00&lt;/b&gt;" in shown
    assert "<img" not in shown


def test_a_late_retry_says_what_the_first_recipient_got(ana: Actor, make_sent: Make) -> None:
    write(ana)
    make_sent()
    ensure_pdf(Version.objects.get())
    message = Message.objects.get()
    before = composed(message)

    write(ana, "Another", "Quite another text")
    back_to_standard(ana)

    assert composed(message) == before
    assert before.subject == "Your bill INV-2026-00001"


def test_one_promised_with_the_standard_text_keeps_it(ana: Actor, make_sent: Make) -> None:
    make_sent()
    ensure_pdf(Version.objects.get())
    write(ana)

    assert "Here is your invoice INV-2026-00001." in composed(Message.objects.get()).text


def test_the_text_of_a_language_is_for_those_who_read_it(
    ana: Actor, make_sent: Make, make_booking: Callable[..., Booking], make_customer: Callable[..., Customer]
) -> None:
    write(ana, "Votre facture {invoice}", "Bonjour {customer}", language="fr")
    make_sent(make_booking(make_customer("Tremblay", language="fr")))
    make_sent()
    for version in Version.objects.all():
        ensure_pdf(version)

    subjects = {composed(message).subject for message in Message.objects.all()}
    assert subjects == {
        "Votre facture INV-2026-00001",
        "Invoice INV-2026-00002 from Bright Home Co.: $100.00, due Jul 14, 2026",
    }


def test_texts_only_grow_and_each_change_has_one_entry(ana: Actor) -> None:
    write(ana)
    write(ana)
    write(ana, "Another")
    back_to_standard(ana)

    assert list(MailText.objects.order_by("n").values_list("n", "subject")) == [
        (1, "Your bill {invoice}"),
        (2, "Another"),
        (3, ""),
    ]
    assert Entry.objects.filter(type="mail_text.changed").count() == 3
    assert MailText.objects.chosen() == {}


def test_whoever_read_an_older_text_is_refused(ana: Actor) -> None:
    write(ana)
    with pytest.raises(RuleBroken) as refused:
        write(ana, "Mine", expected_revision=0)
    assert refused.value.code == "stale"
    assert MailText.objects.count() == 1


def test_sending_many_reads_the_texts_once(
    ana: Actor, make_invoice: Make, django_assert_max_num_queries: Any
) -> None:
    write(ana)
    one, ten = make_invoice(), [make_invoice() for _ in range(10)]
    with django_assert_max_num_queries(40) as for_one:
        transact(lambda: send_invoices([one.pk], by=ana, now=NOW))
    with django_assert_max_num_queries(len(for_one)):
        transact(lambda: send_invoices([invoice.pk for invoice in ten], by=ana, now=NOW))
    assert Message.objects.filter(text_id__isnull=False).count() == 11


def test_the_editor_begins_with_the_standard_text_and_saves(desk: Client) -> None:
    shown = html.unescape(desk.get(EDITOR).content.decode())
    assert "Here is your invoice {invoice}." in shown
    assert "{to_pay}" in shown

    saved = desk.post(EDITOR, {**OURS, "revision": "0", "act": "save"})
    assert saved.status_code == 303
    assert "you owe {due}." in html.unescape(desk.get(EDITOR).content.decode())
    assert "Your own text" in desk.get("/settings/emails").content.decode()


def test_a_refused_text_is_shown_again_with_the_reason(desk: Client) -> None:
    answer = desk.post(EDITOR, {"subject": "x", "body": "Dear {client}", "revision": "0"})
    said = html.unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "{client} is not a placeholder of this email." in said
    assert "Dear {client}" in said
    assert not MailText.objects.exists()


def test_going_back_asks_first(desk: Client, ana: Actor) -> None:
    write(ana)
    at = f"{EDITOR}/standard"
    assert "you owe {due}." in html.unescape(desk.get(at).content.decode())
    assert desk.post(at, {"revision": "1"}).status_code == 303
    assert "Standard text" in desk.get(EDITOR).content.decode()


@pytest.mark.parametrize("address", ["invoice/de", "statement/en", "INVOICE/en"])
def test_there_is_no_other_kind_or_language(desk: Client, address: str) -> None:
    assert desk.get(f"/settings/emails/{address}").status_code == 404


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", MailKind)
def test_the_preview_shows_what_is_typed(desk: Client, kind: MailKind, language: str) -> None:
    at = f"/settings/emails/{kind}/{language}/preview"
    part = desk.post(at, {"subject": "To {customer}", "body": "Typed for {company} <script>"})
    assert part.status_code == 200
    frame = html.unescape(part.content.decode()).partition('src="')[2].partition('"')[0]
    shown = desk.get(frame)
    assert "Typed for Bright Home Co. &lt;script&gt;" in shown.content.decode()
    assert "sandbox" in shown["Content-Security-Policy"]
    assert not MailText.objects.exists()


def test_nobody_makes_us_show_a_text_that_was_not_typed_here(desk: Client) -> None:
    assert desk.get(f"{EDITOR}/preview.html?text=WyJhIiwiYiJd:forged").status_code == 404


def test_a_test_mail_goes_to_whoever_writes_saved_or_not(
    desk: Client, ana: Actor, company: Company, smtp_server: SmtpServer, drain: Callable[[], None]
) -> None:
    form = {**OURS, "revision": "0", "act": "test", "operation_id": "once"}
    assert desk.post(EDITOR, form).status_code == 200
    assert desk.post(EDITOR, form).status_code == 200
    drain()

    (mail,) = sent_mails(smtp_server)
    assert mail["To"] == f"ana@{company.pk.hex[-12:]}.example"
    assert mail["Subject"].startswith("Test: Your bill INV-2026-00001")
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"]
    with scope(company=company):
        assert not MailText.objects.exists()
        assert MailTrial.objects.count() == 1


def test_a_test_mail_comes_out_of_the_days_allowance(desk: Client, settings: Any) -> None:
    settings.MAILS_PER_DAY = 1
    form = {**OURS, "revision": "0", "act": "test"}
    assert desk.post(EDITOR, form).status_code == 200
    refused = desk.post(EDITOR, form)
    assert "The limit of 1 emails a day leaves 0 for today" in html.unescape(refused.content.decode())
    assert MailTrial.objects.count() == 1


def test_a_sandboxs_test_mail_stays_in_its_mailbox(
    desk: Client, company: Company, smtp_server: SmtpServer, drain: Callable[[], None]
) -> None:
    Company.objects.filter(pk=company.pk).update(is_sandbox=True)
    desk.post(
        "/settings/emails/receipt/fr", {"subject": "Merci", "body": "Bonjour {customer}", "act": "test"}
    )
    drain()

    assert smtp_server.messages() == []
    with scope(company=company):
        assert MailboxItem.objects.get().subject == "Essai\u00a0: Merci".replace("\u00a0", " ")


def test_the_logo_travels_with_the_mail(
    ana: Actor, company: Company, make_sent: Make, smtp_server: SmtpServer, drain: Callable[[], None]
) -> None:
    with scope(company=company):
        stored = put_file(company.pk, "logo", picture(500, 200), "image/png")
        transact(lambda: change_logo(stored.pk, by=ana, now=NOW))
        make_sent()
        ensure_pdf(Version.objects.get())
    drain()

    (mail,) = sent_mails(smtp_server)
    shown = mail.get_body(("html",)).get_content()
    assert 'src="cid:logo"' in shown
    assert 'width="120" height="48"' in shown
    (logo,) = [part for part in mail.walk() if part["Content-ID"] == "<logo>"]
    assert logo.get_payload(decode=True).startswith(b"\x89PNG")
    assert [part.get_content_type() for part in mail.iter_attachments()] == ["application/pdf"]


def test_programs_read_write_and_take_back(api: ApiClient) -> None:
    listed = api.get("/mail-texts").json()["items"]
    assert len(listed) == 10
    assert all(text["is_standard"] for text in listed)
    assert next(text for text in listed if text["kind"] == "receipt")["placeholders"][:3] == [
        "customer",
        "company",
        "amount",
    ]

    written = api.request("put", "/mail-texts/invoice/en", OURS)
    assert (written.status_code, written.json()["is_standard"]) == (200, False)
    assert written.json()["body"] == OURS["body"]
    back = api.delete("/mail-texts/invoice/en")
    assert (back.status_code, back.json()["is_standard"]) == (200, True)


def test_a_program_that_read_an_older_text_is_refused(api: ApiClient) -> None:
    at = "/mail-texts/invoice/en"
    read = api.get(at)
    assert (read["ETag"], read.json()["is_standard"]) == ('"0"', True)
    written = api.request("put", at, OURS, If_Match=read["ETag"])
    assert (written.status_code, written["ETag"]) == (200, '"1"')

    for stale in (
        api.request("put", at, OURS | {"subject": "Mine"}, If_Match=read["ETag"]),
        api.delete(at, If_Match=read["ETag"]),
        api.delete("/mail-texts/receipt/fr", If_Match='"3"'),
    ):
        assert (stale.status_code, stale.json()["code"]) == (409, "stale")
    assert api.get(at).json()["subject"] == OURS["subject"]

    back = api.delete(at, If_Match=written["ETag"])
    assert (back.status_code, back["ETag"], back.json()["is_standard"]) == (200, '"2"', True)
    assert api.get("/mail-texts/invoice/de").status_code == 404


def test_a_program_learns_which_placeholders_there_are(api: ApiClient) -> None:
    refused = api.request("put", "/mail-texts/cancelled/en", {"subject": "x", "body": "{due}"})
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (
        422,
        "unknown_placeholder",
        "body",
    )
    assert "{due} is not a placeholder" in refused.json()["message"]
    assert api.request("put", "/mail-texts/cancelled/xx", OURS).status_code == 404
