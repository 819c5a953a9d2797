"""Strict input and plain output: the types every router builds its schemas from.

Input is pydantic with nothing converted: a number in quotes is not a number, an unknown field is refused. Decimals, dates
and ids are strings read by the same parsers as the pages' forms.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar, cast, get_args
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from bookbill.lib import parsing
from bookbill.lib.errors import BadInput

TOTAL_MAX = 10**15
LINE_MAX = 10**11
UUID_TEXT = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE
)


class Body(BaseModel):
    """Base of everything a program may send."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def sent(self) -> dict[str, Any]:
        """The fields the program really sent, for PATCH: absent is not null."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Empty(Body):
    """A body that says nothing: ``{}``, or none at all with ``body: Empty = NOTHING``."""


NOTHING = Empty()


class Answer(BaseModel):
    """Base of everything we answer. Build it whole; nothing is read lazily from a row."""

    model_config = ConfigDict(extra="forbid")


A = TypeVar("A", bound=Answer)


class Page(Answer, Generic[A]):
    """One page of a list; ``next_cursor`` is null on the last one."""

    items: list[A]
    next_cursor: str | None

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """`BookingPage` in the OpenAPI document, not `Page[BookingOut | PlainBooking]`."""
        item = (get_args(params[0]) or params)[0]
        return f"{item.__name__.removesuffix('Out')}Page"


@dataclass(frozen=True)
class FromText:
    """Marks a type that is sent as a string and read by ``parse(text)``, which raises BadInput with the reason."""

    parse: Callable[[str], Any]
    json_schema: dict[str, Any] = field(default_factory=dict, hash=False)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self._parsed, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"type": "string", **self.json_schema}

    def _parsed(self, text: str) -> Any:
        try:
            return self.parse(text)
        except BadInput as refused:
            # The sentence may quote a lone surrogate, which pydantic cannot carry.
            message = refused.message.encode("utf-8", "replace").decode()
            raise PydanticCustomError(cast(Any, refused.code), "{message}", {"message": message}) from None


def text(
    max_length: int, *, multiline: bool = False, required: bool = False, refuse_cards: bool = False
) -> FromText:
    """Text of a bounded length, cleaned like a form's: ``name: Annotated[str, text(200, required=True)]``."""

    def parse(value: str) -> str:
        cleaned = parsing.clean_text(
            value, field="", max_length=max_length, multiline=multiline, refuse_cards=refuse_cards
        )
        if required and not cleaned:
            raise BadInput("required", _("This field is required."))
        return cleaned

    return FromText(parse, {"maxLength": max_length, **({"minLength": 1} if required else {})})


def decimal(places: int) -> FromText:
    """A decimal string with at most ``places`` decimals: ``quantity: Annotated[Decimal, decimal(3)]``."""
    return FromText(
        lambda value: parsing.parse_decimal(value, places=places, field=""),
        {"pattern": rf"^-?[0-9]{{1,13}}(\.[0-9]{{1,{places}}})?$"},
    )


def uuid_or_refuse(value: str) -> UUID:
    if not UUID_TEXT.fullmatch(value):
        raise BadInput("bad_id", _("This is not an id."))
    return UUID(value)


Id = Annotated[UUID, FromText(uuid_or_refuse, {"format": "uuid"})]
IsoDate = Annotated[dt.date, FromText(lambda value: parsing.parse_date(value, field=""), {"format": "date"})]
ClockTime = Annotated[
    dt.time,
    FromText(
        lambda value: parsing.parse_time(value, field=""), {"pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
    ),
]
Email = Annotated[
    str, FromText(lambda value: parsing.parse_email(value, field=""), {"format": "email", "maxLength": 254})
]
Recipients = Annotated[
    list[str],
    FromText(lambda value: parsing.parse_recipients(value, field=""), {"description": "comma-separated"}),
]
Name = Annotated[str, text(200, required=True)]
Line = Annotated[str, text(200)]
Note = Annotated[str, text(5000, multiline=True, refuse_cards=True)]
Reference = Annotated[str, text(200, refuse_cards=True)]
Reason = Annotated[str, text(300, multiline=True, required=True, refuse_cards=True)]
Quantity = Annotated[Decimal, decimal(3)]
UnitPrice = Annotated[Decimal, decimal(4)]
Rate = Annotated[Decimal, decimal(4)]
AmountMinor = Annotated[int, Field(strict=True, ge=-TOTAL_MAX, le=TOTAL_MAX)]
PositiveMinor = Annotated[int, Field(strict=True, ge=1, le=TOTAL_MAX)]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
