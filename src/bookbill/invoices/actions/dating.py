"""Which dates an invoice may carry, and which its due date is."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.utils.translation import gettext as _

from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.companies.numbers import issue_dates_by_now
from bookbill.invoices.models import Invoice
from bookbill.lib.errors import BadInput


def due_date_of(invoice: Invoice, issue_date: date, company: Company) -> date:
    """The one that was chosen, else by its terms. Raises BadInput `due_before_issue`."""
    if invoice.due_date is None:
        return issue_date + timedelta(days=invoice.terms_by_now(invoice.customer, company))
    if invoice.due_date < issue_date:
        raise BadInput("due_before_issue", _("The due date lies before the invoice date."), field="due_date")
    return invoice.due_date


def refuse_undatable(company: Company, invoices: Sequence[Invoice], *, leaves_at: datetime) -> None:
    """Raise BadInput for dates that could not be theirs when they leave, as the numbers stand today."""
    wished = [invoice.issue_date for invoice in invoices]
    issued = issue_dates_by_now(company, wished, today=date_in_zone(company, leaves_at))
    for invoice, issue_date in zip(invoices, issued, strict=True):
        due_date_of(invoice, issue_date, company)
