"""Rules that every template of the product keeps, read from the files."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2]
WEB = PACKAGE / "web"
MAIL_FOLDERS = {"mail", "mails", "email", "emails"}


def page_templates() -> list[Path]:
    """Every HTML template of a page; mails have their own rules."""
    return [
        path
        for path in sorted(PACKAGE.glob("*/templates/**/*.html"))
        if not MAIL_FOLDERS & set(path.relative_to(PACKAGE).parts)
    ]


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(PACKAGE)) for path in paths]


TEMPLATES = page_templates()
COMMENT = re.compile(r"{% comment %}.*?{% endcomment %}|{#.*?#}|<!--.*?-->", re.DOTALL)
INLINE = re.compile(
    r"""<style|\sstyle\s*=|\son[a-z]+\s*=|\shx-on|<script(?![^>]*\ssrc=)|javascript:""", re.IGNORECASE
)
COMPONENT = re.compile(r"<c-([a-z][a-z-]*)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
DYNAMIC = re.compile(r"(?:^|\s):([a-z][a-z-]*)\s*=")
VARS = re.compile(r"<c-vars\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
CLASS = re.compile(r"""(?<![:\w-])class=("[^"]*"|'[^']*')""")
ICON = re.compile(r"""{% icon "([a-z0-9-]+)"|\sicon="([a-z0-9-]+)\"""")


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_no_template_writes_style_or_script_into_the_page(path: Path) -> None:
    found = INLINE.findall(COMMENT.sub("", path.read_text()))
    assert not found, f"the content security policy refuses {found}"


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_unescaped_attributes_go_only_where_a_component_escapes_them(path: Path) -> None:
    """`:name="value"` passes the bare value: fine where the component prints it, an injection where it passes through."""
    for component, attributes in COMPONENT.findall(path.read_text()):
        if component in {"vars", "slot"}:
            continue
        definition = next(PACKAGE.glob(f"*/templates/cotton/{component.replace('-', '_')}.html"))
        declared = VARS.search(definition.read_text())
        known = set(re.findall(r":?([a-z][a-z-]*)=", declared.group(1))) if declared else set()
        passed = set(DYNAMIC.findall(attributes)) - {"attrs"}
        assert passed <= known, (
            f"<c-{component}> does not declare {passed - known}; write {{{{ }}}} in quotes"
        )


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_every_class_is_in_the_committed_stylesheet(path: Path) -> None:
    """Else the page was written after the last `npm run build`."""
    css = stylesheet()
    text = COMMENT.sub("", path.read_text())
    text = re.sub(r"{%.*?%}|{{.*?}}", "\0", text, flags=re.DOTALL)
    tokens = {token for value in CLASS.findall(text) for token in value[1:-1].split() if "\0" not in token}
    missing = {token for token in tokens if "." + re.sub(r"([^\w-])", r"\\\1", token) not in css}
    assert not missing, f"not in app.css, run `npm run build` and commit it: {sorted(missing)}"


@pytest.mark.parametrize("path", TEMPLATES, ids=names(TEMPLATES))
def test_every_icon_is_in_the_committed_sprite(path: Path) -> None:
    sprite = (WEB / "static/web/icons.svg").read_text()
    used = {name for pair in ICON.findall(path.read_text()) for name in pair if name}
    missing = {name for name in used if f'id="{name}"' not in sprite}
    assert not missing, f"add to web/assets_src/icons.txt and run `npm run build`: {sorted(missing)}"


def stylesheet() -> str:
    return (WEB / "static/web/app.css").read_text()


def test_the_build_names_no_other_host() -> None:
    """Nothing may be fetched from elsewhere; the names of standards are not fetched."""
    for name in ("app.css", "icons.svg", "favicon.svg"):
        text = (WEB / "static/web" / name).read_text().replace("http://www.w3.org/2000/svg", "")
        assert "http" not in text.replace("https://tailwindcss.com", ""), name
    assert "http" not in (PACKAGE.parents[1] / "package-lock.json").read_text().replace(
        '"url": "https://', ""
    )


def test_the_first_load_is_small() -> None:
    import gzip

    total = sum(
        len(gzip.compress((WEB / "static/web" / name).read_bytes(), 6))
        for name in ("app.css", "app.js", "icons.svg")
    )
    assert total < 90_000
