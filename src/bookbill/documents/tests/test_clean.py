import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.documents.pdf.clean import BREAK, REPLACEMENT, Cleaner, first_strong_is_rtl
from bookbill.documents.pdf.fonts import font_book

WIDE = 1000.0


def clean(text: str, em: float = WIDE) -> str:
    return Cleaner(font_book()).text(text, em)


@pytest.mark.parametrize(
    "text",
    [
        "Désherbage, œuvre, Łódź",
        "Καθαρισμός",
        "Уборка",
        "تنظيف المكاتب",
        "ניקיון",
        "₹ ₽ € − – “x”",
        "a\nb",
        "",
    ],
)
def test_text_of_our_fonts_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_a_character_without_a_glyph_is_replaced_and_reported_once() -> None:
    cleaner = Cleaner(font_book())
    assert cleaner.text("日本 😀 日", WIDE) == f"{REPLACEMENT * 2} {REPLACEMENT} {REPLACEMENT}"
    assert tuple(cleaner.replaced) == ("日", "本", "😀")


@pytest.mark.parametrize("code", [0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
def test_bidi_controls_are_taken_out(code: int) -> None:
    assert clean(f"Total {chr(code)}100.00") == "Total 100.00"


@pytest.mark.parametrize("code", [0, 7, 0x1B, 0x85, 0xAD, 0x200B, 0xFEFF, 0xFFF9, 0xE0041])
def test_what_nobody_sees_is_taken_out(code: int) -> None:
    assert clean(f"Clean{chr(code)}ing") == "Cleaning"


@pytest.mark.parametrize("code", [0xE000, 0xD800, 0xFFFF, 0x0378])
def test_private_broken_and_unknown_characters_are_replaced(code: int) -> None:
    assert clean(f"a{chr(code)}b") == f"a{REPLACEMENT}b"


def test_decomposed_letters_are_composed_and_piles_of_marks_are_cut() -> None:
    assert clean("e\u0301té") == "été"
    assert len(clean("Z" + "\u0337" * 50)) <= 5


@pytest.mark.parametrize("text", ["a\u2028b", "a\u2029b"])
def test_line_separators_are_newlines(text: str) -> None:
    assert clean(text) == "a\nb"


def test_a_word_is_broken_only_where_it_does_not_fit() -> None:
    word = "W" * 60
    pieces = clean(word, 17.0).split(BREAK)
    assert "".join(pieces) == word
    assert max(font_book().width(piece) for piece in pieces) <= 4.0
    assert clean("Treppenhausreinigung", 17.0) == "Treppenhausreinigung"
    assert BREAK not in clean(word, WIDE)


def test_each_line_of_a_note_is_looked_at_by_itself() -> None:
    assert clean("short\n" + "x" * 100, 17.0).split("\n")[0] == "short"
    assert BREAK in clean("short\n" + "x" * 100, 17.0)


def test_a_structure_is_cleaned_by_the_places_of_its_texts() -> None:
    cleaned = Cleaner(font_book()).tree(
        {"rows": ({"description": "W" * 30, "note": "W" * 30},), "count": 3}, {"description": 10.0}, 100.0
    )
    assert BREAK in cleaned["rows"][0]["description"]
    assert cleaned["rows"][0]["note"] == "W" * 30
    assert cleaned["count"] == 3


@given(st.text(max_size=60))
def test_every_character_left_has_a_glyph_or_ends_a_line(text: str) -> None:
    fonts = font_book()
    left = set(clean(text, 10.0)) - {"\n", BREAK}
    assert left <= fonts.widths.keys()
    assert not {
        character for character in left if unicodedata.category(character) in ("Cc", "Co", "Cs", "Cn")
    }


@pytest.mark.parametrize(
    ("text", "rtl"), [("שלום", True), ("123 تنظيف", True), ("Hello שלום", False), ("123", False), ("", False)]
)
def test_the_first_strong_letter_gives_the_direction(text: str, rtl: bool) -> None:
    assert first_strong_is_rtl(text) is rtl


def test_the_fonts_are_ours_alone() -> None:
    assert font_book().families == ("Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew")
