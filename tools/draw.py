"""Draws which capability imports which, from the code, into ARCHITECTURE.md between two markers.

The order of the lines is the order of the layers in pyproject.toml; `--check` only says whether the page is up to date.
"""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "bookbill"
PAGE = ROOT / "ARCHITECTURE.md"
BEGIN, END = "<!-- picture: made by ./dev draw -->", "<!-- end of picture -->"


def main(arguments: list[str]) -> int:
    text = PAGE.read_text() if PAGE.exists() else ""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        print(
            f"ARCHITECTURE.md has no place for the picture: put {BEGIN} and {END} into it.", file=sys.stderr
        )
        return 1
    drawn = f"{before}{BEGIN}\n{picture()}{END}{after}"
    if drawn == text:
        return 0
    if "--check" in arguments:
        print("The picture in ARCHITECTURE.md is not what the code imports: run ./dev draw.", file=sys.stderr)
        return 1
    PAGE.write_text(drawn)
    return 0


def picture() -> str:
    layers = layers_of_contract()
    imports = {name: imports_of(ROOT / "src" / PACKAGE / name) for layer in layers for name in layer}
    present = [name for name in imports if (ROOT / "src" / PACKAGE / name).is_dir()]
    width = max(map(len, present))
    lines = []
    for layer in layers:
        for name in layer:
            if name in present:
                below = [other for other in present if other in imports[name] and other != name]
                lines.append(f"{name:{width}}  {'→ ' + ', '.join(below) if below else '·'}")
    return "```\n" + "\n".join(lines) + "\n```\n"


def layers_of_contract() -> list[list[str]]:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = [contract["layers"] for contract in contracts if contract["id"] == "layers"]
    return [re.findall(r"\w+", layer) for layer in layers]


def imports_of(folder: Path) -> set[str]:
    """Names of the capabilities that the folder's modules import, tests and migrations left out."""
    found = set()
    for path in folder.rglob("*.py"):
        if not {"tests", "migrations"} & set(path.relative_to(folder).parts):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom):
                    names = [f"{node.module}.{alias.name}" for alias in node.names]
                elif isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                else:
                    continue
                found |= {name.split(".")[1] for name in names if name.startswith(PACKAGE + ".")}
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
