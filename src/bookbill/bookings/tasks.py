"""What the worker does for bookings after the commit."""

from uuid import UUID

from django.utils import translation

from bookbill.bookings.actions.repricing_runs import reprice_next
from bookbill.companies.clock import now
from bookbill.companies.models import Company
from bookbill.work.registry import JobView


def reprice_part(job: JobView) -> None:
    """The next bookings of a repricing; reasons are kept in the company's language."""
    assert job.company_id
    company = Company.objects.get(pk=job.company_id)
    with translation.override(company.language):
        reprice_next(UUID(job.args["repricing_id"]), now=now(company))
