"""Two column types: exact decimals kept as scaled integers, and text ordered by code point for prefix look-ups."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Q

if TYPE_CHECKING:  # the fields are generic only to the type checker
    BigInteger = models.BigIntegerField[Decimal | int, Decimal]
    Text = models.CharField[str, str]
else:
    BigInteger, Text = models.BigIntegerField, models.CharField


class ExactDecimalField(BigInteger):
    """A Decimal with a fixed number of places, stored as a whole number.

    Django's DecimalField goes through REAL on SQLite and loses digits beyond the fifteenth.
    """

    if TYPE_CHECKING:
        _pyi_private_set_type: Decimal | int  # type: ignore[assignment]
        _pyi_private_get_type: Decimal  # type: ignore[assignment]
        _pyi_lookup_exact_type: Decimal | int  # type: ignore[assignment]

    def __init__(self, *args: Any, places: int, **kwargs: Any) -> None:
        self.places = places
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"places": self.places}

    def from_db_value(self, value: int | None, *_: object) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, Decimal) else Decimal(value)

    def get_prep_value(self, value: Any) -> Any:
        if value is None:
            return None
        scaled = Decimal(value).scaleb(self.places)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{value} has more than {self.places} decimals")
        return int(scaled)


class PrefixTextField(Text):
    """Text that sorts by code point on every database, so that a prefix is a range of an ordinary index."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        column = super().db_type(connection)
        return f'{column} COLLATE "C"' if connection.vendor == "postgresql" else column


def prefix_range(field: str, prefix: str) -> Q:
    """Rows whose ``field`` begins with ``prefix``, as an index range instead of LIKE."""
    return Q(**{f"{field}__gte": prefix, f"{field}__lt": prefix + "\U0010ffff"})
