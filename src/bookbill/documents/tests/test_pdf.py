import csv
import io
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pypdfium2
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import DictionaryObject
from pytest_django import Settings

from bookbill.documents.document import to_json_bytes
from bookbill.documents.pdf.fonts import font_book
from bookbill.documents.pdf.images import UnknownPicture
from bookbill.documents.printed import printed
from bookbill.documents.tests.builders import (
    GST_QST,
    PAY_URL,
    make_block,
    make_document,
    make_logo,
    make_pdf,
    page_texts,
    read_qr,
)

HEADS = "Booking Service date Description Qty Price Tax Amount"
MILLIMETRE = 72 / 25.4


@contextmanager
def opened(pdf: bytes) -> Iterator[pypdfium2.PdfDocument]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        yield document
    finally:
        document.close()


def text_boxes(pdf: bytes) -> Iterator[tuple[float, float, float, str]]:
    """Left and right edge of each run of text, the width of its page, and the text."""
    with opened(pdf) as document:
        for page in document:
            words = page.get_textpage()
            for index in range(words.count_rects()):
                left, bottom, right, top = words.get_rect(index)
                yield left, right, page.get_width(), words.get_text_bounded(left, bottom, right, top)


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (12, 1), (60, 2), (400, 9)])
def test_every_figure_is_on_paper_with_heads_and_page_numbers(count: int, pages: int) -> None:
    document = make_document(count)
    texts = printed(document)
    found = page_texts(make_pdf(document).pdf)
    assert len(found) == pages
    for number, page in enumerate(found, start=1):
        assert page.count(HEADS) == 1
        assert f"Page {number} of {pages}" in page
    everything = "\n".join(found)
    for row in texts.rows:
        assert f"{row.booking} {row.date} {row.description} 1 {row.price} A B {row.amount}" in everything
    for total in texts.totals:
        assert f"{total.label} {total.amount}" in everything
    for text in ("INV-2026-01042", "Maple Offices", "88 Avenue du Parc", "PO-7741", "Net 14", texts.due_by):
        assert text in everything
    assert "Thanks, see you next month!" in everything
    assert "Payment is due within 14 days." in everything


def test_the_same_document_gives_the_same_bytes_here_and_in_another_process() -> None:
    document = make_document(3)
    here = make_pdf(document, logo=make_logo()).pdf
    assert make_pdf(document, logo=make_logo()).pdf == here
    script = (
        "import hashlib, os, sys, django; django.setup()\n"
        "from bookbill.documents.document import from_json_bytes\n"
        "from bookbill.documents.tests.builders import make_logo, make_pdf\n"
        "document = from_json_bytes(sys.stdin.buffer.read())\n"
        "sys.stdout.buffer.write(make_pdf(document, logo=make_logo()).pdf)"
    )
    there = subprocess.run(
        [sys.executable, "-c", script], input=to_json_bytes(document), capture_output=True, check=True
    ).stdout
    assert there == here


def test_threads_render_side_by_side() -> None:
    documents = [make_document(3, number=f"INV-{n}") for n in range(12)]
    with ThreadPoolExecutor(4) as threads:
        side_by_side = list(threads.map(lambda document: make_pdf(document).pdf, documents))
    assert side_by_side == [make_pdf(document).pdf for document in documents]


def test_it_is_an_archive_file_for_everybody_with_title_language_and_date() -> None:
    reader = PdfReader(io.BytesIO(make_pdf(make_document(language="fr")).pdf))
    assert reader.xmp_metadata is not None
    marks = reader.xmp_metadata.stream.get_data().decode()
    assert "<pdfaid:part>3</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in marks
    assert "<pdfuaid:part>1</pdfuaid:part>" in marks
    assert str(reader.root_object["/Lang"]) == "fr-CA"
    assert "'/Marked': True" in str(reader.root_object["/MarkInfo"].get_object())
    assert reader.metadata is not None
    assert str(reader.metadata.title) == "Facture INV-2026-01042 de Bright Home Co."
    assert str(reader.metadata.creation_date) == "2026-06-30 18:22:11+00:00"


def test_what_no_font_has_is_replaced_and_reported() -> None:
    made = make_pdf(make_document([make_block(1, ("掃除 Clean", "1", "100"))], note="Merci 😀"))
    assert made.replaced_characters == ("掃", "除", "😀")
    text = page_texts(made.pdf)[0]
    assert "\ufffd\ufffd Clean" in text
    assert "Merci \ufffd" in text


def test_arabic_and_hebrew_are_shaped_and_can_be_copied() -> None:
    made = make_pdf(make_document([make_block(1, ("تنظيف المكاتب", "1", "100"))], note="שלום וברכה"))
    assert made.replaced_characters == ()
    with opened(made.pdf) as document:
        text = document[0].get_textpage().get_text_range()
    assert "שלום וברכה" in text
    assert "تنظيف" in text


