"""The copy of what is cancelled: sent while cancelling, later, and once more."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.companies.tests.clients import ApiClient
from bookbill.delivery.composing import MailCause
from bookbill.delivery.models import Message
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.copying import send_cancelled_copy
from bookbill.invoices.emails import compose_version_mail
from bookbill.invoices.models import Invoice, Version
from bookbill.invoices.tasks import ensure_pdf
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from tests.support.cast import NOW

pytestmark = pytest.mark.both_databases


def cancelled(by: Actor, invoice: Invoice, **how: Any) -> Version:
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=by, now=NOW, **how))
    return Version.objects.get(invoice=invoice, kind="cancelled")


def test_the_cancelled_copy_is_sent_later_without_a_new_version(
    ana: Actor, api: ApiClient, make_sent: Callable[..., Invoice]
) -> None:
    invoice = make_sent()
    version = cancelled(ana, invoice)

    for recipients in ({}, {"recipients": "other@x.example"}):
        answer = api.post(f"/invoices/{invoice.pk}/sendings", recipients)
        assert (answer.status_code, answer.json()["n"]) == (201, version.n)

    mails = Message.objects.filter(kind="cancelled").order_by("step")
    assert [(mail.cause_id, mail.step, mail.recipient) for mail in mails] == [
        (version.pk, 0, "maple@customer.example"),
        (version.pk, 1, "other@x.example"),
    ]
    assert Version.objects.filter(invoice=invoice).count() == 2
    assert Entry.objects.filter(type="invoice.copy_sent").count() == 2
    assert api.get(f"/invoices/{invoice.pk}").json()["status"] == "cancelled"


def test_a_copy_sent_while_cancelling_can_be_sent_again(
    ana: Actor, desk: Client, make_sent: Callable[..., Invoice]
) -> None:
    invoice = make_sent()
    ensure_pdf(cancelled(ana, invoice, notify=True))
    page = f"/payments/invoices/{invoice.pk}"
    assert f"{page}/cancelled-copies" in desk.get(page).content.decode()
    assert "maple@customer.example" in desk.get(f"{page}/cancelled-copies").content.decode()

    assert desk.post(f"{page}/cancelled-copies", {"recipients": "maple@customer.example"}).status_code == 303

    mails = Message.objects.filter(kind="cancelled").order_by("step")
    assert [(mail.step, mail.ready_at is not None) for mail in mails] == [(0, True), (1, True)]
    mail = compose_version_mail(MailCause.of(mails[1]))
    assert mail.subject == f"Invoice {invoice.number} from Bright Home Co. is cancelled"
    assert "There is nothing to pay." in mail.text
    assert "/i/" not in mail.text


@pytest.mark.parametrize(
    ("to", "asks"), [([], False), (["second@customer.example"], False), (["boss@customer.example"], True)]
)
def test_a_copy_sent_once_more_ends_what_its_recipients_did_not_get(
    ana: Actor, make_sent: Callable[..., Invoice], to: list[str], asks: bool
) -> None:
    invoice = make_sent(extra_recipients=("second@customer.example",))
    cancelled(ana, invoice, notify=True)
    failed = Message.objects.filter(kind="cancelled", recipient="second@customer.example")
    failed.update(state="failed", trouble_at=NOW, ready_at=NOW, next_at=None)
    transact(lambda: send_cancelled_copy(invoice.pk, recipients=to, by=ana, now=NOW))
    assert Message.objects.in_trouble().exists() is asks


@pytest.mark.parametrize("body", [{"mark_only": True}, {"send_at": "2026-07-01T09:00:00Z"}])
def test_a_cancelled_invoice_is_neither_marked_nor_scheduled(
    ana: Actor, api: ApiClient, make_sent: Callable[..., Invoice], body: dict[str, Any]
) -> None:
    invoice = make_sent()
    cancelled(ana, invoice)
    assert api.post(f"/invoices/{invoice.pk}/sendings", body).status_code in (409, 422)
    assert not Message.objects.filter(kind="cancelled").exists()


def test_five_copies_within_an_hour_are_enough(
    ana: Actor, api: ApiClient, make_sent: Callable[..., Invoice]
) -> None:
    invoice = make_sent()
    cancelled(ana, invoice)
    answers = [api.post(f"/invoices/{invoice.pk}/sendings").status_code for _ in range(6)]
    assert answers == [201] * 5 + [429]
    assert Message.objects.filter(kind="cancelled").count() == 5


def test_there_is_no_copy_of_what_is_not_cancelled(ana: Actor, make_sent: Callable[..., Invoice]) -> None:
    invoice = make_sent()
    with pytest.raises(RuleBroken) as refused:
        transact(lambda: send_cancelled_copy(invoice.pk, by=ana, now=NOW))
    assert refused.value.code == "not_cancelled"
