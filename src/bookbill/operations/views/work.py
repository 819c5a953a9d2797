"""Work that went wrong and waits for a person: undelivered mails, and jobs that were set aside."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.delivery.words import trouble_word
from bookbill.invoices.actions.retrying import why_not_again
from bookbill.invoices.models import Invoice
from bookbill.invoices.words import message_kind_word
from bookbill.lib.transactions import transact
from bookbill.operations.actions import discard_work, dismiss_mail, retry_mail, retry_work
from bookbill.operations.queues import read_queues
from bookbill.operations.words import job_word, why_word
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.routes import not_found
from bookbill.web.htmx import layout_of, render_page, see_other, toast
from bookbill.work.clock import process_clock
from bookbill.work.models import Job

JOBS_SHOWN = 100


@staff_view(Right.USE_OPERATIONS, methods=("GET", "HEAD"))
def work_page(request: CompanyRequest) -> HttpResponse:
    """How the queues stand, the mails that were not delivered, and the jobs that were set aside."""
    mails, next_cursor = keyset(
        Message.objects.in_trouble(),
        PageQuery(cursor=request.GET.get("cursor") or None),
        by=("trouble_at", "id"),
    )
    invoices = Invoice.objects.in_bulk({mail.subject_id for mail in mails if mail.subject_id})
    refused = why_not_again(mails, invoices)
    jobs = Job.objects.of_company(request.company.pk).set_aside().order_by("-finished_at")[:JOBS_SHOWN]
    return render_page(
        request,
        "operations/work.html",
        {
            "queues": read_queues(request.company.pk, clock=process_clock()),
            "mails": [
                (
                    mail,
                    message_kind_word(mail.kind),
                    trouble_word(mail.state),
                    invoices.get(mail.subject_id),
                    refused[mail.pk].message if mail.pk in refused else "",
                )
                for mail in mails
            ],
            "next_cursor": next_cursor,
            "jobs": [(job, job_word(job.kind), why_word(job.last_error)) for job in jobs],
            "unknown": State.UNKNOWN.value,
            "accepted": State.ACCEPTED.value,
        },
    )


@staff_view(Right.USE_OPERATIONS)
def retry_mail_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Send an undelivered mail again; one that may have arrived is asked about first."""
    if request.method == "POST":
        may_arrive_twice = request.POST.get("may_arrive_twice") == "yes"
        transact(
            lambda: retry_mail(
                pk, may_arrive_twice=may_arrive_twice, by=request.actor, now=now(request.company)
            )
        )
        toast(request, _("The email is on its way again."))
        return see_other(request, reverse("operations:work"))
    mail = Message.objects.in_trouble().filter(pk=pk).first()
    if mail is None:
        raise not_found()
    context = {"mail": mail, "is_unknown": mail.state == State.UNKNOWN, "shell": layout_of(request)}
    return render_page(request, "operations/retry_mail.html", context)


@staff_view(Right.USE_OPERATIONS, methods=("POST",))
def dismiss_mail_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Take a mail that did not arrive off the list."""
    transact(lambda: dismiss_mail(pk, by=request.actor, now=now(request.company)))
    toast(request, _("Marked as resolved."))
    return see_other(request, reverse("operations:work"))


@staff_view(Right.USE_OPERATIONS, methods=("POST",))
def retry_job_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Try set-aside work again."""
    transact(lambda: retry_work(pk, by=request.actor, now=now(request.company)))
    toast(request, _("It will be tried again now."))
    return see_other(request, reverse("operations:work"))


@staff_view(Right.USE_OPERATIONS)
def discard_job_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Ask, then give set-aside work up."""
    if request.method == "POST":
        transact(lambda: discard_work(pk, by=request.actor, now=now(request.company)))
        toast(request, _("Discarded."))
        return see_other(request, reverse("operations:work"))
    job = Job.objects.of_company(request.company.pk).set_aside().filter(pk=pk).first()
    if job is None:
        raise not_found()
    context = {
        "job": job,
        "what": job_word(job.kind),
        "why": why_word(job.last_error),
        "shell": layout_of(request),
    }
    return render_page(request, "operations/discard_job.html", context)
