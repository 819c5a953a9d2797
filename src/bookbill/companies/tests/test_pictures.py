"""Uploaded pictures: what is taken, and that a small file cannot claim the machine's memory."""

import struct
import tracemalloc
import zlib
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from bookbill.companies.pictures import BYTES_MAX, drawn_again, kind_of, size_of
from bookbill.lib.errors import BadInput


def picture(kind: str, size: tuple[int, int] = (60, 20), mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    colour = {"RGB": (31, 111, 92), "RGBA": (31, 111, 92, 128), "CMYK": (90, 0, 40, 20)}.get(mode, 1)
    Image.new(mode, size, colour).save(out, kind, **options)
    return out.getvalue()


def opened(content: bytes) -> Image.Image:
    return Image.open(BytesIO(content), formats=["PNG"])


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_bomb(width: int = 20_000, height: int = 20_000) -> bytes:
    """A few kilobytes that say they hold 400 million points."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    body = zlib.compress(b"\0" * (4 * 1024 * 1024), 9)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def webp_bomb() -> bytes:
    canvas = (16_383).to_bytes(3, "little") * 2
    body = b"WEBP" + b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("JPEG", "RGB"), ("JPEG", "CMYK"),
     ("WEBP", "RGB"), ("WEBP", "RGBA")],
)  # fmt: skip
def test_every_usual_picture_becomes_a_png(kind: str, mode: str) -> None:
    drawn = opened(drawn_again(picture(kind, mode=mode)))
    assert (drawn.format, drawn.size) == ("PNG", (60, 20))
    assert drawn.mode in ("RGB", "RGBA")


def test_transparency_stays() -> None:
    pixel = opened(drawn_again(picture("PNG", mode="RGBA"))).getpixel((0, 0))
    assert pixel == (31, 111, 92, 128)


def test_sixteen_bits_of_grey_are_scaled_and_not_cut_off() -> None:
    out = BytesIO()
    Image.new("I;16", (4, 4), 0x8000).save(out, "PNG")
    assert opened(drawn_again(out.getvalue())).getpixel((0, 0)) == (128, 128, 128)


@pytest.mark.parametrize(
    ("size", "drawn"), [((1200, 300), (600, 150)), ((300, 1200), (150, 600)), ((600, 20), (600, 20))]
)
def test_a_large_picture_is_made_smaller_and_a_small_one_is_left(
    size: tuple[int, int], drawn: tuple[int, int]
) -> None:
    assert opened(drawn_again(picture("PNG", size))).size == drawn


def test_the_same_picture_gives_the_same_bytes() -> None:
    assert drawn_again(picture("JPEG")) == drawn_again(picture("JPEG"))


@pytest.mark.parametrize("bomb", [png_bomb(), webp_bomb()], ids=["png", "webp"])
def test_a_bomb_is_refused_by_what_it_claims_without_room_for_its_points(bomb: bytes) -> None:
    assert len(bomb) < 10_000
    tracemalloc.start()
    with pytest.raises(BadInput) as refused:
        drawn_again(bomb, field="logo")
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (refused.value.code, refused.value.field) == ("picture_too_large", "logo")
    assert "million" in refused.value.message
    assert most < 1_000_000


def test_a_bomb_behind_a_small_first_header_is_refused_too() -> None:
    lure = chunk(b"eXIf", struct.pack(">II", 5, 5))  # where width and height of a PNG stand
    real = png_bomb()[8:]
    with pytest.raises(BadInput):
        drawn_again(b"\x89PNG\r\n\x1a\n" + lure + real)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a\x01\0\x01\0\0\0\0;",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'<?xml version="1.0"?><svg/>',
        b"%PDF-1.7",
        b"MZ\x90\0",
        b"BM" + b"\0" * 60,
        b"<!doctype html>\x89PNG\r\n\x1a\n",
        b"RIFF\0\0\0\0AVI LIST",
    ],
)
def test_what_is_no_png_jpeg_or_webp_is_refused_whatever_its_name(content: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        drawn_again(content)
    assert refused.value.code == "not_a_picture"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_nothing_that_came_along_in_a_picture_is_kept(kind: str) -> None:
    smuggled = b"<script>alert(1)</script>PK\x03\x04"
    drawn = drawn_again(picture(kind) + smuggled)
    assert b"script" not in drawn
    assert b"PK\x03\x04" not in drawn
    assert drawn == drawn_again(picture(kind))


def test_a_comment_and_a_place_on_earth_are_thrown_away() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at 45.5, -73.6"
    drawn = drawn_again(picture("JPEG", exif=exif, comment=b"secret"))
    assert b"45.5" not in drawn
    assert b"secret" not in drawn


def test_a_photo_lying_on_its_side_is_put_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert opened(drawn_again(picture("JPEG", exif=exif))).size == (20, 60)


def test_more_than_two_megabytes_are_refused_unread() -> None:
    with pytest.raises(BadInput) as refused:
        drawn_again(picture("PNG") + b"\0" * BYTES_MAX)
    assert refused.value.code == "picture_too_heavy"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@given(data=st.data())
def test_a_damaged_picture_is_drawn_or_refused_and_never_breaks_the_page(
    kind: str, data: st.DataObject
) -> None:
    content = bytearray(picture(kind))
    for _ in range(data.draw(st.integers(0, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        drawn = drawn_again(damaged)
    except BadInput:
        return
    assert opened(drawn).format == "PNG"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (63, 17), (2000, 3)])
def test_the_header_tells_the_size_that_the_decoder_finds(kind: str, size: tuple[int, int]) -> None:
    for lossless in {False, kind == "WEBP"}:
        content = picture(kind, size, lossless=lossless)
        assert kind_of(content) == kind
        assert size_of(content, kind) == size
