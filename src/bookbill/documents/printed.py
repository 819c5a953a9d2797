"""A document with its texts: formatted figures and translated labels, for the PDF and the mail."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.documents.document import Address, Document, Seller, Tax, TaxId
from bookbill.documents.formats import Formats, formats_of
from bookbill.documents.full_list import full_list_csv
from bookbill.documents.rows import (
    LINES_MAX,
    Row,
    Signature,
    TaxMarks,
    booking_rows,
    is_mixed,
    line_count,
    summed_rows,
)
from bookbill.lib.addresses import address_lines
from bookbill.web.formatting import payment_terms

NO_LETTERS: Mapping[Signature, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    label: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Who bills or is billed: a name, then the lines below it."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalRow:
    """``kind``: "plain" (what makes the total), "strong" (the total), "paid" and "cover" (what lowers it) or "due" (what is left to pay)."""

    kind: str
    label: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The heads of the table."""

    booking: str
    date: str
    description: str
    quantity: str
    price: str
    tax: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A text below the totals, with its heading."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pay:
    label: str
    url: str
    short_url: str
    qr_alt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """What paper and mail say. All texts; only `colour`, `paper` and `issued_at` are codes."""

    language: str
    territory: str
    title: str
    kind: str
    number: str
    stamp: str
    seller: Party
    logo_alt: str
    bill_to: str
    billing: Party
    facts: tuple[Fact, ...]
    due: Fact
    due_by: str
    columns: Columns
    rows: tuple[Row, ...]
    is_summary: bool
    price_note: str
    totals: tuple[TotalRow, ...]
    sections: tuple[Section, ...]
    pay: Pay | None
    page_of: str
    attachment_note: str
    attachment_name: str
    csv: str
    colour: str
    paper: str
    issued_at: str


def printed(document: Document, language: str | None = None, *, signs: bool = False) -> Printed:
    """The document in ``language`` (its own when None). The same document and language give the same texts.

    ``signs`` writes the currency's sign beside every amount, for a page without columns.
    """
    language = language or document.language
    formats = formats_of(language, document.currency, signs=signs)
    with translation.override(language):
        return _printed(document, language, formats)


