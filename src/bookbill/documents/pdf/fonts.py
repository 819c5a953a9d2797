"""The fonts a PDF may use: ours, then those of an optional folder for further scripts. Never the system's."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import typst
from fontTools.ttLib import TTFont

OURS = Path(__file__).parent / "fonts"
FAMILY = "Noto Sans"
POWERFUL = (
    "Cc",
    "Cf",
    "Cn",
    "Co",
    "Cs",
    "Me",
    "Mn",
    "Zl",
    "Zp",
)  # controls, marks, private and unknown characters


@dataclass(frozen=True, eq=False)
class FontBook:
    """What typst searches, in which order, and which characters it will find a glyph for."""

    book: typst.Fonts
    families: tuple[str, ...]
    widths: dict[str, float]  # in em, of every character that has a glyph
    plain: frozenset[str]  # those that have no power over their neighbours

    def width(self, text: str) -> float:
        """The width of a text in em, without kerning."""
        widths = self.widths
        return sum(widths.get(character, 1.0) for character in text)


@cache
def font_book(extra: Path | None = None) -> FontBook:
    """Read once for each process: a fifth of a second."""
    folders = [OURS, *([extra] if extra else [])]
    book = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=list(folders))
    families = sorted(
        book.families(), key=lambda family: (family != FAMILY, not family.startswith(FAMILY), family)
    )
    widths: dict[str, float] = {}
    for path, index in sorted((font.path, font.index) for font in book.fonts() if font.path):
        with TTFont(path, fontNumber=index, lazy=True) as face:
            _add_widths(face, widths)
    return FontBook(
        book=book,
        families=tuple(families),
        widths=widths,
        plain=frozenset(character for character in widths if unicodedata.category(character) not in POWERFUL)
        | {"\n"},
    )


def _add_widths(face: TTFont, widths: dict[str, float]) -> None:
    """Every character the face has a glyph for; where faces differ, the widest counts."""
    advances, units = face["hmtx"].metrics, face["head"].unitsPerEm
    for code, glyph in (face.getBestCmap() or {}).items():
        character = chr(code)
        widths[character] = max(widths.get(character, 0.0), advances[glyph][0] / units)
