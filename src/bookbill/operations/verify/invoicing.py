"""Documents: D1 to D6 of what must always hold."""

from collections import defaultdict
from datetime import date
from hashlib import sha256
from itertools import pairwise
from uuid import UUID

from django.db.models import Count

from bookbill.activity.models import Entry
from bookbill.bookings.models import Booking
from bookbill.companies.models import Company, NumberSeries, SeriesKind
from bookbill.documents.document import DoesNotAddUp, UnknownSchema, assert_adds_up, from_json_bytes
from bookbill.documents.files import DamagedFile, read_file
from bookbill.documents.models import StoredFile
from bookbill.invoices.actions.refresh import take_live
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.invoices.rules import Status, status_of
from bookbill.ledger.models import Payment
from bookbill.operations.verify.findings import Finding

CHUNK = 500


def check_status(finding: Finding, company: Company) -> None:
    """D1: the status, the due and the payable that the database worked out are those of the rules."""
    for invoice in Invoice.objects.iterator(CHUNK):
        covered = invoice.paid_minor + invoice.reduced_minor + invoice.written_off_minor
        wanted = status_of(
            cancelled=invoice.cancelled_at is not None,
            sent=invoice.sent_at is not None,
            total_minor=invoice.total_minor,
            covered_minor=covered,
            paid_minor=invoice.paid_minor,
        )
        due = 0 if wanted == Status.CANCELLED else invoice.total_minor - covered
        right = (invoice.status, invoice.due_minor, invoice.payable_minor) == (wanted, due, invoice.payable())
        finding.look(invoice.pk, right=right)


def check_numbers(finding: Finding, company: Company) -> None:
    """D2: numbers exist exactly on invoices ever sent, without gaps or repeats, and later ones never have earlier dates."""
    series = {row.year: row for row in NumberSeries.objects.filter(kind=SeriesKind.INVOICE)}
    # By what was begun, not by what is switched now: the restart may have been switched between two years.
    of_one_year = {row.year for row in series.values() if row.last_date}
    by_series: dict[int, list[tuple[int, date, UUID]]] = defaultdict(list)
    for pk, number, n, issue_date, sent_at in Invoice.objects.values_list(
        "pk", "number", "number_n", "issue_date", "sent_at"
    ).iterator(CHUNK):
        numbered = bool(number) and n is not None and issue_date is not None
        finding.look(pk, right=numbered if sent_at else not number and n is None)
        if sent_at and n is not None and issue_date is not None:
            year = issue_date.year if issue_date.year in of_one_year else 0
            by_series[year].append((n, issue_date, pk))
    for year, taken in by_series.items():
        taken.sort(key=lambda row: row[0])
        row = series.get(year)
        if row is None:
            finding.look(f"series {year}", right=False)
            continue
        expected = range(row.first_n, row.next_n)
        finding.look(f"series {year}", right=[n for n, _date, _pk in taken] == list(expected))
        for (_n, earlier, _pk), (_m, later, pk) in pairwise(taken):
            finding.look(pk, right=earlier <= later)


def check_bookings_on_live_invoices(finding: Finding, company: Company) -> None:
    """D3: a booking points at no cancelled invoice, at one of its own customer, and each invoice counts its bookings right."""
    for pk, owner, invoice_owner, cancelled_at in (
        Booking.objects.filter(invoice__isnull=False)
        .values_list("pk", "customer_id", "invoice__customer_id", "invoice__cancelled_at")
        .iterator(CHUNK)
    ):
        finding.look(pk, right=cancelled_at is None and owner == invoice_owner)
    for pk, stored, counted in (
        Invoice.objects.live()
        .annotate(counted=Count("bookings"))
        .values_list("pk", "bookings_count", "counted")
        .iterator(CHUNK)
    ):
        finding.look(pk, right=stored == counted and stored > 0)


def check_versions(finding: Finding, company: Company) -> None:
    """D4: a version's document has its hash, adds up, and is the last one its invoice counts; a cancelled copy's bookings are kept."""
    for version in Version.objects.prefetch_related("invoice__freed_bookings").iterator(CHUNK):
        content = version.document.encode("utf-8")
        try:
            document = from_json_bytes(content)
            assert_adds_up(document)
            right = (
                sha256(content).hexdigest() == version.sha256
                and document.totals.total_minor == version.total_minor
            )
            if version.kind == VersionKind.CANCELLED:
                kept = {str(freed.booking_id) for freed in version.invoice.freed_bookings.all()}
                right = right and kept == {block.id for block in document.bookings}
        except (DoesNotAddUp, UnknownSchema, ValueError, TypeError, KeyError):
            right = False
        finding.look(version.pk, right=right)
    counted = Invoice.objects.annotate(counted=Count("versions")).values_list(
        "pk", "last_version_n", "counted"
    )
    finding.look_at((pk, last == count) for pk, last, count in counted.iterator(CHUNK))


def check_pdfs(finding: Finding, company: Company) -> None:
    """D4: the stored bytes of every file have the hash that their row, and for PDFs their version, says."""
    for stored in StoredFile.objects.iterator(CHUNK):
        try:
            right = len(read_file(stored)) == stored.size
        except DamagedFile:
            right = False
        finding.look(stored.pk, right=right)
    for pk, digest, file_digest in (
        Version.objects.filter(pdf__isnull=False)
        .values_list("pk", "pdf_sha256", "pdf__sha256")
        .iterator(CHUNK)
    ):
        finding.look(pk, right=digest == file_digest)


def check_live_views(finding: Finding, company: Company) -> None:
    """D5: what an invoice says it claims is what its bookings and customer say right now."""
    ids = list(Invoice.objects.live().values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        invoices = list(Invoice.objects.filter(pk__in=ids[start : start + CHUNK]))
        documents = read_live(invoices, now=company.created_at)
        stored = {each.pk: each.live_claim for each in invoices}
        take_live(invoices, documents)
        finding.look_at((each.pk, each.live_claim == stored[each.pk]) for each in invoices)


def check_history(finding: Finding, company: Company) -> None:
    """D6: every sending, cancellation and payment has its entry in the history, once."""
    entries = Entry.objects.order_by().values("type", "subject_id").annotate(count=Count("pk"))
    counts = {
        (row["type"], row["subject_id"]): row["count"]
        for row in entries.filter(type__in=("invoice.sent", "invoice.cancelled", "payment.recorded"))
    }
    sent = Version.objects.filter(kind="sent").order_by().values("invoice_id").annotate(count=Count("pk"))
    for row in sent.iterator(CHUNK):
        finding.look(row["invoice_id"], right=counts.get(("invoice.sent", row["invoice_id"])) == row["count"])
    for pk in Invoice.objects.filter(cancelled_at__isnull=False).values_list("pk", flat=True).iterator(CHUNK):
        finding.look(pk, right=counts.get(("invoice.cancelled", pk)) == 1)
    for pk in Payment.objects.values_list("pk", flat=True).iterator(CHUNK):
        finding.look(pk, right=counts.get(("payment.recorded", pk)) == 1)
