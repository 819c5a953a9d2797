"""The logo of the sandbox company, drawn here: a house with a bright window, and the name beside it."""

from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from bookbill.documents.pdf.fonts import OURS

HEIGHT, NAME_AT, FINER = 112, 116, 4
GREEN, WHITE = (31, 138, 112, 255), (255, 255, 255, 255)
"""A green that reads on white paper and on a dark screen."""
ROOF = [(14, 60), (56, 22), (98, 60), (88, 60), (88, 96), (24, 96), (24, 60)]
PANES = [(44, 58), (58, 58), (44, 72), (58, 72)]


def draw_logo(name: str) -> bytes:
    """A PNG without a background. Drawn larger and made smaller, so that its edges are smooth."""
    font = ImageFont.truetype(OURS / "NotoSans-SemiBold.ttf", 52 * FINER)
    width = NAME_AT + int(font.getlength(name)) // FINER + 14
    picture = Image.new("RGBA", (width * FINER, HEIGHT * FINER), (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    pen.polygon([(x * FINER, y * FINER) for x, y in ROOF], fill=GREEN)
    for x, y in PANES:
        pen.rectangle((x * FINER, y * FINER, (x + 10) * FINER, (y + 10) * FINER), fill=WHITE)
    pen.text((NAME_AT * FINER, HEIGHT * FINER / 2 + 4 * FINER), name, font=font, fill=GREEN, anchor="lm")
    content = BytesIO()
    picture.resize((width, HEIGHT), Image.Resampling.LANCZOS).save(content, "PNG", optimize=True)
    return content.getvalue()
