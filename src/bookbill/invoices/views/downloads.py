"""Many invoices as files: their PDFs in one zip, the list as CSV. Both leave while they are read."""

import csv
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from bookbill.companies.clock import now, today
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Company
from bookbill.companies.rights import Right
from bookbill.documents.full_list import safe_cell
from bookbill.invoices.models import Invoice, InvoiceQuerySet, Version
from bookbill.invoices.pdfs import pdf_bytes, pdf_name
from bookbill.invoices.reading import filtered
from bookbill.invoices.rules import Status
from bookbill.invoices.views.bulk import choose, ticked_ids, too_many
from bookbill.invoices.views.filtering import read_filter
from bookbill.invoices.words import status_word
from bookbill.lib.errors import RuleBroken
from bookbill.lib.tenancy import scope
from bookbill.web.formatting import plain_amount

CHUNK = 1_000
AMOUNTS = (
    "subtotal_minor",
    "discount_minor",
    "tax_minor",
    "total_minor",
    "paid_minor",
    "reduced_minor",
    "written_off_minor",
    "due_minor",
)


@staff_view(Right.VIEW_INVOICES, methods=("POST",))
def download_pdfs(request: CompanyRequest) -> HttpResponseBase:
    """The last sent PDF of each chosen invoice; what was never sent is named in a note inside."""
    chosen = choose(request)
    if chosen.more:
        raise too_many()
    ids = chosen.ids
    versions = list(
        Version.objects.filter(invoice__in=ids, n=F("invoice__last_version_n"))
        .order_by("invoice_id")
        .values_list("pk", "invoice__number")
    )
    if not versions:
        raise RuleBroken("not_sent", _("None of these was sent yet, so there is no PDF. Send them first."))
    unsent = Invoice.objects.filter(pk__in=ids, sent_at=None).order_by("pk").select_related("customer")
    left_out = [f"{_('Draft')} · {invoice.customer}" for invoice in unsent]
    note = "\r\n".join([_("Never sent, so without a PDF:"), *left_out, ""]) if left_out else ""
    return attachment(
        zipped(request.company, versions, note=note, note_name=_("not included") + ".txt"),
        "application/zip",
        f"invoices-{today(request.company).isoformat()}.zip",
    )


@staff_view(Right.EXPORT, Right.VIEW_INVOICES, methods=("GET", "HEAD", "POST"))
def export_csv(request: CompanyRequest) -> HttpResponseBase:
    """The ticked invoices, or all that match the filter, a row each."""
    found = filtered(read_filter(request), company=request.company, now=now(request.company))
    if request.POST.getlist("ids") and not request.POST.get("everything"):
        found = Invoice.objects.filter(pk__in=ticked_ids(request)).order_by("-pk")
    words = {status.value: status_word(status).text for status in Status}
    return attachment(
        csv_lines(request.company, found, heads=heads(), words=words),
        "text/csv; charset=utf-8",
        f"invoices-{today(request.company).isoformat()}.csv",
    )


def heads() -> list[str]:
    return [
        _("Invoice"),
        _("Status"),
        _("Customer"),
        _("Company name"),
        _("Invoice date"),
        _("Due date"),
        _("Bookings"),
        _("Currency"),
        _("Subtotal"),
        _("Discount"),
        _("Tax"),
        _("Total"),
        _("Paid"),
        _("Credited"),
        _("Written off"),
        _("Balance"),
    ]


class Echo:
    """A file that hands on what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_lines(
    company: Company, found: InvoiceQuerySet, *, heads: Sequence[str], words: Mapping[str, str]
) -> Iterator[str]:
    """Amounts with a decimal point, ISO dates, no cell that a spreadsheet takes for a formula. The mark says UTF-8 to them."""
    writer = csv.writer(Echo(), lineterminator="\r\n")
    yield "\ufeff" + writer.writerow(heads)
    with scope(company=company):
        rows = found.select_related("customer").iterator(chunk_size=CHUNK)
        for invoice in rows:
            yield writer.writerow(
                [
                    safe_cell(invoice.number),
                    words[invoice.status],
                    safe_cell(invoice.customer.name),
                    safe_cell(invoice.customer.company_name),
                    invoice.issue_date.isoformat() if invoice.issue_date else "",
                    invoice.due_date.isoformat() if invoice.due_date else "",
                    invoice.bookings_count,
                    invoice.currency,
                    *(plain_amount(getattr(invoice, name), invoice.currency) for name in AMOUNTS),
                ]
            )


@dataclass
class Pipe:
    """What zipfile writes into, emptied after each file."""

    waiting: bytes = b""

    def write(self, part: bytes) -> int:
        self.waiting += part
        return len(part)

    def flush(self) -> None:
        """Nothing is kept back."""

    def taken(self) -> bytes:
        part, self.waiting = self.waiting, b""
        return part


def zipped(
    company: Company, versions: Sequence[tuple[UUID, str]], *, note: str, note_name: str
) -> Iterator[bytes]:
    """The exact stored bytes, one file at a time; PDFs are compressed already."""
    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:  # type: ignore[call-overload]
        for pk, number in versions:
            with scope(company=company):
                version = Version.objects.select_related("pdf").get(pk=pk)
                archive.writestr(pdf_name(number), pdf_bytes(version))
            yield pipe.taken()
        if note:
            archive.writestr(note_name, note)
    yield pipe.taken()


def attachment(parts: Iterator[str] | Iterator[bytes], kind: str, name: str) -> HttpResponseBase:
    return StreamingHttpResponse(
        parts, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
