"""Two versions side by side, or a version beside what stands now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from uuid import UUID

from django.http import HttpResponse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.documents.document import BookingBlock, Document, Line, Tax, from_json_bytes
from bookbill.documents.formats import Formats, formats_of
from bookbill.documents.printed import tax_label, tax_name
from bookbill.documents.rows import extent
from bookbill.invoices.comparing import BookingPair, TextPair, compare
from bookbill.invoices.models import Invoice, Version, VersionKind
from bookbill.invoices.reading import find_invoice
from bookbill.invoices.shown import read_shown
from bookbill.invoices.words import Word
from bookbill.web.api.routes import not_found
from bookbill.web.formatting import clock, day, moment, tongue
from bookbill.web.htmx import render_page
from bookbill.web.paging import pages_of

PAIRS_PAGE = 100
NOW = "now"


@dataclass(frozen=True, slots=True)
class Fact:
    """Something one side says. ``differs`` where the other side does not say it."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A booking or a text on both sides. A side is None where the booking was not on it."""

    title: str
    word: Word | None
    before: tuple[Fact, ...] | None
    after: tuple[Fact, ...] | None


@staff_view(Right.VIEW_INVOICES, methods=("GET", "HEAD"))
def compare_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Of `version` and `with` whatever differs, or all of it. By default the last sent version beside what stands now."""
    invoice = find_invoice(pk)
    versions = list(Version.objects.filter(invoice=invoice).defer("document").order_by("n"))
    choices = choices_of(invoice, versions, request.company.time_zone)
    last_sent = max((version.n for version in versions if version.kind == VersionKind.SENT), default=0)
    before = request.GET.get("version") or str(last_sent)
    after = request.GET.get("with") or (str(invoice.last_version_n) if invoice.cancelled_at else NOW)
    if before not in choices or after not in choices:
        raise not_found()
    comparison = compare(read_side(request, invoice, before), read_side(request, invoice, after))
    differing = [pair for pair in comparison.bookings if pair.what]
    shows_all = bool(request.GET.get("all"))
    pairs = comparison.bookings if shows_all else differing
    pages = pages_of(request.GET.get("page"), count=len(pairs), size=PAIRS_PAGE)
    return render_page(
        request,
        "invoices/compare.html",
        {
            "invoice": invoice,
            "choices": choices.items(),
            "before": before,
            "after": after,
            "before_label": side_label(before),
            "after_label": side_label(after),
            "comparison": comparison,
            "bookings": [booking_row(pair, invoice.currency) for pair in pages.cut(pairs)],
            "bookings_count": len(comparison.bookings),
            "differing_count": len(differing),
            "shows_all": shows_all,
            "pages": pages,
            "texts": [text_row(pair) for pair in comparison.texts],
        },
    )


def choices_of(invoice: Invoice, versions: Sequence[Version], time_zone: str) -> dict[str, str]:
    """What may stand on a side, in words: each version, and what stands now while the invoice lives."""
    if not versions:
        return {}
    choices = {
        str(version.n): _("%(version)s, sent %(when)s")
        % {"version": side_label(str(version.n)), "when": moment(version.sent_at, time_zone)}
        if version.kind == VersionKind.SENT
        else _("Cancelled copy")
        for version in versions
    }
    return choices if invoice.cancelled_at else {**choices, NOW: side_label(NOW)}


def side_label(side: str) -> str:
    return _("Now") if side == NOW else _("Version %(n)s") % {"n": side}


def read_side(request: CompanyRequest, invoice: Invoice, side: str) -> Document:
    if side == NOW:
        return read_shown([invoice], now=now(request.company))[invoice.pk]
    stored = Version.objects.filter(invoice=invoice, n=int(side)).values_list("document", flat=True)
    return from_json_bytes(stored.get().encode("utf-8"))


def booking_row(pair: BookingPair, currency: str) -> Row:
    before, after = said_of(pair.before, currency), said_of(pair.after, currency)
    return Row(pair.number, difference_word(pair.what), *marked(before, after))


def text_row(pair: TextPair) -> Row:
    before, after = pair.before, pair.after
    if pair.key == "dates":
        before, after = (tuple(day(date.fromisoformat(line)) for line in side) for side in (before, after))
    word = difference_word("lines" if pair.differs() else "")
    return Row(text_heading(pair.key), word, *marked(before, after))


def said_of(block: BookingBlock | None, currency: str) -> tuple[str, ...] | None:
    """What a side says of a booking, the total last."""
    if block is None:
        return None
    formats = formats_of(tongue(None), currency)
    when = day(date.fromisoformat(block.service_date))
    if block.start_time:
        when = f"{when}, {clock(time.fromisoformat(block.start_time))}"
    place = [block.service_address] if block.service_address else []
    telling = block.taxes if len({line.tax_key for line in block.lines}) > 1 else ()
    lines = (line_text(line, telling, formats) for line in block.lines)
    discount = [f"{_('Discount')} · {formats.money(-block.discount_minor)}"] if block.discount_minor else []
    taxes = (tax_text(tax, formats) for tax in block.taxes)
    total = f"{_('Total')} · {formats.money(block.total_minor)}"
    return (when, *place, *lines, *discount, *taxes, total)


def line_text(line: Line, taxes: Sequence[Tax], formats: Formats) -> str:
    """A line with its quantity and price where its amount does not say them, and those of ``taxes`` that it carries."""
    amount, price = formats.money(line.amount_minor), formats.unit_price(line.unit_price)
    is_plain = extent(line, formats) == "1" and price == amount
    measure = [] if is_plain else [f"{extent(line, formats)} × {price}"]
    carried = [tax_name(tax, formats) for tax in taxes if tax.key == line.tax_key]
    return " · ".join([line.description, *measure, amount, *carried])


def tax_text(tax: Tax, formats: Formats) -> str:
    contained = [_("included in the prices")] if tax.inclusive else []
    return " · ".join([tax_label(tax, formats), formats.money(tax.amount_minor), *contained])


def marked(
    before: tuple[str, ...] | None, after: tuple[str, ...] | None
) -> tuple[tuple[Fact, ...] | None, tuple[Fact, ...] | None]:
    """Both sides with what the other does not say. A side that is alone differs as a whole, which its row says."""
    if before is None or after is None:
        alone = (
            tuple(Fact(text, differs=False) for text in side) if side else None for side in (before, after)
        )
        return next(alone), next(alone)
    return marked_beside(before, after), marked_beside(after, before)


def marked_beside(side: tuple[str, ...], other: tuple[str, ...]) -> tuple[Fact, ...]:
    """What stands here twice and there once differs the second time."""
    left = Counter(other)
    facts = []
    for text in side:
        facts.append(Fact(text, differs=not left[text]))
        left[text] -= bool(left[text])
    return tuple(facts)


def difference_word(what: str) -> Word | None:
    return {
        "total": Word(_("Changed"), "warning", "file-diff"),
        "lines": Word(_("Changed"), "warning", "file-diff"),
        "added": Word(_("Added"), "info", "plus"),
        "removed": Word(_("Removed"), "error", "minus"),
    }.get(what)


def text_heading(key: str) -> str:
    return {
        "billing": _("Bill to"),
        "dates": _("Invoice date and due date"),
        "note": _("Personal note"),
        "terms": _("Terms & Conditions"),
    }[key]
