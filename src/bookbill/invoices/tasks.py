"""What the worker does for invoices after the commit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.activity.actions import record
from bookbill.companies.actors import on_behalf_of, system_actor
from bookbill.companies.clock import date_in_zone
from bookbill.companies.clock import now as business_now
from bookbill.companies.models import Company
from bookbill.customers.actions import lock_customers
from bookbill.delivery.actions import mark_ready
from bookbill.documents.files import put_file
from bookbill.documents.models import StoredFile
from bookbill.invoices.actions.drafting import SEND_JOB, give_up_sending
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.reminding import REMINDER
from bookbill.invoices.actions.sending import CAUSE, send_invoices
from bookbill.invoices.models import Invoice, Reminder, Version
from bookbill.invoices.pdfs import render_version
from bookbill.invoices.rules import Status
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.work.actions import come_again, due_args, is_promised
from bookbill.work.registry import JobView

REPLACED_MAX = 200
EARLIER_MAX = 5  # invoices in one transaction before the job's own; each takes 12 to 19 ms


def make_pdf(job: JobView) -> None:
    """Make a version's PDF and let its mails leave. Repeating it changes nothing."""
    ensure_pdf(Version.objects.select_related("pdf").get(pk=job.args["version_id"]))


def ensure_pdf(version: Version) -> StoredFile:
    """Make and keep the version's PDF unless it is there already; its mails may leave.

    What the fonts could not print is written down once, with the version it happened to.
    """
    made = version.pdf
    replaced: tuple[str, ...] = ()
    if made is None:
        rendered = render_version(version)
        made = put_file(version.company_id, "invoice-pdf", rendered.pdf, "application/pdf")
        replaced = rendered.replaced_characters
    company = Company.objects.get(pk=version.company_id)
    now = business_now(company)

    def keep() -> StoredFile:
        is_first = Version.objects.filter(pk=version.pk, pdf=None).update(pdf=made, pdf_sha256=made.sha256)
        if is_first and replaced:
            note_replaced(version, replaced, by=system_actor(company), now=now)
        mark_ready(CAUSE, [version.pk], now=now)
        reminders = Reminder.objects.filter(version=version).values_list("pk", flat=True)
        mark_ready(REMINDER, list(reminders), now=now)
        return StoredFile.objects.get(pk=Version.objects.values_list("pdf_id", flat=True).get(pk=version.pk))

    return transact(keep)


def note_replaced(version: Version, characters: Sequence[str], *, by: Actor, now: datetime) -> None:
    """History tells which characters a PDF shows a replacement for; they may be those of a name."""
    found = {"characters": "".join(characters[:REPLACED_MAX])}
    record(
        entry(
            "invoice.characters_replaced",
            version.invoice,
            {},
            {"version": version.n},
            personal_after=found,
        ),
        by=by,
        now=now,
    )


def send_held(job: JobView) -> None:
    """The hold is over: send, with the rights that who asked has by now. What cannot be sent any more is shown, not retried.

    Those whose hold is over too and that are dated earlier go first: the series would not let them go afterwards. Many
    of them go in turns, each with a commit, and this one after the last: customers and series are locked meanwhile.
    """
    assert job.company_id is not None
    company = Company.objects.get(pk=job.company_id)
    now = business_now(company)
    invoice = Invoice.objects.filter(pk=job.args["invoice_id"]).first()
    if invoice is None:
        return
    earlier = _dated_earlier(invoice, company, now=now)
    turn = earlier[:EARLIER_MAX]
    # All at once, and before the promises are read again: each may be kept or taken back meanwhile.
    lock_customers(each.customer_id for each in (invoice, *turn))
    due = _due_args(turn)
    for each in turn:
        if each.pk in due:
            _send_promised(due[each.pk], company, now=now)
    if len(earlier) > len(turn):
        come_again(job)
    else:
        _send_promised(job.args, company, now=now)


def _dated_earlier(invoice: Invoice, company: Company, *, now: datetime) -> list[Invoice]:
    """Those with a promise that is due, in the order of their dates."""
    if invoice.sent_at:
        return []
    waiting = Invoice.objects.filter(status=Status.DRAFT, sending_at__lte=now)
    issue_date = invoice.issue_date or date_in_zone(company, now)
    found = list(waiting.filter(issue_date__lt=issue_date).order_by("issue_date", "sending_at", "pk"))
    due = _due_args(found)
    return [each for each in found if each.pk in due]


def _due_args(invoices: Sequence[Invoice]) -> dict[UUID, Mapping[str, Any]]:
    if not invoices:
        return {}
    found = due_args(SEND_JOB, invoices[0].company_id, [str(each.pk) for each in invoices])
    return {UUID(key): args for key, args in found.items()}


def _send_promised(args: Mapping[str, Any], company: Company, *, now: datetime) -> None:
    """Read under the lock: another worker may have sent it, with a later dated one."""
    invoice = Invoice.objects.filter(pk=args["invoice_id"]).first()
    if invoice is None or invoice.sending_at is None:
        return
    by, chosen = on_behalf_of(Actor.from_json(args["by"])), args["recipients"]
    try:
        # A refusal half-way must leave nothing behind, while the job itself goes on; its sentence is kept.
        with translation.override(company.language), transaction.atomic():
            send_invoices([invoice.pk], by=by, now=now, recipients={invoice.pk: chosen} if chosen else None)
    except RuleBroken as refused:
        why = refused.message
        if refused.code == "forbidden":
            with translation.override(company.language):
                why = _("Whoever planned this may not send invoices any more. Send it again.")
        give_up_sending(invoice, why, by=by, now=now)


def sending_given_up(job: JobView) -> None:
    """Nobody keeps this promise any more: the invoice is not about to leave, and says so. Not if it was promised again."""
    assert job.company_id is not None
    company = Company.objects.get(pk=job.company_id)
    found = Invoice.objects.filter(pk=job.args["invoice_id"])
    lock_customers(found.values_list("customer_id", flat=True))
    invoice = found.filter(sending_at__isnull=False).first()
    if invoice is None or is_promised(SEND_JOB, company.pk, [str(invoice.pk)]):
        return
    with translation.override(company.language):
        why = _("Something went wrong several times while it was being sent. Send it again.")
    give_up_sending(invoice, why, by=system_actor(company), now=business_now(company))
