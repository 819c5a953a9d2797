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

PLACE = re.compile(r"\{([A-Za-z0-9_ .-]+)(?:\|([A-Za-z0-9_-]+))?\}")
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


def read_mapping(content: str) -> ImportMapping:
    """Raises BadMapping with a sentence."""
    try:
        said = tomllib.loads(content)
    except tomllib.TOMLDecodeError as problem:
        raise BadMapping(f"The mapping is not TOML: {problem}.") from None
    _refuse_unknown(said, "", "the mapping")
    customer = said.get("customer", {})
    _refuse_unknown(customer, "customer", "[customer]")
    items = said.get("items", [])
    if not items:
        raise BadMapping("The mapping needs at least one [[items]].")
    return ImportMapping(
        external_id=_needed(said, "external_id"),
        date=_needed(said, "date"),
        customer_name=_needed(customer, "name", "[customer] "),
        customer_external_id=_texts(customer.get("external_id", customer["name"])),
        customer_email=_texts(customer.get("email", ())),
        customer_company_name=_texts(customer.get("company_name", ())),
        items=tuple(_item(item) for item in items),
        time=_texts(said.get("time", ())),
        state=_texts(said.get("state", "completed")),
        note=_texts(said.get("note", ())),
        tax_code=str(said.get("tax_code", "")),
        only={
            str(column): [str(value) for value in values] for column, values in said.get("only", {}).items()
        },
        empty=frozenset({"", *(str(value) for value in said.get("empty", ()))}),
        delimiter=str(said.get("delimiter", ",")),
        encoding=str(said.get("encoding", "utf-8")),
        values={
            name: {str(key): str(value) for key, value in table.items()}
            for name, table in said.get("values", {}).items()
        },
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the file, read by the mapping."""

    line: int
    cells: Mapping[str, str]
    mapping: ImportMapping

    def fill(self, texts: Texts) -> str:
        """The first text that can be filled; empty when none can."""
        for text in texts:
            filled = self._fill_one(text)
            if filled is not None:
                return filled
        return ""

    def number(self, column: str) -> Decimal:
        try:
            value = Decimal(self.cells[column])
        except (KeyError, ArithmeticError):
            raise BadRow(f"column {column} is not a number") from None
        if not value.is_finite():
            raise BadRow(f"column {column} is not a number")
        return value

    def _fill_one(self, text: str) -> str | None:
        parts = []
        end = 0
        for place in PLACE.finditer(text):
            column, table = place.groups()
            if column == "line":
                value = str(self.line)
            elif column not in self.cells:
                raise BadRow(f"there is no column {column}")
            else:
                value = self.cells[column].strip()
            if value in self.mapping.empty:
                return None
            if table:
                value = self._look_up(table, value)
            parts += [text[end : place.start()], value]
            end = place.end()
        return "".join([*parts, text[end:]])

    def _look_up(self, table: str, value: str) -> str:
        if table not in self.mapping.values:
            raise BadRow(f"the mapping has no [values.{table}]")
        if value not in self.mapping.values[table]:
            raise BadRow(f"“{value[:40]}” is not in [values.{table}]")
        return self.mapping.values[table][value]


def _item(said: dict[str, Any]) -> ItemMapping:
    _refuse_unknown(said, "items", "[[items]]")
    at_least = said.get("at_least")
    return ItemMapping(
        description=_needed(said, "description", "[[items]] "),
        unit_price=_needed(said, "unit_price", "[[items]] "),
        quantity=_texts(said.get("quantity", ())),
        unit=_texts(said.get("unit", ())),
        sum=_texts(said.get("sum", ())),
        at_least=None if at_least is None else Decimal(str(at_least)),
        unless_zero=str(said.get("unless_zero", "")),
    )


def _needed(said: Mapping[str, Any], name: str, where: str = "") -> Texts:
    if name not in said:
        raise BadMapping(f"The mapping does not say {where}{name}.")
    return _texts(said[name])


def _texts(value: Any) -> Texts:
    return (value,) if isinstance(value, str) else tuple(str(text) for text in value)


def _refuse_unknown(said: Mapping[str, Any], kind: str, where: str) -> None:
    unknown = sorted(said.keys() - KNOWN[kind])
    if unknown:
        raise BadMapping(f"Unknown in {where}: {', '.join(unknown)}.")
