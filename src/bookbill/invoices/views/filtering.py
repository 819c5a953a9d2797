"""The filter of the list of invoices: read from the address, shown as what can be taken away again."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Member
from bookbill.customers.models import Customer
from bookbill.invoices.reading import InvoiceFilter
from bookbill.invoices.rules import Mark
from bookbill.invoices.words import mark_label
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import parse_amount, parse_date
from bookbill.money.currencies import exponent_of
from bookbill.web.formatting import day, money


@dataclass(frozen=True, slots=True)
class Narrowing:
    """One filter that is set, in words, and the address without it."""

    text: str
    without: str


def read_filter(request: CompanyRequest) -> InvoiceFilter:
    """The filter an address carries; what cannot be read is left out, as a search box would."""
    asked = request.GET
    mark = asked.get("mark", "")
    return InvoiceFilter(
        tab=asked.get("tab", ""),
        customer_id=as_uuid(asked.get("customer", "")),
        customer_words=_words(asked.get("who", "")),
        search=_words(asked.get("q", "")),
        first_date=_date(asked.get("date_from", "")),
        last_date=_date(asked.get("date_to", "")),
        first_due_date=_date(asked.get("due_from", "")),
        last_due_date=_date(asked.get("due_to", "")),
        first_service_date=_date(asked.get("service_from", "")),
        last_service_date=_date(asked.get("service_to", "")),
        provider_id=as_uuid(asked.get("provider", "")),
        least_minor=_amount(asked.get("total_from", ""), request.company.currency),
        most_minor=_amount(asked.get("total_to", ""), request.company.currency),
        mark=Mark(mark) if mark in set(Mark) else None,
    )


def narrowings(request: CompanyRequest, wanted: InvoiceFilter) -> list[Narrowing]:
    """Every filter that is set, the tab and the search aside."""
    found = []
    for text, names in _said(wanted, request.company.currency):
        rest = request.GET.copy()
        for name in (*names, "cursor"):
            rest.pop(name, None)
        found.append(Narrowing(text, f"?{rest.urlencode()}" if rest else request.path))
    return found


def _said(wanted: InvoiceFilter, currency: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    if wanted.customer_id:
        customer = Customer.objects.filter(pk=wanted.customer_id).first()
        yield str(customer or _("Nobody")), ("customer",)
    if wanted.customer_words:
        yield _("Customer: %(words)s") % {"words": wanted.customer_words}, ("who",)
    for label, first, last, name in (
        (_("Invoice date"), wanted.first_date, wanted.last_date, "date"),
        (_("Due date"), wanted.first_due_date, wanted.last_due_date, "due"),
        (_("Service date"), wanted.first_service_date, wanted.last_service_date, "service"),
    ):
        if first or last:
            yield (
                _span(label, day(first) if first else None, day(last) if last else None),
                (f"{name}_from", f"{name}_to"),
            )
    least, most = (
        None if amount is None else money(amount, currency)
        for amount in (wanted.least_minor, wanted.most_minor)
    )
    if least or most:
        yield _span(_("Total"), least, most), ("total_from", "total_to")
    if wanted.provider_id:
        provider = Member.objects.filter(pk=wanted.provider_id).first()
        yield provider.name if provider else _("Nobody"), ("provider",)
    if wanted.mark:
        yield mark_label(wanted.mark), ("mark",)


def _span(label: str, first: str | None, last: str | None) -> str:
    words = {"label": label, "first": first, "last": last}
    if first and last:
        return _("%(label)s: %(first)s – %(last)s") % words
    return (_("%(label)s from %(first)s") if first else _("%(label)s up to %(last)s")) % words


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _words(text: str) -> str:
    return text[:200].replace("\x00", "").strip()


def _date(text: str) -> date | None:
    try:
        return parse_date(text, field="date") if text else None
    except BadInput:
        return None


def _amount(text: str, currency: str) -> int | None:
    try:
        return (
            parse_amount(text.replace(",", "."), exponent=exponent_of(currency), field="total")
            if text
            else None
        )
    except BadInput:
        return None
