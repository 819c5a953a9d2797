"""Printed text → PDF/A-3a and PDF/UA-1 bytes. The same input gives the same bytes, in every process."""

import datetime as dt
import json
import math
import threading
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from bookbill.documents.pdf.clean import BREAK, Cleaner, first_strong_is_rtl
from bookbill.documents.pdf.fonts import FontBook, font_book
from bookbill.documents.pdf.images import logo_svg, qr_svg
from bookbill.documents.printed import Printed

HERE = Path(__file__).parent
TEMPLATE = HERE / "invoice.typ"

# How wide, in em of its own size, the places of the page are where one long word could run into its neighbour.
PLACES = {
    "booking": 7.0,
    "date": 8.0,
    "description": 17.0,
    "detail": 19.0,
    "quantity": 8.0,
    "number": 14.0,
    "facts": 9.5,
    "billing": 22.0,
    "seller": 26.0,
    "pay": 17.0,
    "totals": 26.0,
}
WIDE_EM = 42.0
UNBROKEN = dict.fromkeys(
    ("title", "author", "logo_alt", "qr_alt"), math.inf
)  # shown by the reader's program, not set
COLUMNS = ("booking", "date", "description", "quantity", "price", "tax", "amount")
ROW_PT, HEAD_PT, CELL_PT = 9.0, 8.0, 10.5  # sizes of the table's texts; the space left and right in a cell


@dataclass(frozen=True, slots=True)
class Rendered:
    """``replaced_characters``: those no font has; the PDF shows a replacement for each."""

    pdf: bytes
    replaced_characters: tuple[str, ...]


def render(
    printed: Printed,
    *,
    logo: bytes | None = None,
    watermark: str = "",
    stamp: str = "",
    font_dir: Path | None = None,
) -> Rendered:
    """``logo``: PNG or JPEG bytes. ``watermark`` lies behind the text (Not sent); ``stamp`` adds to the document's own (COPY)."""
    font_dir = font_dir or font_folder()
    cleaner = Cleaner(font_book(font_dir))
    data = _data_of_page(printed, cleaner, logo, watermark, stamp)
    issued_at = dt.datetime.fromisoformat(printed.issued_at).replace(
        microsecond=0
    )  # typst knows whole seconds only
    pdf = _compile(data, issued_at, font_dir)
    return Rendered(pdf=pdf, replaced_characters=tuple(cleaner.replaced))


def characters_without_glyph(printed: Printed) -> tuple[str, ...]:
    """Those that `render` would replace; much quicker than rendering."""
    cleaner = Cleaner(font_book(font_folder()))
    _data(printed, cleaner)
    return tuple(cleaner.replaced)


def picture(printed: Printed, *, logo: bytes | None = None, watermark: str = "", ppi: int = 110) -> bytes:
    """The first page as PNG, for a screen that cannot show a PDF inside a page."""
    font_dir = font_folder()
    data = _data_of_page(printed, Cleaner(font_book(font_dir)), logo, watermark, "")
    pages = _compiler(font_dir).compile(
        format="png", ppi=ppi, sys_inputs={"data": json.dumps(data, ensure_ascii=False)}
    )
    first = pages[0] if isinstance(pages, list) else pages
    assert isinstance(first, bytes)
    return first


def font_folder() -> Path | None:
    """The folder with further scripts that the settings name. Processes of the pool have no settings: they are told."""
    return settings.FONT_DIR if settings.configured else None


def _data_of_page(
    printed: Printed, cleaner: Cleaner, logo: bytes | None, watermark: str, stamp: str
) -> dict[str, Any]:
    data = _data(printed, cleaner)
    data["watermark"] = cleaner.text(watermark, WIDE_EM)
    data["stamps"] = [cleaner.text(text, WIDE_EM) for text in (printed.stamp, stamp) if text]
    data["logo"], data["logo_width"] = logo_svg(logo) if logo else ("", 0)
    data["qr"] = qr_svg(printed.pay.url) if printed.pay else ""
    data["fonts"] = list(cleaner.fonts.families)
    return data


def _data(printed: Printed, cleaner: Cleaner) -> dict[str, Any]:
    """What the template reads: cleaned text, never source."""
    raw = asdict(printed) | {"author": printed.seller.name}
    kept = {name: raw.pop(name) for name in ("csv", "colour", "paper", "issued_at", "attachment_name")}
    address = raw["pay"].pop("url") if raw["pay"] else ""
    for section in raw["sections"]:
        section["text"] = section["text"].split("\n")
    data: dict[str, Any] = cleaner.tree(raw, {**PLACES, **UNBROKEN}, WIDE_EM)
    for section in data["sections"]:
        section["paragraphs"] = [
            {"text": text, "rtl": first_strong_is_rtl(text)} for text in section.pop("text")
        ]
    return {**data, **kept, "address": address, "widths": _widths(data, cleaner.fonts)}


def _widths(data: dict[str, Any], fonts: FontBook) -> list[float]:
    """Points for each column of the table, from its widest text; 0 for the description, which takes the rest.

    Typst could measure the columns itself, at the price of laying every cell out twice.
    """
    widths = []
    for name in COLUMNS:
        if name == "description":
            widths.append(0.0)
            continue
        texts = {row[name] for row in data["rows"]}
        widest = max((fonts.width(line) for text in texts for line in text.split(BREAK)), default=0.0)
        widths.append(round(max(widest * ROW_PT, fonts.width(data["columns"][name]) * HEAD_PT) + CELL_PT, 2))
    widths[0] -= CELL_PT / 2
    widths[-1] -= CELL_PT / 2
    return widths


_kept = threading.local()  # a compiler takes one document at a time, so each thread has its own


def _compiler(font_dir: Path | None) -> typst.Compiler:
    """This thread's, made once: fonts and template stay read."""
    compilers: dict[Path | None, typst.Compiler] = _kept.__dict__.setdefault("compilers", {})
    if font_dir not in compilers:
        compilers[font_dir] = typst.Compiler(TEMPLATE, root=HERE, font_paths=font_book(font_dir).book)
    return compilers[font_dir]


def _compile(data: dict[str, Any], timestamp: dt.datetime, font_dir: Path | None) -> bytes:
    pdf = _compiler(font_dir).compile(
        format="pdf",
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        pdf_standards=["a-3a", "ua-1"],
        timestamp=timestamp,
    )
    assert isinstance(pdf, bytes)
    return pdf