ATTACKS = (
    '#import "x.typ": *',
    '#eval("1+1") $x^2$ @ref <label> *bold* _it_ `code` \\u{41}',
    "<script>alert(1)</script> {{7*7}} {% x %} %s ${HOME}",
    "= Heading // comment /* x */ - list + enum --- ~ https://evil.example",
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_source_in_a_text_stays_text(attack: str) -> None:
    document = make_document(
        [make_block(1, (attack, "1", "100"), service_address=attack)],
        note=attack,
        terms_and_conditions=attack,
    )
    made = make_pdf(replace(document, billing=replace(document.billing, company_name=attack)))
    reader = PdfReader(io.BytesIO(made.pdf))
    text = "".join(page_texts(made.pdf)).replace(" \n", " ").replace("\n", "")
    assert text.replace(" ", "").count(attack.replace(" ", "")) == 5
    links = [note.get_object()["/A"]["/URI"] for page in reader.pages for note in page.get("/Annots", [])]
    assert set(links) == {PAY_URL}


def test_no_word_however_long_runs_over_the_edge_or_into_its_neighbour() -> None:
    word = "W" * 120
    document = make_document(
        [
            make_block(1, (word, "1", "100"), service_address=word),
            make_block(2, ("x" * 400, "99999.125", "10")),
        ],
        note=word * 3,
        number="INVOICE-" + "0" * 60,
    )
    document = replace(
        document,
        billing=replace(document.billing, name=word, company_name=word, email=word, purchase_order=word),
        seller=replace(document.seller, name=word, email=word, website=word),
    )
    pdf = make_pdf(document).pdf
    margin = 18 * MILLIMETRE
    for left, right, page_width, text in text_boxes(pdf):
        assert left >= margin - 1, text
        assert right <= page_width - margin + 1, text
    text = "".join(page_texts(pdf)).replace("\n", "")
    assert word in text
    assert "\u200b" not in text


def test_the_largest_amounts_fit_on_the_smallest_paper() -> None:
    block = make_block(1, ("Clean", "999999.999", "999.9999"), ("Windows", "1", "900000000"), tax=None)
    blocks = [replace(block, id=str(n), number=f"B-{n}") for n in range(3)]
    document = make_document(blocks, language="fr")
    document = replace(document, seller=replace(document.seller, paper="Letter"))
    pdf = make_pdf(document).pdf
    texts = printed(document)
    found = page_texts(pdf)[0].replace("\n", " ")
    assert texts.due.value in found
    assert all(row.amount in found for row in texts.rows)
    assert max(right for _left, right, _width, _text in text_boxes(pdf)) <= 612 - 18 * MILLIMETRE + 1


@pytest.mark.parametrize("counts", [range(24, 42, 3), pytest.param(range(1, 140), marks=pytest.mark.long)])
def test_the_totals_are_whole_and_never_alone_on_a_page(counts: range) -> None:
    for count in counts:
        last = make_block(count, ("Clean", "1", "100"), ("Oven", "1", "50"), tax=GST_QST, discount="5")
        blocks = [make_block(n, tax=GST_QST) for n in range(1, count)] + [last]
        found = page_texts(make_pdf(make_document(blocks, note="", terms_and_conditions="")).pdf)
        assert f"B-{count} " in found[-1], count
        assert all(label in found[-1] for label in ("Subtotal", "Discount", "Total", "Balance due")), count
        assert "Subtotal" not in "".join(found[:-1]), count


@pytest.mark.parametrize("lines", [3, 5, 7])
def test_the_lines_of_a_booking_stay_together(lines: int) -> None:
    blocks = [make_block(n, *[(f"Task {n}-{k}", "1", "10") for k in range(lines)]) for n in range(1, 31)]
    found = page_texts(make_pdf(make_document(blocks)).pdf)
    assert len(found) > 1
    for n in range(1, 31):
        assert len([page for page in found if f"Task {n}-" in page]) == 1


def test_a_very_long_booking_may_run_over_pages() -> None:
    endless = make_block(1, *[(f"Task {k}", "1", "10") for k in range(120)])
    assert len(page_texts(make_pdf(make_document([endless])).pdf)) > 2


def test_the_qr_code_on_paper_opens_the_link_that_is_printed_beside_it() -> None:
    with opened(make_pdf(make_document()).pdf) as document:
        picture = document[0].render(scale=3).to_pil()
    assert read_qr(picture) == [PAY_URL]


def test_there_is_no_code_and_no_link_when_nothing_is_to_pay() -> None:
    pdf = make_pdf(make_document([make_block(1, paid_minor=11300)], status="paid")).pdf
    with opened(pdf) as document:
        assert read_qr(document[0].render(scale=3).to_pil()) == []
    assert "View online" not in page_texts(pdf)[0]


@pytest.mark.parametrize(
    ("status", "options", "words"),
    [
        ("paid", {}, ["PAID"]),
        ("cancelled", {"stamp": "COPY"}, ["CANCELLED", "COPY"]),
        ("draft", {"watermark": "Not sent"}, ["Not sent"]),
    ],
)
def test_stamps_and_watermarks_are_words(status: str, options: dict[str, str], words: list[str]) -> None:
    paid_minor = 11300 if status == "paid" else 0
    text = page_texts(
        make_pdf(make_document([make_block(1, paid_minor=paid_minor)], status=status), **options).pdf
    )[0]
    assert all(word in text for word in words)


@pytest.mark.parametrize(("paper", "size"), [("A4", (595, 842)), ("Letter", (612, 792))])
def test_paper_is_what_the_company_chose(paper: Literal["A4", "Letter"], size: tuple[int, int]) -> None:
    document = make_document()
    with opened(make_pdf(replace(document, seller=replace(document.seller, paper=paper))).pdf) as made:
        assert tuple(round(side) for side in made[0].get_size()) == size


def test_a_logo_has_its_colours_and_a_text_for_who_cannot_see_it() -> None:
    made = make_pdf(make_document(), logo=make_logo()).pdf
    with opened(made) as document:
        picture = document[0].render(scale=1).to_pil().convert("RGB")
    assert picture.getpixel((80, 60)) == (31, 111, 92)
    assert "Logo of Bright Home Co." in alternative_texts(made)


def alternative_texts(pdf: bytes) -> list[str]:
    """What a reading aloud says of each picture."""
    reader = PdfReader(io.BytesIO(pdf))
    parts = (reader.get_object(number) for number in range(1, len(pdf.split(b" obj\n"))))
    return [str(part["/Alt"]) for part in parts if isinstance(part, DictionaryObject) and "/Alt" in part]


def test_a_logo_that_is_no_picture_is_refused() -> None:
    with pytest.raises(UnknownPicture):
        make_pdf(make_document(), logo=b"<svg/>")


def test_an_invoice_without_bookings_can_be_previewed() -> None:
    assert "Balance due" in page_texts(make_pdf(make_document([], status="draft", number=None)).pdf)[0]


def test_above_a_thousand_lines_the_full_list_travels_inside() -> None:
    blocks = [make_block(n, service_date=f"2026-{1 + n % 3:02}-01") for n in range(1001)]
    document = make_document(blocks)
    reader = PdfReader(io.BytesIO(make_pdf(document).pdf))
    assert len(reader.pages) == 1
    text = "".join(reader.pages[0].extract_text().split())
    assert "1,001bookingsisattachedtothisPDFasInvoice-INV-2026-01042.csv" in text
    (content,) = reader.attachments["Invoice-INV-2026-01042.csv"]
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"))))
    assert len(rows) == 2002
    assert sum(Decimal(row["total"]) for row in rows) == Decimal(document.totals.total_minor) / 100


def test_a_folder_of_further_fonts_brings_further_scripts(tmp_path: Path, settings: Settings) -> None:
    make_font(tmp_path / "kanji.ttf", "Test Kanji", "掃")
    settings.FONT_DIR = tmp_path
    made = make_pdf(make_document([make_block(1, ("掃 除", "1", "100"))]))
    assert made.replaced_characters == ("除",)
    assert "掃 \ufffd" in page_texts(made.pdf)[0]


def make_font(path: Path, family: str, character: str) -> None:
    """A real font with one square glyph."""
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square"])
    builder.setupCharacterMap({ord(character): "square"})
    pen = TTGlyphPen(None)
    for move, point in [
        ("moveTo", (0, 0)),
        ("lineTo", (0, 800)),
        ("lineTo", (800, 800)),
        ("lineTo", (800, 0)),
    ]:
        getattr(pen, move)(point)
    pen.closePath()
    square = pen.glyph()
    builder.setupGlyf({".notdef": square, "square": square})
    builder.setupHorizontalMetrics({".notdef": (1000, 0), "square": (1000, 0)})
    builder.setupHorizontalHeader(ascent=900, descent=-100)
    builder.setupNameTable({"familyName": family, "styleName": "Regular", "psName": family.replace(" ", "")})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_every_character_of_our_fonts_can_be_printed_in_any_company() -> None:
    everything = sorted(font_book().widths)
    made = make_pdf(make_document(note="".join(everything) + "\n" + " ".join(everything)))
    assert not {character for character in made.replaced_characters if character.isprintable()}


@settings(max_examples=15)
@given(st.text(max_size=200), st.text(max_size=60))
def test_no_text_whatever_keeps_an_invoice_from_being_printed(note: str, description: str) -> None:
    document = make_document([make_block(1, (description, "1", "100"))], note=note)
    assert "Balance due" in page_texts(make_pdf(document).pdf)[-1]
