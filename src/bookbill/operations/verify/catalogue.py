"""Tax codes that replace one another, and the runs that reprice bookings."""

from django.db.models import Count, Q

from bookbill.bookings.models import RepricedBooking, Repricing, Service, TaxCode
from bookbill.bookings.rules import last_successor
from bookbill.companies.models import Company
from bookbill.operations.verify.findings import Finding

CHUNK = 500


def check_succession(finding: Finding, company: Company) -> None:
    """A chain of successors ends, at a code nobody replaced; what is offered or usual is not a replaced one."""
    successors = TaxCode.objects.successors()
    for code_id in successors:
        try:
            last_successor(code_id, successors)
        except ValueError:
            finding.look(code_id, right=False)
        else:
            finding.look(code_id, right=True)
    for pk, code_id in Service.objects.current().filter(tax_code__isnull=False).values_list("pk", "tax_code"):
        finding.look(pk, right=code_id not in successors)
    finding.look(company.pk, right=company.default_tax_code_id not in successors)


def check_repricings(finding: Finding, company: Company) -> None:
    """W5: a run has the rows it was begun with, and is finished exactly when none of them waits."""
    counted = Repricing.objects.annotate(
        rows_made=Count("rows"), waiting=Count("rows", filter=Q(rows__outcome=None))
    )
    for pk, chosen, finished_at, made, waiting in counted.values_list(
        "pk", "chosen", "finished_at", "rows_made", "waiting"
    ).iterator(CHUNK):
        finding.look(pk, right=made == chosen and (finished_at is not None) == (waiting == 0))
    rows = RepricedBooking.objects.exclude(outcome=None).values_list("pk", "outcome", "after_minor")
    for pk, outcome, after_minor in rows.iterator(CHUNK):
        finding.look(pk, right=(outcome == "repriced") == (after_minor is not None))
