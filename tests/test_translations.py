"""Every text is there in French, and people read it: on pages, in mails and on documents."""

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.test import Client
from django.utils import translation
from django.utils.translation.template import templatize

import bookbill
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company, Member
from bookbill.customers.models import Customer
from bookbill.delivery.composing import MailCause
from bookbill.delivery.models import Message as Mail
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.emails import compose_version_mail
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.tasks import ensure_pdf
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

PACKAGE = Path(bookbill.__file__).parent
KEYWORDS = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*(?::\w+)?\}|<[^>]+>")

Texts = set[str | tuple[str, ...]]


@pytest.fixture(autouse=True)
def _on_the_day_of_the_story(time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)


def catalogue() -> Catalog:
    with (PACKAGE / "locale/fr/LC_MESSAGES/django.po").open("rb") as file:
        return read_po(file, locale="fr")


def translations(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string or ""]


def texts_in(path: Path) -> Iterator[str | tuple[str, ...]]:
    code = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        # What Django makes of a template reads as Python once no line is indented.
        code = "\n".join(line.lstrip() for line in templatize(code).splitlines())
    for _line, text, _comments, _context in extract("python", io.BytesIO(code.encode()), KEYWORDS):
        yield tuple(text) if isinstance(text, list | tuple) else text


def texts_of_the_product() -> Texts:
    return {
        text
        for path in PACKAGE.rglob("*")
        if path.suffix in {".py", ".html", ".txt"} and not {"tests", "static"} & set(path.parts)
        for text in texts_in(path)
    }


def test_every_text_of_the_product_is_translated() -> None:
    translated = {
        message.id if isinstance(message.id, str) else tuple(message.id)
        for message in catalogue()
        if message.id and all(translations(message)) and not message.fuzzy
    }
    wanted = texts_of_the_product()
    assert len(wanted) > 1_000
    assert wanted - translated == set(), "not in the catalogue, or not translated"
    assert translated - wanted == set(), "nothing shows these any more"


def test_a_translation_carries_the_same_placeholders() -> None:
    for message in catalogue():
        if message.id:
            ids = [message.id] if isinstance(message.id, str) else message.id
            for source, french in zip(ids, translations(message), strict=True):
                assert sorted(PLACEHOLDER.findall(french)) == sorted(PLACEHOLDER.findall(source)), source


def test_french_is_set_as_french_is() -> None:
    for message in catalogue():
        for french in translations(message) if message.id else []:
            assert "'" not in french, french
            assert not re.search(r" [:;?!»]|« ", french), f"a space that may break: {french}"


def test_the_sign_in_page_follows_the_browser(db: None) -> None:
    answer = Client().get("/accounts/login/", headers={"Accept-Language": "fr-CA,fr;q=0.9"})
    assert answer["Content-Language"] == "fr"
    assert "Se connecter" in answer.content.decode()


@pytest.fixture
def desk(ana: Actor) -> Client:
    """The browser of Ana, who reads French."""
    member = Member.objects.get(role="owner")
    member.user.language = "fr"
    member.user.save()
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def invoice(
    ana: Actor,
    make_customer: Callable[..., Customer],
    make_booking: Callable[..., Booking],
    make_invoice: Callable[..., Invoice],
) -> Invoice:
    """Sent to a customer who reads French, by people who write English."""
    with translation.override("en"):
        made = make_invoice(make_booking(make_customer("Tremblay", language="fr")))
        transact(lambda: send_invoices([made.pk], by=ana, now=NOW))
    return Invoice.objects.get(pk=made.pk)


def test_the_list_of_invoices_is_french(desk: Client, invoice: Invoice) -> None:
    page = desk.get("/payments/invoices").content.decode()
    assert '<html lang="fr"' in page
    for word in ("Factures", "À facturer", "En retard", "Envoyée", "1 intervention", "Solde"):
        assert word in page
    for word in ("Overdue", "To invoice", "booking<", "Needs attention"):
        assert word not in page


def test_the_customers_page_is_french_for_a_customer_who_reads_it(invoice: Invoice) -> None:
    page = Client().get(f"/i/{invoice.link_token}", headers={"Accept-Language": "en"}).content.decode()
    assert f"Facture {invoice.number}" in page
    assert "Solde à payer au plus tard le 14 juillet 2026" in page
    assert "Télécharger le PDF" in page
    assert "Balance due" not in page


def test_the_mail_is_french_for_a_customer_who_reads_it(company: Company, invoice: Invoice) -> None:
    ensure_pdf(Version.objects.get())
    mail = compose_version_mail(MailCause.of(Mail.objects.get()))
    due = "100,00\u00a0$, à payer le 14 juil. 2026"
    assert mail.subject == f"Facture {invoice.number} de {company.name}\u00a0: {due}"
    for body in (mail.text, mail.html):
        assert "Bonjour Tremblay," in body
        assert f"Voici votre facture {invoice.number}." in body
        assert "La facture est jointe en PDF." in body
        assert "Balance due" not in body
