"""Reading the file, reporting every row that is wrong, and entering all of it or nothing."""

import csv
import datetime as dt
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from bookbill.bookings.actions.booking import archived_customer_sentence, create_bookings
from bookbill.bookings.actions.pricing import money_sentence
from bookbill.bookings.drafts import BookingDraft, ItemDraft
from bookbill.bookings.importing.mapping import BadRow, ImportMapping, ItemMapping, Row
from bookbill.bookings.models import Booking, TaxCode
from bookbill.bookings.rules import State
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.customers.actions import create_customer
from bookbill.customers.models import Customer
from bookbill.lib.actor import Actor
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.parsing import clean_text, parse_date, parse_decimal, parse_email, parse_time
from bookbill.lib.transactions import assert_in_transaction
from bookbill.money.currencies import exponent_of
from bookbill.money.errors import MoneyError
from bookbill.money.pricing import Line, TaxTerms, price

FILE_MAX = 50 * 1024 * 1024
ROWS_MAX = 200_000
CHUNK = 500
DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """A row that can be entered."""

    line: int
    customer_key: str
    customer: dict[str, str]
    draft: BookingDraft


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a file. ``problems`` are (line, sentence); with any of them nothing was entered."""

    bookings: int
    customers: int
    known: int
    skipped: int
    problems: tuple[tuple[int, str], ...]


class NotImported(RuleBroken):
    """Some rows cannot be entered, so none was. `report` names them."""

    def __init__(self, report: Report) -> None:
        count = len(report.problems)
        words = ngettext(
            "Nothing was imported: %(count)d row is wrong.",
            "Nothing was imported: %(count)d rows are wrong.",
            count,
        )
        super().__init__("rows_refused", words % {"count": count})
        self.report = report


def import_bookings(path: Path, mapping: ImportMapping, *, by: Actor, now: dt.datetime) -> Report:
    """Enter the bookings of a file. A row whose external id is known already is left as it is.

    Raises NotImported when any row is wrong, BadInput when the file cannot be read.
    """
    assert_in_transaction()
    require(by, Right.IMPORT)
    currency = Company.objects.values_list("currency", flat=True).get(pk=by.company_id)
    rows, skipped, problems = read_rows(path, mapping, exponent=exponent_of(currency))
    known = set(Booking.objects.filter(external_id__isnull=False).values_list("external_id", flat=True))
    new = [row for row in rows if row.draft.external_id not in known]
    repeated = _repeated(new)
    problems += [(row.line, _("this external id stands in an earlier row too")) for row in repeated]
    problems += _of_archived(new)
    report = Report(len(new), 0, len(rows) - len(new), skipped, tuple(sorted(problems)))
    if problems:
        raise NotImported(report)
    wanted = {row.customer_key: row.customer for row in reversed(new)}  # as their first row says
    customers, made = _customers(wanted, by=by, now=now)
    for start in range(0, len(new), CHUNK):
        drafts = [
            replace(row.draft, customer_id=customers[row.customer_key]) for row in new[start : start + CHUNK]
        ]
        create_bookings(drafts, by=by, now=now)
    return Report(len(new), made, report.known, skipped, ())


def read_rows(
    path: Path, mapping: ImportMapping, *, exponent: int
) -> tuple[list[ReadRow], int, list[tuple[int, str]]]:
    """Every row of the file as a draft, how many the mapping leaves out, and what is wrong with which line."""
    tax_code = _tax_code(mapping.tax_code)
    terms = tax_code.terms() if tax_code else None
    read: list[ReadRow] = []
    problems: list[tuple[int, str]] = []
    skipped = 0
    for row in _lines(path, mapping):
        if any(row.cells.get(column, "") not in values for column, values in mapping.only.items()):
            skipped += 1
            continue
        try:
            entered = _read(row, tax_code.pk if tax_code else None)
            _refuse_unbillable(entered.draft.items, terms, exponent)
            read.append(entered)
        except (BadRow, RuleBroken) as problem:
            problems.append((row.line, problem.message if isinstance(problem, RuleBroken) else str(problem)))
    return read, skipped, problems


def _lines(path: Path, mapping: ImportMapping) -> Iterator[Row]:
    if path.stat().st_size > FILE_MAX:
        raise BadInput("file_too_large", _("The file is larger than 50 MB."), field="file")
    try:
        with path.open(newline="", encoding=mapping.encoding) as file:
            reader = csv.DictReader(file, delimiter=mapping.delimiter, restval="")
            _refuse_unknown_columns(mapping, reader.fieldnames or ())
            for number, cells in enumerate(reader, start=1):
                if number > ROWS_MAX:
                    raise BadInput(
                        "file_too_long",
                        _("At most %(max)d rows in one file.") % {"max": ROWS_MAX},
                        field="file",
                    )
                has_more = cells.pop(None, None) is not None
                yield Row(reader.line_num, cells, mapping, has_more)
    except (UnicodeDecodeError, LookupError, csv.Error, TypeError) as problem:
        raise BadInput(
            "unreadable_file", _("The file cannot be read: %(why)s.") % {"why": problem}, field="file"
        ) from None


def _refuse_unknown_columns(mapping: ImportMapping, columns: Sequence[str]) -> None:
    missing = sorted(mapping.columns() - set(columns))
    if missing:
        raise BadInput(
            "unknown_column",
            _("The file has no column called “%(name)s”.") % {"name": missing[0][:40]},
            field="file",
        )


def _refuse_unbillable(items: Sequence[ItemDraft], terms: TaxTerms | None, exponent: int) -> None:
    """Here, so that the row is named: once they are created together nobody knows which it was."""
    lines = [Line(item.quantity, item.unit_price or Decimal(0), terms) for item in items]
    try:
        price(lines, discount=None, exempt=False, exponent=exponent)
    except MoneyError as problem:
        raise BadRow(money_sentence(problem.code)) from None


def _read(row: Row, tax_code_id: UUID | None) -> ReadRow:
    mapping = row.mapping
    if row.has_more:
        raise BadRow("there are more cells than the first line names")
    name = clean_text(row.fill(mapping.customer_name), field="customer", max_length=200)
    if not name:
        raise BadRow("no customer can be read")
    state = row.fill(mapping.state)
    if state not in {known.value for known in State}:
        raise BadRow(f"“{state[:40]}” is not a state: scheduled, completed or cancelled")
    email = row.fill(mapping.customer_email)
    cancelled = state == State.CANCELLED
    time = row.fill(mapping.time)
    draft = BookingDraft(
        customer_id=UUID(int=0),
        service_date=_date(row.fill(mapping.date)),
        start_time=parse_time(time, field="time") if time else None,
        items=() if cancelled else _items(row),
        tax_code_id=tax_code_id,
        completed=state == State.COMPLETED,
        cancelled=cancelled,
        note=clean_text(
            row.fill(mapping.note), field="note", max_length=5_000, multiline=True, refuse_cards=True
        ),
        external_id=clean_text(row.fill(mapping.external_id), field="external_id", max_length=120) or None,
    )
    if draft.external_id is None:
        raise BadRow("no external id can be read")
    customer_key = clean_text(row.fill(mapping.customer_external_id), field="customer", max_length=120)
    if not customer_key:
        raise BadRow("no external id of the customer can be read")
    customer = {
        "name": name,
        "company_name": clean_text(row.fill(mapping.customer_company_name), field="customer", max_length=200),
        "email": parse_email(email, field="email") if email else "",
    }
    return ReadRow(row.line, customer_key, customer, draft)


def _items(row: Row) -> tuple[ItemDraft, ...]:
    items = tuple(
        _item(row, item)
        for item in row.mapping.items
        if not (item.unless_zero and row.number(item.unless_zero) == 0)
    )
    if not items:
        raise BadRow("no line can be read")
    return items


def _item(row: Row, item: ItemMapping) -> ItemDraft:
    quantity = sum((row.number(column) for column in item.sum), Decimal(0)) if item.sum else Decimal(1)
    text = row.fill(item.quantity)
    if text:
        quantity = parse_decimal(text, places=3, field="quantity")
    if item.at_least is not None:
        quantity = max(quantity, item.at_least)
    return ItemDraft(
        description=clean_text(row.fill(item.description), field="description", max_length=500),
        quantity=parse_decimal(f"{quantity:f}", places=3, field="quantity"),
        unit=clean_text(row.fill(item.unit), field="unit", max_length=20),
        unit_price=parse_decimal(row.fill(item.unit_price), places=4, field="unit_price"),
    )


def _date(text: str) -> dt.date:
    parts = DATE.fullmatch(text)
    if parts:
        year, month, day = parts.groups()
        text = f"{year}-{int(month):02}-{int(day):02}"
    return parse_date(text, field="date")


def _tax_code(name: str) -> TaxCode | None:
    if not name:
        return None
    found: TaxCode | None = TaxCode.objects.current().filter(name=name).prefetch_related("components").first()
    if found is None:
        raise BadInput(
            "unknown_tax_code",
            _("There is no tax code called “%(name)s”.") % {"name": name},
            field="tax_code",
        )
    return found


def _customers(
    wanted: dict[str, dict[str, str]], *, by: Actor, now: dt.datetime
) -> tuple[dict[str, UUID], int]:
    """The customers by external id, those made that are not there yet."""
    found = dict(Customer.objects.filter(external_id__in=wanted).values_list("external_id", "pk"))
    customers = {key: pk for key, pk in found.items() if key is not None}
    missing = [key for key in wanted if key not in customers]
    for key in missing:
        customers[key] = create_customer({**wanted[key], "external_id": key}, by=by, now=now).pk
    return customers, len(missing)


def _of_archived(rows: Sequence[ReadRow]) -> list[tuple[int, str]]:
    archived = Customer.objects.filter(external_id__isnull=False, archived_at__isnull=False)
    why = {customer.external_id: archived_customer_sentence(customer) for customer in archived}
    return [(row.line, why[row.customer_key]) for row in rows if row.customer_key in why]


def _repeated(rows: Sequence[ReadRow]) -> list[ReadRow]:
    seen: set[str | None] = set()
    repeated = []
    for row in rows:
        if row.draft.external_id in seen:
            repeated.append(row)
        seen.add(row.draft.external_id)
    return repeated
