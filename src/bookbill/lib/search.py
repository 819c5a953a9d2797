"""Words for prefix search: folded, so that `Trémblay` is found by `tremb`."""

import re
import unicodedata

WORD_LENGTH = 40


def search_words(*texts: str) -> set[str]:
    """The distinct words of the texts, folded and shortened; an address counts whole and by its parts."""
    found: set[str] = set()
    for text in texts:
        folded = fold(text)
        found.update(word[:WORD_LENGTH] for word in re.split(r"[^\w]+", folded) if word)
        if "@" in folded:
            found.add(folded[:WORD_LENGTH])
    return found


def fold(text: str) -> str:
    """Case and accents removed."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(character for character in decomposed if not unicodedata.combining(character)).strip()
