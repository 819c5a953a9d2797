"""Work that waits for a person: seen, tried again, given up."""

from collections.abc import Callable

import pytest
from django.test import Client

from bookbill.activity.models import Entry
from bookbill.companies.models import Member
from bookbill.companies.rules import Role
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.invoices.actions.cancelling import cancel_invoice
from bookbill.invoices.actions.sending import send_invoices
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import transact
from bookbill.work.models import Job
from tests.support.cast import NOW, add_member, make_company


def test_it_says_what_failed_and_why(
    desk: Client, set_aside: Callable[..., Job], undelivered: Callable[..., Message]
) -> None:
    set_aside("The <b>disk</b> is full")
    undelivered(State.FAILED)
    page = desk.get("/operations").content.decode().replace("<wbr>", "")
    for words in (
        "Make the PDF of an invoice",
        "Something unexpected happened.",
        "The &lt;b&gt;disk&lt;/b&gt; is full",
        "550 no such user",
        "ap@maple.example",
    ):
        assert words in page


@pytest.mark.both_databases
def test_a_retried_job_waits_again_and_is_in_the_history(desk: Client, set_aside: Callable[..., Job]) -> None:
    job = set_aside()
    assert desk.post(f"/operations/jobs/{job.pk}/tries").status_code == 303
    job.refresh_from_db()
    assert (job.state, job.tries) == ("queued", 0)
    assert Entry.objects.get(type="job.retried").subject_id == job.pk
    assert desk.post(f"/operations/jobs/{job.pk}/tries").status_code == 404


def test_a_discarded_job_is_asked_about_then_gone(desk: Client, set_aside: Callable[..., Job]) -> None:
    job = set_aside()
    assert "Discard this task?" in desk.get(f"/operations/jobs/{job.pk}/discard").content.decode()
    job.refresh_from_db()
    assert job.state == "set_aside"
    assert desk.post(f"/operations/jobs/{job.pk}/discard").status_code == 303
    job.refresh_from_db()
    assert job.state == "discarded"
    assert Entry.objects.filter(type="job.discarded").count() == 1


@pytest.mark.both_databases
def test_a_failed_mail_is_sent_again_and_noted_on_its_invoice(
    desk: Client, undelivered: Callable[..., Message], make_invoice: Callable[..., Invoice]
) -> None:
    invoice = make_invoice()
    message = undelivered(State.FAILED, invoice=invoice)
    assert desk.post(f"/operations/mails/{message.pk}/sendings").status_code == 303
    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert Entry.objects.get(type="invoice.message_retried").subject_id == invoice.pk


def test_a_mail_about_a_cancelled_invoice_is_not_sent_again_from_here_either(
    desk: Client,
    ana: Actor,
    undelivered: Callable[..., Message],
    make_invoice: Callable[..., Invoice],
) -> None:
    invoice = make_invoice()
    transact(lambda: send_invoices([invoice.pk], by=ana, now=NOW, mark_only=True))
    message = undelivered(State.FAILED, invoice=invoice)
    transact(lambda: cancel_invoice(invoice.pk, reason="Wrong", by=ana, now=NOW))
    refused = desk.post(f"/operations/mails/{message.pk}/sendings")
    assert refused.status_code == 409
    assert "money that is no longer owed" in refused.content.decode()
    message.refresh_from_db()
    assert message.state == State.FAILED


def test_a_mail_that_may_have_arrived_is_sent_again_only_on_purpose(
    desk: Client, undelivered: Callable[..., Message]
) -> None:
    message = undelivered(State.UNKNOWN)
    assert desk.post(f"/operations/mails/{message.pk}/sendings").status_code == 409
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    assert "may arrive twice" in desk.get(f"/operations/mails/{message.pk}/sendings").content.decode()
    desk.post(f"/operations/mails/{message.pk}/sendings", {"may_arrive_twice": "yes"})
    message.refresh_from_db()
    assert message.state == State.QUEUED


@pytest.mark.parametrize("role", [Role.ACCOUNTANT, Role.PROVIDER])
def test_others_neither_see_nor_touch_it(
    company: object, set_aside: Callable[..., Job], undelivered: Callable[..., Message], role: Role
) -> None:
    add_member(company, "olu", role)  # type: ignore[arg-type]
    client = Client()
    client.force_login(Member.objects.get(name="Olu").user)
    job, message = set_aside(), undelivered()
    assert client.get("/operations").status_code == 403
    for path in (f"mails/{message.pk}/sendings", f"jobs/{job.pk}/tries", f"jobs/{job.pk}/discard"):
        assert client.post(f"/operations/{path}").status_code == 403
    job.refresh_from_db()
    message.refresh_from_db()
    assert (job.state, message.state) == ("set_aside", State.FAILED)


def test_the_work_of_another_company_is_not_there(desk: Client, set_aside: Callable[..., Job]) -> None:
    other, _owner = make_company("Harbour Gardens")
    theirs, of_the_house = set_aside("Theirs", other.pk), set_aside("Of the house", None)
    page = desk.get("/operations").content.decode()
    assert "Theirs" not in page
    assert "Of the house" not in page
    for job in (theirs, of_the_house):
        for act in ("tries", "discard"):
            assert desk.post(f"/operations/jobs/{job.pk}/{act}").status_code == 404
