"""What a person does about work that went wrong. Each act leaves its line in the history."""

from datetime import datetime
from uuid import UUID

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.rights import Right, require
from bookbill.delivery.actions import dismiss_message, retry_message
from bookbill.delivery.models import Message
from bookbill.invoices.actions.drafting import SEND_JOB
from bookbill.invoices.actions.holding import promise_again
from bookbill.invoices.actions.receipting import PAYMENT, retry_receipt
from bookbill.invoices.actions.retrying import dismiss_mail as dismiss_invoice_mail
from bookbill.invoices.actions.retrying import retry_mail as retry_invoice_mail
from bookbill.invoices.models import Invoice
from bookbill.lib.actor import Actor
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.actions import discard_job, retry_job
from bookbill.work.models import Job


def retry_work(job_id: UUID, *, by: Actor, now: datetime) -> Job:
    """Put work that was set aside back into the queue. Raises NotFound, `already_promised`, `not_promised`."""
    assert_in_transaction()
    require(by, Right.USE_OPERATIONS)
    job = retry_job(job_id, company_id=by.company_id)
    if job.kind == SEND_JOB:
        promise_again(UUID(job.args["invoice_id"]), by=by, now=now)
    _record("job.retried", job, by=by, now=now)
    return job


def discard_work(job_id: UUID, *, by: Actor, now: datetime) -> Job:
    """Give up work that was set aside. Raises NotFound."""
    assert_in_transaction()
    require(by, Right.USE_OPERATIONS)
    job = discard_job(job_id, company_id=by.company_id)
    _record("job.discarded", job, by=by, now=now)
    return job


def retry_mail(message_id: UUID, *, may_arrive_twice: bool = False, by: Actor, now: datetime) -> Message:
    """Send an undelivered mail again. Raises NotFound, `message_not_failed`, `message_may_have_arrived`.

    About an invoice it is asked as on the invoice's page: what asks for money that is not owed stays where it is,
    and so does what thanks for a payment that was reversed.
    """
    assert_in_transaction()
    require(by, Right.USE_OPERATIONS)
    found = Message.objects.filter(pk=message_id)
    payment_id = found.filter(cause_kind=PAYMENT).values_list("cause_id", flat=True).first()
    if payment_id:
        return retry_receipt(payment_id, message_id, may_arrive_twice=may_arrive_twice, by=by, now=now)
    invoice_id = _invoice_of(message_id)
    if invoice_id:
        return retry_invoice_mail(invoice_id, message_id, may_arrive_twice=may_arrive_twice, by=by, now=now)
    return retry_message(message_id, subject_label="", may_arrive_twice=may_arrive_twice, by=by, now=now)


def dismiss_mail(message_id: UUID, *, by: Actor, now: datetime) -> Message:
    """Nobody has to look at an undelivered mail any more. Raises NotFound, `message_not_failed`."""
    assert_in_transaction()
    require(by, Right.USE_OPERATIONS)
    invoice_id = _invoice_of(message_id)
    if invoice_id:
        return dismiss_invoice_mail(invoice_id, message_id, by=by, now=now)
    return dismiss_message(message_id, subject_label="", by=by, now=now)


def _invoice_of(message_id: UUID) -> UUID | None:
    subject = Message.objects.filter(pk=message_id).values("subject_id")
    return Invoice.objects.filter(pk__in=subject).values_list("pk", flat=True).first()


def _record(kind: str, job: Job, *, by: Actor, now: datetime) -> None:
    draft = EntryDraft(
        type=kind,
        subject_type="job",
        subject_id=job.pk,
        subject_label=job.kind,
        before={"state": "set_aside", "error": job.last_error},
        after={"state": job.state},
    )
    record(draft, by=by, now=now)
