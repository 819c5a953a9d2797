"""Text made safe for paper: every character has a glyph, none hides or reorders others, no word is wider than its place.

In PDF/A one character without a glyph fails the whole document, and bidi controls can show an amount backwards.
"""

import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import Any

from bookbill.documents.pdf.fonts import FontBook

REPLACEMENT = "\ufffd"
BREAK = "\u200b"  # a place where a line may end
JOINERS = "\u200c\u200d"  # they shape Arabic and Indic words
MARKS_MAX = 4
PIECE_EM = 4.0
PLAIN_WORD = 9  # shorter words fit everywhere, whatever their letters


class Cleaner:
    """Cleans the texts of one document and remembers what it had to replace."""

    def __init__(self, fonts: FontBook) -> None:
        self.fonts = fonts
        self.plain = fonts.plain
        self.replaced: dict[str, None] = {}

    def text(self, text: str, em: float) -> str:
        """``em``: the width of the place this text goes to. Newlines stay."""
        if not self.plain.issuperset(text):
            text = "".join(self._characters(unicodedata.normalize("NFC", text)))
        if len(text) >= PLAIN_WORD:
            text = self._with_breaks(text, em)
        return text

    def tree(self, value: Any, places: dict[str, float], em: float) -> Any:
        """The same for every text of a structure; ``places`` gives the widths of named texts."""
        if isinstance(value, str):
            return self.text(value, em)
        if isinstance(value, dict):
            return {key: self.tree(part, places, places.get(key, em)) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.tree(part, places, em) for part in value]
        return value

    def _characters(self, text: str) -> Iterator[str]:
        marks = 0
        for character in text:
            if character in self.plain:
                marks = 0
                yield character
                continue
            category = unicodedata.category(character)
            if category in ("Mn", "Me"):
                marks += 1
                if character in self.fonts.widths and marks <= MARKS_MAX:
                    yield character
            elif category in ("Zl", "Zp"):
                yield "\n"
            elif category == "Zs" or character == "\t":
                yield " "
            elif character in JOINERS and character in self.fonts.widths:
                yield character
            elif category in ("Cc", "Cf") or unicodedata.name(character, "").startswith("EMOJI MODIFIER"):
                continue
            else:
                self.replaced[character] = None
                yield REPLACEMENT

    def _with_breaks(self, text: str, em: float) -> str:
        if max(map(len, text.split()), default=0) < PLAIN_WORD:
            return text
        words = []
        for word in text.split(" "):
            if len(word) >= PLAIN_WORD and self.fonts.width(word) > em:
                word = BREAK.join(self._pieces(word))
            words.append(word)
        return " ".join(words)

    def _pieces(self, word: str) -> Iterator[str]:
        """Pieces of at most PIECE_EM, never between a letter and its marks."""
        piece, width = "", 0.0
        for character in word:
            advance = self.fonts.widths.get(character, 1.0)
            if piece and width + advance > PIECE_EM and not unicodedata.category(character).startswith("M"):
                yield piece
                piece, width = "", 0.0
            piece += character
            width += advance
        yield piece


def first_strong_is_rtl(text: str) -> bool:
    """Whether a paragraph reads from right to left (rule P2 of the Unicode bidi algorithm)."""
    for character in islice(text, 1000):
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL"):
            return True
        if direction == "L":
            return False
    return False
