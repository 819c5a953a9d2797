"""PDFs of invoices: of a version from its stored document alone, of what is not sent yet as a marked preview."""

import re
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.documents.document import Document, from_json_bytes
from bookbill.documents.files import read_file, read_logo
from bookbill.documents.pdf.render import Rendered, characters_without_glyph, render
from bookbill.documents.printed import printed
from bookbill.invoices.models import Version


def pdf_name(number: str, *, version: int | None = None) -> str:
    """The file's name, wherever it goes, whatever the company's format holds: no path, nothing hidden, no quotes."""
    name = number if version is None else f"{number}-v{version}"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).lstrip(".-") + ".pdf"


def pdf_bytes(version: Version) -> bytes:
    """The version's bytes; where the worker has not stored them yet, the same ones made here. Read it with its ``pdf``."""
    return read_file(version.pdf) if version.pdf else render_version(version).pdf


def render_version(version: Version) -> Rendered:
    """From the stored document alone: the same bytes whenever and wherever it is made."""
    document = from_json_bytes(version.document.encode("utf-8"))
    logo = read_logo(version.company_id, document.seller.logo_sha256)
    return render(printed(document, document.language), logo=logo)


def preview_pdf(company_id: UUID, document: Document) -> bytes:
    """The document as paper, with *Not sent* across it in the customer's language. Kept nowhere."""
    with translation.override(document.language):
        watermark = _("Not sent")
    return render(
        printed(document), logo=read_logo(company_id, document.seller.logo_sha256), watermark=watermark
    ).pdf


def unprintable_characters(document: Document) -> str:
    """What the fonts have no glyph for, each once: on paper a replacement stands in its place."""
    return "".join(characters_without_glyph(printed(document)))
