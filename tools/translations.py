"""Checks that every translation is complete and that the compiled catalogue is made from it. `--compile` makes it."""

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "src" / "bookbill" / "locale"


def main(arguments: list[str]) -> int:
    complaints = []
    for source in sorted(LOCALES.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as file:
            catalog = read_po(file, locale=source.parent.parent.name)
        compiled = compile_catalog(catalog)
        target = source.with_suffix(".mo")
        if "--compile" in arguments:
            target.write_bytes(compiled)
        elif not target.exists() or target.read_bytes() != compiled:
            complaints.append(
                f"{target.relative_to(ROOT)} is not made from its source: run tools/translations.py --compile."
            )
        complaints += [f"{source.relative_to(ROOT)}: {complaint}" for complaint in complaints_about(catalog)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


def compile_catalog(catalog: Catalog) -> bytes:
    output = io.BytesIO()
    write_mo(output, catalog)
    return output.getvalue()


def complaints_about(catalog: Catalog) -> list[str]:
    """Missing, uncertain and broken translations, each in a sentence."""
    found = []
    for message in catalog:
        if message.id:
            given = message.string if isinstance(message.string, (tuple, list)) else [message.string]
            if message.fuzzy:
                found.append(f"uncertain (fuzzy): {message.id!r}")
            elif not all(given):
                found.append(f"not translated: {message.id!r}")
            found += [f"{message.id!r}: {error}" for error in message.check(catalog)]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
