import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.web import accent

colours = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colours)
def test_every_colour_becomes_readable_in_both_themes(colour: str) -> None:
    for surface in (accent.LIGHT_SURFACE, accent.DARK_SURFACE):
        shown = accent.readable_on(surface, accent.parse(colour))
        assert accent.contrast(shown, surface) >= 3
        assert accent.contrast(accent.text_on(shown), shown) >= 4.5


def test_a_readable_colour_is_left_alone() -> None:
    assert "--accent:#0f6b5c;" in accent.stylesheet("#0f6b5c").splitlines()[0]


@pytest.mark.parametrize("text", ["red", "#fff", "#12345g", "#123456;}body{display:none", "", "#123456\n"])
def test_only_six_hex_digits_are_a_colour(text: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        accent.stylesheet(text)
