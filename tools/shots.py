"""Pictures of every page in every form, into `shots/`: one file each, and `shots/index.html`, the contact sheet.

`python -m tools.shots [--only WORD]` seeds and serves a sandbox of its own under `var/shots`. WORD picks the pages
whose name holds it, or the forms (`dark`, `390`, `fr`). `--docs` takes the chosen few of `docs/pictures` instead.
"""

import argparse
import html
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image
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
THUMBNAILS = {1440: 600, 768: 320, 390: 200}
"""How wide a picture is on the contact sheet, by the width of its window. Below 420 pixels it is cut off."""

SHEET = """<!doctype html>
<meta charset="utf-8">
<title>Bookbill, every page in every form</title>
<style>
:root {{ color-scheme: light dark; font: 13px/1.3 system-ui, sans-serif; }}
body {{ margin: 0; }}
table {{ border-spacing: 8px; }}
th {{ position: sticky; top: 0; z-index: 1; padding: 4px 8px; background: Canvas; text-align: start; }}
tbody th {{ left: 0; vertical-align: top; }}
thead th:first-child {{ left: 0; z-index: 2; }}
td {{ vertical-align: top; }}
td a {{ display: block; height: 420px; overflow: hidden; outline: 1px solid GrayText; }}
</style>
<table>
<thead><tr><th>{count} pages</th>{heads}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
"""


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

    forms = [Form(theme, width) for width in THUMBNAILS for theme in ("light", "dark")]
    forms += [Form("light", width, language="fr") for width in (1440, 390)]
    forms += [Form("light", width, longer=True) for width in (1440, 390)]
    chosen_forms = [form for form in forms if only in str(form)] or forms
    chosen = [page for page in PAGES if only in page.name] or PAGES
    SHOTS.mkdir(exist_ok=True)
    for form in chosen_forms:
        folder = SHOTS / str(form)
        folder.mkdir(exist_ok=True)
        with visiting(browser, sandbox, form) as visit:
            for page in chosen:
                tab = visit.open(page)
                for text in visit.complaints:
                    print(f"{form} {page.name}: {text}", file=sys.stderr)
                if visit.is_sideways(tab):
                    print(f"{form} {page.name}: wider than the window", file=sys.stderr)
                photograph(tab, folder / f"{page.name}.png", whole=not page.opens)
        print(f"{form}: {len(chosen)} pictures", flush=True)
    sheet = SHOTS / "index.html"
    sheet.write_text(contact_sheet([page.name for page in PAGES], forms))
    print(f"All side by side: {sheet}")


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


def contact_sheet(names: Sequence[str], forms: Sequence[Any]) -> str:
    """A page with a row for each page and a column for each form that have pictures, whenever these were taken."""
    forms = [form for form in forms if any((SHOTS / str(form)).glob("*.png"))]
    taken = [name for name in names if any((SHOTS / str(form) / f"{name}.png").exists() for form in forms)]
    return SHEET.format(
        count=len(taken),
        heads="".join(f"<th>{form}</th>" for form in forms),
        rows="\n".join(
            f"<tr><th>{html.escape(name)}</th>{''.join(cell(name, form) for form in forms)}</tr>"
            for name in taken
        ),
    )


def cell(name: str, form: Any) -> str:
    path = f"{form}/{name}.png"
    if not (SHOTS / path).exists():
        return "<td></td>"
    picture = f'<img src="{path}" alt="{name} in {form}" width="{THUMBNAILS[form.width]}" loading="lazy">'
    return f'<td><a href="{path}">{picture}</a></td>'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
