"""Pictures that people upload: judged by their first bytes, then drawn again as a PNG of ours. Nothing else of a file is kept.

Width and height are read here, without Pillow, because a file of a few kilobytes may claim a size whose pixels fill
the memory, and Pillow's WebP reader makes room for them as soon as it opens the file.
"""

import struct
import warnings
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from bookbill.lib.errors import BadInput

BYTES_MAX = 2 * 1024 * 1024
PIXELS_MAX = 4_000_000
SIDE_MAX = 600
FORMATS = {"PNG", "JPEG", "WEBP"}

Size = tuple[int, int]


def drawn_again(content: bytes, *, field: str = "picture") -> bytes:
    """The picture as PNG, at most 600 px wide and high, without anything else the file carried.

    Takes PNG, JPEG and WebP up to 2 MB and 4 million pixels. Raises BadInput.
    """
    if len(content) > BYTES_MAX:
        raise BadInput("picture_too_heavy", _("The picture may have at most 2 MB."), field=field)
    kind = kind_of(content)
    if kind is None:
        raise BadInput("not_a_picture", _("Choose a picture: PNG, JPEG or WebP."), field=field)
    try:
        width, height = size_of(content, kind)
    except (struct.error, IndexError):
        raise _unreadable(field) from None
    if width * height > PIXELS_MAX:
        raise BadInput(
            "picture_too_large",
            _("The picture has %(width)d × %(height)d points; at most 4 million in all. Make it smaller.")
            % {"width": width, "height": height},
            field=field,
        )
    if not width or not height:
        raise _unreadable(field)
    return _draw(content, kind, field)


def kind_of(content: bytes) -> str | None:
    """The format by the first bytes. A name or a media type that came along says nothing."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if content.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "WEBP"
    return None


def size_of(content: bytes, kind: str) -> Size:
    """Width and height as the file claims them. Raises struct.error or IndexError for one that ends too early."""
    sizes = {"PNG": _png_size, "JPEG": _jpeg_size, "WEBP": _webp_size}
    return sizes[kind](content)


def _png_size(content: bytes) -> Size:
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> Size:
    """From the start-of-frame segment; every segment before it says how long it is."""
    at = 2
    while True:
        if content[at] != 0xFF:
            raise IndexError("no segment where one should begin")
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return width, height
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        at += 2 + max(length, 2)


def _webp_size(content: bytes) -> Size:
    """From the first chunk: extended (a canvas), lossless or lossy. https://www.rfc-editor.org/rfc/rfc9649"""
    chunk = content[12:16]
    if chunk == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        height = int.from_bytes(content[27:30], "little") + 1
        return (width, height) if len(content) >= 30 else (0, 0)
    if chunk == b"VP8L":
        (bits,) = struct.unpack("<I", content[21:25])
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _draw(content: bytes, kind: str, field: str) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about odd metadata, which is thrown away
            with Image.open(BytesIO(content), formats=[kind]) as opened:
                if opened.width * opened.height > PIXELS_MAX:
                    raise _unreadable(field)  # the first frame is another one than the header spoke of
                opened.load()
                picture = _in_eight_bits(ImageOps.exif_transpose(opened))
    except BadInput:
        raise
    except Exception:  # noqa: BLE001  a decoder fed with broken bytes raises whatever its format's code raises
        raise _unreadable(field) from None
    picture.thumbnail((SIDE_MAX, SIDE_MAX), Image.Resampling.LANCZOS)
    out = BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _in_eight_bits(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I"):  # 16 bits of grey, which `convert` would cut off instead of scaling
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    return picture.convert("RGBA" if picture.has_transparency_data else "RGB")


def _unreadable(field: str) -> BadInput:
    return BadInput(
        "picture_unreadable", _("This picture is damaged. Save it again as PNG and try again."), field=field
    )
