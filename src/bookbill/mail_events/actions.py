"""Writing down what the mail service reported, company by company."""

from collections.abc import Sequence
from uuid import UUID

from django.utils import translation

from bookbill.companies.actors import provider_event_actor
from bookbill.companies.clock import now
from bookbill.companies.models import Company
from bookbill.delivery.models import Message
from bookbill.delivery.reports import Report, matched, note_reports
from bookbill.invoices.models import Invoice
from bookbill.lib.tenancy import scope, scopes_disabled
from bookbill.lib.transactions import transact


def take_reports(reports: Sequence[Report]) -> int:
    """Let each report act once; how many were new. Those about no mail of ours have no effect.

    One transaction for each company: opened here, because only the reports say whose they are.
    """
    with scopes_disabled():
        pairs = matched(reports)
    companies = {message.company_id: message.company for message, _report in pairs}
    return sum(
        note_for(company, [(message.pk, report) for message, report in pairs if message.company_id == key])
        for key, company in companies.items()
    )


def note_for(company: Company, reported: Sequence[tuple[UUID, Report]]) -> int:
    """In the company's own scope, in the name of the service."""

    def act() -> int:
        about = Message.objects.filter(pk__in=[message_id for message_id, _report in reported])
        labels = Invoice.objects.filter(pk__in=about.values("subject_id")).values_list("pk", "number")
        by = provider_event_actor(company, label=reported[0][1].provider.title())
        return note_reports(reported, subject_labels=dict(labels), by=by, now=now(company))

    with scope(company=company), translation.override(company.language):
        return transact(act)
