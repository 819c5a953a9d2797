"""Pictures handed to typst as SVG text: the only form that data can carry without a file."""

import base64
import struct

import zxingcpp

LOGO_MM = (62.0, 15.0)  # the largest width and height
PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"


class UnknownPicture(ValueError):
    """Neither PNG nor JPEG: a logo is re-encoded before it is stored."""


def logo_svg(logo: bytes) -> tuple[str, float]:
    """A PNG or JPEG wrapped in SVG, and the width in mm at which it fits into LOGO_MM."""
    kind = "png" if logo.startswith(PNG) else "jpeg" if logo.startswith(JPEG) else None
    if kind is None:
        raise UnknownPicture("The logo is neither PNG nor JPEG.")
    width, height = _png_size(logo) if kind == "png" else _jpeg_size(logo)
    data = base64.b64encode(logo).decode("ascii")
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
        f'<image href="data:image/{kind};base64,{data}" width="{width}" height="{height}"/></svg>'
    )
    return svg, round(min(LOGO_MM[0], LOGO_MM[1] * width / height), 2)


def qr_svg(text: str) -> str:
    """A QR code as one vector path, without a quiet zone: the page leaves the space."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    return code.to_svg(add_quiet_zones=False)


def _png_size(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", content[16:24])
    return width, height


def _jpeg_size(content: bytes) -> tuple[int, int]:
    """Width and height from the start-of-frame segment."""
    position = 2
    while position + 9 <= len(content):
        marker, length = content[position + 1], int.from_bytes(content[position + 2 : position + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return width, height
        position += 2 + length
    raise UnknownPicture("The logo is a JPEG without a size.")
