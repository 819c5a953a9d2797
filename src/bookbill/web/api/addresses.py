"""A postal address in bodies and answers."""

from collections.abc import Mapping
from typing import Annotated

from bookbill.lib.addresses import PARTS
from bookbill.web.api.schema import Answer, Body, text


class AddressIn(Body):
    """Any part may be left out; an address without any is no address."""

    line1: Annotated[str, text(PARTS["line1"])] = ""
    line2: Annotated[str, text(PARTS["line2"])] = ""
    city: Annotated[str, text(PARTS["city"])] = ""
    region: Annotated[str, text(PARTS["region"])] = ""
    postal_code: Annotated[str, text(PARTS["postal_code"])] = ""
    country: Annotated[str, text(PARTS["country"])] = ""

    def stored(self) -> dict[str, str]:
        """As it is kept: all six parts, or nothing at all."""
        parts = {part: getattr(self, part) for part in PARTS}
        return parts if any(parts.values()) else {}


class AddressOut(Answer):
    line1: str
    line2: str
    city: str
    region: str
    postal_code: str
    country: str

    @classmethod
    def of(cls, stored: Mapping[str, str]) -> "AddressOut":
        """Always six parts; those of an empty address are empty."""
        return cls(**{part: stored.get(part, "") for part in PARTS})
