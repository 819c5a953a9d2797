"""The sample invoice of Settings → Look."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from PIL import Image
from pypdf import PdfReader

from bookbill.companies.models import Company
from bookbill.documents.document import assert_adds_up
from bookbill.invoices.models import Invoice
from bookbill.invoices.sample import sample_document
from tests.support.cast import NOW


def test_the_sample_is_a_pdf_with_the_companys_name_and_a_watermark(company: Company, desk: Client) -> None:
    answer = desk.get("/settings/look/sample.pdf?paper=Letter")
    assert answer["Content-Type"] == "application/pdf"
    page = PdfReader(BytesIO(answer.content)).pages[0]
    assert company.name in page.extract_text()
    assert "Sample" in page.extract_text()
    assert (round(page.mediabox.width), round(page.mediabox.height)) == (612, 792)
    assert not Invoice.objects.exists()


def test_the_picture_shows_a_colour_that_is_not_saved_yet(company: Company, desk: Client) -> None:
    def colours(query: str) -> set[Any]:
        answer = desk.get(f"/settings/look/sample.png{query}")
        assert answer["Content-Type"] == "image/png"
        picture = Image.open(BytesIO(answer.content)).convert("RGB")
        return {colour for _count, colour in picture.getcolors(1 << 24) or []}

    assert (0x80, 0x10, 0x90) in colours("?colour=%23801090&paper=A4")
    assert (0x80, 0x10, 0x90) not in colours("")


@pytest.mark.parametrize("query", ["?colour=red", "?paper=A3", "?colour=%23000000%22%3E"])
def test_a_look_that_is_none_is_refused(desk: Client, query: str) -> None:
    assert desk.get(f"/settings/look/sample.pdf{query}").status_code == 422


def test_the_sample_adds_up_in_every_kind_of_currency(company: Company) -> None:
    for currency in ("JPY", "CAD", "KWD"):
        company.currency = currency
        assert_adds_up(sample_document(company, now=NOW))
