"""Pictures of every page in every form, into `shots/`: one file each, and contact sheets to look at.

`python -m tools.shots [--only WORD]` seeds and serves a sandbox of its own under `var/shots`. WORD picks the pages
whose name holds it, or the forms (`dark`, `390`, `fr`). `--docs` takes the chosen few of `docs/pictures` instead.
"""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "shots"
DATA_DIR = ROOT / "var" / "shots"
DOCS = ROOT / "docs" / "pictures"
CHOSEN = {
    ("light", 1440): ("invoices", "invoice-changed", "generate", "calendar", "mail"),
    ("dark", 1440): ("dashboard",),
    ("light", 390): ("link-part-paid", "invoices"),
}
TALLEST = {1440: 1_100, 768: 1_750, 390: 1_250}
SHEETS = {1440: (2, 620), 768: (3, 410), 390: (4, 310)}
"""Columns of a contact sheet, and the width of a picture on it, in pixels."""
SHEET_HEIGHT, CAPTION, GAP = 1_050, 18, 12


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./dev shots", description="Take pictures of every page.")
    parser.add_argument("--only", default="", metavar="WORD", help="pages or forms whose name holds this")
    parser.add_argument("--docs", action="store_true", help="take the pictures of the documentation")
    parser.add_argument("--seeded", action="store_true", help="take the sandbox of the last time")
    options = parser.parse_args(arguments)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "bookbill.config.settings", "DATA_DIR": str(DATA_DIR)}
    import django

    django.setup()
    from tests.support.sandbox import SAID, seed, served
    from tests.support.servers import BROWSER_FLAGS, chromium_program

    if not options.seeded or not (DATA_DIR / SAID).exists():
        shutil.rmtree(DATA_DIR, ignore_errors=True)
        seed(DATA_DIR)
    with served(DATA_DIR) as sandbox, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_program(), args=BROWSER_FLAGS)
        if options.docs:
            take_chosen(browser, sandbox)
        else:
            take_all(browser, sandbox, options.only)
        browser.close()
    return 0


def take_all(browser: Browser, sandbox: Any, only: str) -> None:
    from tests.support.pages import PAGES
    from tests.support.visiting import Form, visiting

    forms = [Form(theme, width) for width in (1440, 768, 390) for theme in ("light", "dark")]
    forms += [Form("light", width, language="fr") for width in (1440, 390)]
    forms += [Form("light", width, longer=True) for width in (1440, 390)]
    chosen_forms = [form for form in forms if only in str(form)] or forms
    chosen = [page for page in PAGES if only in page.name] or PAGES
    SHOTS.mkdir(exist_ok=True)
    for form in chosen_forms:
        folder = SHOTS / str(form)
        folder.mkdir(exist_ok=True)
        pictures = []
        with visiting(browser, sandbox, form) as visit:
            for page in chosen:
                tab = visit.open(page)
                for text in visit.complaints:
                    print(f"{form} {page.name}: {text}", file=sys.stderr)
                if visit.is_sideways():
                    print(f"{form} {page.name}: wider than the window", file=sys.stderr)
                picture = folder / f"{page.name}.png"
                photograph(tab, picture, whole=not page.opens)
                pictures.append(picture)
        make_sheets(form, pictures)
        print(f"{form}: {len(pictures)} pictures", flush=True)


def take_chosen(browser: Browser, sandbox: Any) -> None:
    from tests.support.pages import PAGES
    from tests.support.visiting import Form, visiting

    pages = {page.name: page for page in PAGES}
    for (theme, width), names in CHOSEN.items():
        with visiting(browser, sandbox, Form(theme, width)) as visit:
            for name in names:
                picture = DOCS / f"{name}{'-phone' if width == 390 else ''}.png"
                photograph(visit.open(pages[name]), picture, whole=False)
                with Image.open(picture) as image:
                    few = image.convert("RGB").quantize(128, dither=Image.Dither.NONE)
                few.save(picture, optimize=True)


def photograph(tab: Any, picture: Path, *, whole: bool) -> None:
    """``whole``: in a window as high as the page, so that what sticks to its edge stands at the end."""
    window = tab.viewport_size
    if whole:
        tall = tab.evaluate("Math.ceil(document.documentElement.scrollHeight)")
        tab.set_viewport_size({**window, "height": max(tall, window["height"])})
    tab.screenshot(path=picture)
    tab.set_viewport_size(window)


def make_sheets(form: Any, pictures: Sequence[Path]) -> None:
    """Put them beside each other, row by row, with their names."""
    columns, width = SHEETS[form.width]
    for old in SHOTS.glob(f"sheet-{form}-*.png"):
        old.unlink()
    rows = [pictures[start : start + columns] for start in range(0, len(pictures), columns)]
    sheets: list[list[list[tuple[str, Image.Image]]]] = [[]]
    height = 0
    for row in rows:
        small = [(path.stem, shrink(path, form.width, width)) for path in row]
        tall = max(image.height for _name, image in small) + CAPTION + GAP
        if sheets[-1] and height + tall > SHEET_HEIGHT:
            sheets.append([])
            height = 0
        sheets[-1].append(small)
        height += tall
    for number, sheet in enumerate(sheets, start=1):
        draw_sheet(sheet, columns * (width + GAP) + GAP, width).save(SHOTS / f"sheet-{form}-{number}.png")


def shrink(path: Path, window: int, width: int) -> Image.Image:
    with Image.open(path) as image:
        cut = image.convert("RGB").crop((0, 0, image.width, min(image.height, TALLEST[window])))
    return cut.resize((width, round(cut.height * width / cut.width)), Image.Resampling.LANCZOS)


def draw_sheet(rows: list[list[tuple[str, Image.Image]]], total: int, width: int) -> Image.Image:
    tall = [max(image.height for _name, image in row) + CAPTION + GAP for row in rows]
    sheet = Image.new("RGB", (total, sum(tall) + GAP), "#8a8f98")
    draw = ImageDraw.Draw(sheet)
    top = GAP
    for row, height in zip(rows, tall, strict=True):
        for column, (name, image) in enumerate(row):
            left = GAP + column * (width + GAP)
            draw.text((left, top), name, fill="#000000")
            sheet.paste(image, (left, top + CAPTION))
        top += height
    return sheet


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
