"""The mapping file (TOML): constants, joins of columns, and tables of values. Pure.

A text like ``"Agent {agent}"`` joins columns; it counts only when every column it names says something, so a list of
texts means *the first that can be filled*. ``{month|months}`` looks the column's value up in ``[values.months]``.
``{line}`` is the line of the file.
"""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import parse_decimal

NUMBER_PLACES = 6
PLACE = re.compile(r"\{([^{}|]+)(?:\|([^{}|]+))?\}")
KNOWN = {
    "": {"empty", "delimiter", "encoding", "external_id", "date", "time", "state", "note", "customer", "items", "values", "tax_code", "only"},
    "customer": {"name", "email", "external_id", "company_name"},
    "items": {"description", "quantity", "unit", "unit_price", "sum", "at_least", "unless_zero"},
}  # fmt: skip


class BadMapping(ValueError):
    """The mapping cannot be used; the sentence says where."""


class BadRow(ValueError):
    """A row cannot be read; the sentence says why."""


Texts = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemMapping:
    description: Texts
    unit_price: Texts
    quantity: Texts = ()
    unit: Texts = ()
    sum: Texts = ()
    at_least: Decimal | None = None
    unless_zero: str = ""


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """What each part of a booking is made from."""

    external_id: Texts
    date: Texts
    customer_name: Texts
    customer_external_id: Texts
    items: tuple[ItemMapping, ...]
    customer_email: Texts = ()
    customer_company_name: Texts = ()
    time: Texts = ()
    state: Texts = ("completed",)
    note: Texts = ()
    tax_code: str = ""
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    empty: frozenset[str] = frozenset({""})
    delimiter: str = ","
    encoding: str = "utf-8"
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def columns(self) -> set[str]:
        """Every column of the file that is named anywhere."""
        named = {column for column, _table in self.places() if column != "line"}
        for item in self.items:
            named |= {*item.sum, *([item.unless_zero] if item.unless_zero else ())}
        return named | set(self.only)

    def places(self) -> list[tuple[str, str]]:
        """(column, table or nothing) of every place in every text."""
        texts = [
            self.external_id, self.date, self.time, self.state, self.note,
            self.customer_name, self.customer_external_id, self.customer_email, self.customer_company_name,
        ]  # fmt: skip
        for item in self.items:
            texts += [item.description, item.unit_price, item.quantity, item.unit]
        return [place.groups(default="") for some in texts for text in some for place in PLACE.finditer(text)]  # type: ignore[misc]


def read_mapping(content: str) -> ImportMapping:
    """Raises BadMapping with a sentence."""
    try:
        said = tomllib.loads(content)
    except tomllib.TOMLDecodeError as problem:
        raise BadMapping(f"The mapping is not TOML: {problem}.") from None
    _refuse_unknown(said, "", "the mapping")
    customer = _table(said.get("customer", {}), "[customer]")
    _refuse_unknown(customer, "customer", "[customer]")
    items = said.get("items", [])
    if not items or not isinstance(items, list):
        raise BadMapping("The mapping needs at least one [[items]].")
    name = _needed(customer, "name", "[customer] ")
    mapping = ImportMapping(
        external_id=_needed(said, "external_id"),
        date=_needed(said, "date"),
        customer_name=name,
        customer_external_id=_optional(customer, "external_id", "[customer] ") or name,
        customer_email=_optional(customer, "email", "[customer] "),
        customer_company_name=_optional(customer, "company_name", "[customer] "),
        items=tuple(_item(_table(item, "[[items]]")) for item in items),
        time=_optional(said, "time"),
        state=_optional(said, "state") or ("completed",),
        note=_optional(said, "note"),
        tax_code=str(said.get("tax_code", "")),
        only={
            column: _texts(values, f"[only] {column}")
            for column, values in _table(said.get("only", {}), "[only]").items()
        },
        empty=frozenset({"", *_optional(said, "empty")}),
        delimiter=str(said.get("delimiter", ",")),
        encoding=_encoding(str(said.get("encoding", "utf-8"))),
        values={
            name: {key: str(value) for key, value in _table(table, f"[values.{name}]").items()}
            for name, table in _table(said.get("values", {}), "[values]").items()
        },
    )
    for _column, table in mapping.places():
        if table and table not in mapping.values:
            raise BadMapping(f"The mapping has no [values.{table}].")
    return mapping


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, read by the mapping."""

    line: int
    cells: Mapping[str, str]
    mapping: ImportMapping
    has_more: bool = False
    """Whether it has more cells than the first line names."""

    def fill(self, texts: Texts) -> str:
        """The first text that can be filled; empty when none can."""
        for text in texts:
            filled = self._fill_one(text)
            if filled is not None:
                return filled
        return ""

    def number(self, column: str) -> Decimal:
        try:
            return parse_decimal(self.cells[column].strip(), places=NUMBER_PLACES, field=column)
        except BadInput:
            raise BadRow(f"column {column} is not a number") from None

    def _fill_one(self, text: str) -> str | None:
        parts = []
        end = 0
        for place in PLACE.finditer(text):
            column, table = place.groups()
            value = str(self.line) if column == "line" else self.cells[column].strip()
            if value in self.mapping.empty:
                return None
            if table:
                value = self._look_up(table, value)
            parts += [text[end : place.start()], value]
            end = place.end()
        return "".join([*parts, text[end:]])

    def _look_up(self, table: str, value: str) -> str:
        if value not in self.mapping.values[table]:
            raise BadRow(f"“{value[:40]}” is not in [values.{table}]")
        return self.mapping.values[table][value]


def _item(said: Mapping[str, Any]) -> ItemMapping:
    _refuse_unknown(said, "items", "[[items]]")
    return ItemMapping(
        description=_needed(said, "description", "[[items]] "),
        unit_price=_needed(said, "unit_price", "[[items]] "),
        quantity=_optional(said, "quantity", "[[items]] "),
        unit=_optional(said, "unit", "[[items]] "),
        sum=_optional(said, "sum", "[[items]] "),
        at_least=_number(said["at_least"]) if "at_least" in said else None,
        unless_zero=str(said.get("unless_zero", "")),
    )


def _number(value: Any) -> Decimal:
    try:
        return parse_decimal(str(value), places=3, field="at_least")
    except BadInput as problem:
        raise BadMapping(f"[[items]] at_least: {problem.message}") from None


def _encoding(name: str) -> str:
    """UTF-8 may begin with the mark that spreadsheets put before it; no part of the first column's name."""
    return "utf-8-sig" if name.lower().replace("_", "-") in ("utf-8", "utf8") else name


def _table(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadMapping(f"{where} must be a table.")
    return value


def _needed(said: Mapping[str, Any], name: str, where: str = "") -> Texts:
    if name not in said:
        raise BadMapping(f"The mapping does not say {where}{name}.")
    return _texts(said[name], where + name)


def _optional(said: Mapping[str, Any], name: str, where: str = "") -> Texts:
    return _texts(said[name], where + name) if name in said else ()


def _texts(value: Any, where: str) -> Texts:
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, (tuple, list)) or not texts or not all(isinstance(text, str) for text in texts):
        raise BadMapping(f"{where} must be a text or a list of texts.")
    return tuple(texts)


def _refuse_unknown(said: Mapping[str, Any], kind: str, where: str) -> None:
    unknown = sorted(said.keys() - KNOWN[kind])
    if unknown:
        raise BadMapping(f"Unknown in {where}: {', '.join(unknown)}.")