def _printed(document: Document, language: str, formats: Formats) -> Printed:
    totals = document.totals
    marks = TaxMarks.of(document, formats)
    is_summary = line_count(document) > LINES_MAX
    number = document.number or _("Draft")
    attachment_name = re.sub(r"[^\w.-]+", "-", _("Invoice %(number)s") % {"number": number}) + ".csv"
    each, rows = (
        summed_rows(document, formats, marks) if is_summary else ("", booking_rows(document, formats, marks))
    )
    whole = _("The full list of %(count)s bookings is attached to this PDF as %(name)s.") % {
        "count": formats.count(len(document.bookings)),
        "name": attachment_name,
    }
    return Printed(
        language=formats.locale.language,
        territory=formats.locale.territory or "",
        title=_("Invoice %(number)s from %(company)s") % {"number": number, "company": document.seller.name},
        kind=_("Invoice"),
        number=number,
        stamp=_stamp(document),
        seller=seller_party(document.seller, formats),
        logo_alt=_("Logo of %(company)s") % {"company": document.seller.name},
        bill_to=_("Bill to"),
        billing=billing_party(document, formats),
        facts=_facts(document, formats),
        due=Fact(label=_("Balance due"), value=formats.money(totals.due_minor)),
        due_by=_("Due %(date)s") % {"date": formats.date(document.due_date)}
        if document.due_date and totals.due_minor
        else "",
        columns=Columns(
            booking=_("Booking"),
            date=_("Month") if is_summary else _("Service date"),
            description=_("Description"),
            quantity=_("Qty"),
            price=_("Price"),
            tax=_("Tax"),
            amount=_("Amount"),
        ),
        rows=tuple(rows),
        is_summary=is_summary,
        price_note=_price_note(document),
        totals=tuple(total_rows(document, formats, marks.letters)),
        sections=tuple(_sections(document)),
        pay=_pay(document),
        page_of=_("Page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
        attachment_note=f"{each} {whole}" if is_summary else "",
        attachment_name=attachment_name,
        csv=full_list_csv(document) if is_summary else "",
        colour=document.seller.colour,
        paper=document.seller.paper,
        issued_at=document.issued_at,
    )


def _price_note(document: Document) -> str:
    words = {"currency": document.currency}
    if is_mixed(document):
        return _("Amounts in %(currency)s. Some prices include tax.") % words
    if any(tax.inclusive for tax in document.totals.taxes):
        return _("Amounts in %(currency)s. Prices include tax.") % words
    return _("Amounts in %(currency)s.") % words


def status_label(status: str) -> str:
    """The word for a status, in the language that is active."""
    return {
        "draft": _("Draft"),
        "sent": _("Sent"),
        "partially_paid": _("Partially paid"),
        "paid": _("Paid in full"),
        "cancelled": _("Cancelled"),
    }[status]


def _stamp(document: Document) -> str:
    if document.status == "cancelled":
        return _("CANCELLED")
    return _("PAID") if document.status == "paid" else ""


def _facts(document: Document, formats: Formats) -> tuple[Fact, ...]:
    facts = [
        (_("Invoice date"), formats.date(document.issue_date)),
        (_("Due date"), formats.date(document.due_date)),
        (_("Terms"), _terms(document)),
        (_("Purchase order"), document.billing.purchase_order),
        (_("Status"), status_label(document.status)),
    ]
    return tuple(Fact(label=label, value=value) for label, value in facts if value)


def _terms(document: Document) -> str:
    """Nothing where another due date was chosen: the two would contradict each other."""
    if document.terms_days is None or (document.due_date and not document.issue_date):
        return ""
    if document.issue_date and document.due_date:
        agreed = date.fromisoformat(document.issue_date) + timedelta(days=document.terms_days)
        if agreed != date.fromisoformat(document.due_date):
            return ""
    return payment_terms(document.terms_days)


def seller_party(seller: Seller, formats: Formats) -> Party:
    """The company as the head of a document and the foot of a mail name it."""
    lines = [
        *_address(seller.address, "", formats),
        " · ".join(filter(None, [seller.phone, seller.email])),
        seller.website,
        *_tax_ids(seller.tax_ids),
    ]
    return Party(name=seller.name, lines=tuple(filter(None, lines)))


def billing_party(document: Document, formats: Formats) -> Party:
    """Whom a document bills."""
    billing = document.billing
    name = billing.company_name or billing.name
    lines = [
        billing.name if billing.name != name else "",
        *_address(billing.address, document.seller.address.country, formats),
        billing.email,
        billing.phone,
        *_tax_ids(billing.tax_ids),
    ]
    return Party(name=name, lines=tuple(filter(None, lines)))


def _address(address: Address, home: str, formats: Formats) -> list[str]:
    """The lines of an address. The country is named only to somebody abroad."""
    parts = {part: getattr(address, part) for part in ("line1", "line2", "city", "region", "postal_code")}
    country = "" if address.country == home else formats.country(address.country)
    return address_lines({**parts, "country": country})


def _tax_ids(tax_ids: Iterable[TaxId]) -> list[str]:
    """Schemes kept as codes (`eu_vat`) are written as people know them: EU VAT."""
    return [
        f"{tax_id.scheme.replace('_', ' ').upper() if tax_id.scheme.islower() else tax_id.scheme} {tax_id.value}".strip()
        for tax_id in tax_ids
    ]


def total_rows(
    document: Document, formats: Formats, letters: Mapping[Signature, str] = NO_LETTERS
) -> Iterable[TotalRow]:
    """From the subtotal to what is due, in the language that is active. They add up: what else lowers the due is a row too.

    ``letters`` are those by which a table names the taxes.
    """
    totals, money = document.totals, formats.money
    has_inclusive = any(tax.inclusive for tax in totals.taxes)
    if totals.taxes or totals.discount_minor or totals.subtotal_minor != totals.total_minor:
        label = _("Subtotal without tax") if has_inclusive else _("Subtotal")
        yield TotalRow(kind="plain", label=label, amount=money(totals.subtotal_minor))
    if totals.discount_minor:
        label = _("Discount without tax") if has_inclusive else _("Discount")
        yield TotalRow(kind="plain", label=label, amount=money(-totals.discount_minor))
    for tax in totals.taxes:
        label = tax_label(tax, formats)
        if tax.inclusive and is_mixed(document):
            label = f"{label} ({_('included in the prices')})"
        if letter := letters.get(tax.signature):
            label = f"{letter} · {label}"
        yield TotalRow(kind="plain", label=label, amount=money(tax.amount_minor))
    yield TotalRow(kind="strong", label=_("Total"), amount=money(totals.total_minor))
    yield TotalRow(kind="paid", label=_("Paid"), amount=money(-totals.paid_minor))
    if totals.reduced_minor:
        yield TotalRow(kind="cover", label=_("Credited"), amount=money(-totals.reduced_minor))
    if totals.written_off_minor:
        yield TotalRow(kind="cover", label=_("Written off"), amount=money(-totals.written_off_minor))
    covered_minor = totals.paid_minor + totals.reduced_minor + totals.written_off_minor
    if change_minor := totals.due_minor - (totals.total_minor - covered_minor):
        is_cancelled = document.status == "cancelled"
        label = _("No longer due: cancelled") if is_cancelled else _("Changed since this invoice was sent")
        yield TotalRow(kind="cover", label=label, amount=money(change_minor))
    yield TotalRow(kind="due", label=_("Balance due"), amount=money(totals.due_minor))


def shown_totals(document: Document, formats: Formats) -> list[TotalRow]:
    """As `total_rows`, where nothing paid needs no row: on pages and in mails."""
    return [row for row in total_rows(document, formats) if row.kind != "paid" or document.totals.paid_minor]


def tax_label(tax: Tax, formats: Formats) -> str:
    """HST 13% on $100.00."""
    return _("%(tax)s on %(base)s") % {
        "tax": tax_name(tax, formats),
        "base": formats.money(tax.base_minor),
    }


def tax_name(tax: Tax, formats: Formats) -> str:
    """HST 13%, with its category where that is not the standard one."""
    kind = {
        "exempt": _("exempt"),
        "reverse_charge": _("reverse charge"),
        "outside_scope": _("outside scope"),
    }.get(tax.category)
    return f"{tax.name} {kind}" if kind else formats.named_rate(tax.name, tax.rate)


def _sections(document: Document) -> Iterable[Section]:
    if document.exemption_reason:
        yield Section(heading=_("Tax exemption"), text=document.exemption_reason)
    if document.note:
        yield Section(heading=_("Note"), text=document.note)
    if document.terms_and_conditions:
        yield Section(heading=_("Terms & Conditions"), text=document.terms_and_conditions)


def _pay(document: Document) -> Pay | None:
    if not document.pay_url or document.totals.due_minor <= 0 or document.status == "cancelled":
        return None
    return Pay(
        label=_("View online"),
        url=document.pay_url,
        short_url=document.pay_url.split("://", 1)[-1],
        qr_alt=_("QR code of the address of this invoice"),
    )
