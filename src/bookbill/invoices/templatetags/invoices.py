"""`{% load invoices %}`: status and marks as badges."""

from datetime import date

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe

from bookbill.documents.document import BookingBlock, Document
from bookbill.documents.formats import formats_of
from bookbill.documents.printed import Party, TotalRow, billing_party, shown_totals
from bookbill.documents.rows import measure
from bookbill.invoices.models import Invoice
from bookbill.invoices.pdfs import unprintable_characters
from bookbill.invoices.reading import InvoiceRow
from bookbill.invoices.words import mark_word, status_word
from bookbill.web.formatting import day, tongue
from bookbill.web.templatetags.web import badge, mark

register = template.Library()


@register.simple_tag
def invoice_badges(row: InvoiceRow, today: date) -> SafeString:
    """The status of a list's row, and its marks, in words."""
    word = status_word(row.invoice.status_now())
    parts = [badge(word.text, word.tone)]
    for held in row.marks:
        said = mark_word(held, row.invoice, today=today)
        parts.append(mark(said.text, said.tone, said.icon))
    return mark_safe("".join(parts))  # noqa: S308 - every part is escaped by format_html


@register.simple_tag
def invoice_status(invoice: Invoice) -> SafeString:
    word = status_word(invoice.status_now())
    return badge(word.text, word.tone)


@register.simple_tag
def unprintable(document: Document) -> str:
    """The characters of a document that its PDF cannot show."""
    return unprintable_characters(document)


@register.filter
def totals(document: Document) -> list[TotalRow]:
    """The sums of a document as it prints them, in the reader's language."""
    return shown_totals(document, formats_of(tongue(None), document.currency))


@register.filter
def billed(document: Document) -> Party:
    """Whom a document bills, as it prints it."""
    return billing_party(document, formats_of(tongue(None), document.currency))


@register.simple_tag
def services(block: BookingBlock, currency: str) -> SafeString:
    """What a booking bills, with quantity and price."""
    formats = formats_of(tongue(None), currency)
    return format_html_join(
        ", ",
        '{} <span class="muted nowrap">{}</span>',
        ((line.description, measure(line, block, formats)) for line in block.lines),
    )


@register.filter
def iso_day(value: str) -> str:
    """An ISO date of a document as the reader writes dates."""
    return day(date.fromisoformat(value))


@register.filter
def minus(value: int, other: int) -> int:
    return value - other
