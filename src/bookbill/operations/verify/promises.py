"""Work that leaves the house, and tenants: W1 to W3 and T1 of what must always hold."""

from datetime import timedelta

from django.db import models
from django.db.models import Count, F, Q
from django.utils import timezone

from bookbill.companies.models import Company
from bookbill.delivery.models import Attempt, Message
from bookbill.delivery.rules import State
from bookbill.invoices.actions.sending import PDF_JOB
from bookbill.invoices.models import Version
from bookbill.operations.verify.findings import Finding
from bookbill.operations.verify.money import tenant_models
from bookbill.work.models import Job

CHUNK = 2_000
GRACE = timedelta(seconds=120)


def check_promises(finding: Finding, company: Company) -> None:
    """W1: a version without its PDF has a job that owes it, and a mail that waits belongs to such a version."""
    owed = {
        key
        for key in Job.objects.filter(company=company, kind=PDF_JOB)
        .exclude(state="done")
        .values_list("unique_key", flat=True)
        if key
    }
    unmade = {str(pk) for pk in Version.objects.filter(pdf=None).values_list("pk", flat=True)}
    finding.checked += Version.objects.count() - len(unmade)
    finding.look_at((pk, pk in owed) for pk in sorted(unmade))
    waiting = Message.objects.waiting_for_pdf().filter(cause_kind="version").values_list("pk", "cause_id")
    finding.look_at((pk, str(cause_id) in unmade) for pk, cause_id in waiting.iterator(CHUNK))


def check_mail_once(finding: Finding, company: Company) -> None:
    """W2: an accepted mail was accepted once; one that is queued or failed was not since it was last asked for."""
    accepted = (
        Attempt.objects.filter(outcome=State.ACCEPTED)
        .order_by()
        .values("message_id")
        .annotate(ever=Count("pk"), lately=Count("pk", filter=Q(at__gte=F("message__first_try_at"))))
    )
    counts = {row["message_id"]: (row["ever"], row["lately"]) for row in accepted.iterator(CHUNK)}
    for pk, state in Message.objects.values_list("pk", "state").iterator(CHUNK):
        # One that came back and was sent again was accepted twice; a clock that went back hides when.
        times = counts.get(pk, (0, 0))
        finding.look(pk, right=1 in times if state == State.ACCEPTED else min(times) <= 1)


def check_leases(finding: Finding, company: Company) -> None:
    """W3: nothing stays claimed past its lease."""
    long_ago = timezone.now() - GRACE
    running = Job.objects.filter(company=company, state="running").values_list("pk", "lease_until")
    finding.look_at((pk, until is not None and until > long_ago) for pk, until in running.iterator(CHUNK))
    sending = Message.objects.filter(state=State.SENDING).values_list("pk", "next_at")
    finding.look_at((pk, until is not None and until > long_ago) for pk, until in sending.iterator(CHUNK))


def check_tenants(finding: Finding, company: Company) -> None:
    """T1: every row points only at rows of its own company."""
    for model in tenant_models():
        rows = model._base_manager.filter(company_id=company.pk)
        links = [
            field.name
            for field in model._meta.concrete_fields
            if isinstance(field, models.ForeignKey)
            and field.name != "company"
            and any(other.name == "company" for other in field.remote_field.model._meta.concrete_fields)
        ]
        finding.checked += rows.count()
        for name in links:
            strangers = rows.filter(
                Q(**{f"{name}__isnull": False}) & ~Q(**{f"{name}__company_id": F("company_id")})
            )
            for pk in strangers.values_list("pk", flat=True).iterator(CHUNK):
                finding.checked -= 1
                finding.look(f"{model._meta.label} {pk} {name}", right=False)
    links_up = [
        (field.name, field.remote_field.model)
        for field in Company._meta.concrete_fields
        if isinstance(field, models.ForeignKey)
    ]
    for name, _model in links_up:
        owner = (
            Company.objects.filter(pk=company.pk, **{f"{name}__isnull": False})
            .values_list(f"{name}__company_id", flat=True)
            .first()
        )
        finding.look(f"company {name}", right=owner in (None, company.pk))
