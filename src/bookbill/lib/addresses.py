"""A postal address as it is stored and printed: six plain texts."""

from collections.abc import Mapping

from bookbill.lib.parsing import clean_text

PARTS: dict[str, int] = {
    "line1": 200,
    "line2": 200,
    "city": 120,
    "region": 120,
    "postal_code": 20,
    "country": 60,
}


def clean_address(parts: Mapping[str, str], *, field: str) -> dict[str, str]:
    """All six parts, cleaned; an empty address is an empty dict. Raises BadInput naming ``field.part``."""
    cleaned = {
        part: clean_text(parts.get(part, ""), field=f"{field}.{part}", max_length=longest)
        for part, longest in PARTS.items()
    }
    return cleaned if any(cleaned.values()) else {}


def address_lines(address: Mapping[str, str]) -> list[str]:
    """The lines to print: street, then city with region and postal code, then country."""
    place = " ".join(
        filter(
            None,
            [
                ", ".join(filter(None, [address.get("city"), address.get("region")])),
                address.get("postal_code"),
            ],
        )
    )
    return [
        line for line in (address.get("line1"), address.get("line2"), place, address.get("country")) if line
    ]
