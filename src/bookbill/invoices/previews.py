"""The PDF of what is not sent: the same document, watermarked."""

from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.documents.document import Document
from bookbill.documents.files import read_logo
from bookbill.documents.pdf.render import render
from bookbill.documents.printed import printed


def preview_pdf(company_id: UUID, document: Document) -> bytes:
    """The document as paper, with *Not sent* across it in the customer's language."""
    with translation.override(document.language):
        watermark = _("Not sent")
    return render(
        printed(document), logo=read_logo(company_id, document.seller.logo_sha256), watermark=watermark
    ).pdf
