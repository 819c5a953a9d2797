"""A company's logo as mails show it: small, since every mail carries it."""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from uuid import UUID

from PIL import Image

from bookbill.documents.files import read_logo

WIDEST, HIGHEST = 220, 48
DENSITY = 2  # points of the picture for each of the mail, for sharp screens


@dataclass(frozen=True, slots=True)
class MailLogo:
    """PNG bytes, and how large they are shown."""

    content: bytes
    width: int
    height: int


@lru_cache(maxsize=64)
def mail_logo(company_id: UUID, digest: str) -> MailLogo:
    """The stored logo made small. Its digest names its content, so it is drawn once."""
    content = read_logo(company_id, digest)
    assert content is not None
    with Image.open(BytesIO(content), formats=["PNG"]) as picture:
        share = min(1.0, WIDEST / picture.width, HIGHEST / picture.height)
        width, height = (max(1, round(side * share)) for side in picture.size)
        picture.thumbnail((width * DENSITY, height * DENSITY), Image.Resampling.LANCZOS)
        out = BytesIO()
        picture.save(out, "PNG", optimize=True)
    return MailLogo(out.getvalue(), width, height)
