"""How a number is written: a company's own format, read strictly. Pure apart from the refusals' language."""

import re

from django.utils.translation import gettext as _

from bookbill.lib.errors import BadInput

PLACEHOLDER = re.compile(r"\{(year|n)(?::0?([0-9]{1,2}))?\}", re.ASCII)
LITERAL = re.compile(r"[A-Za-z0-9 ._/#-]*", re.ASCII)  # goes into subjects and file names, so nothing else
LENGTH_MAX = 30
WIDTH_MAX = 12


def format_number(number_format: str, *, n: int, year: int) -> str:
    """``INV-{year}-{n:05}`` with n=7 in 2026 is ``INV-2026-00007``. Never `str.format`: the format is a person's text."""

    def fill(match: re.Match[str]) -> str:
        value = n if match[1] == "n" else year
        return str(value).zfill(int(match[2] or 0))

    return PLACEHOLDER.sub(fill, number_format)


def split_format(number_format: str) -> tuple[str, str]:
    """The words before the first and after the last placeholder."""
    words = PLACEHOLDER.split(number_format)[::3]
    return words[0], words[-1]


def number_pattern(number_format: str) -> re.Pattern[str]:
    """What the format writes and nothing else; groups ``n`` and, if it has one, ``year``."""
    parts, end = [], 0
    for match in PLACEHOLDER.finditer(number_format):
        width = max(1, int(match[2] or 0))
        digits = f"[0-9]{{{width}}}|[1-9][0-9]{{{width},}}" if match[1] == "n" else "[0-9]{4}"
        parts += [re.escape(number_format[end : match.start()]), f"(?P<{match[1]}>{digits})"]
        end = match.end()
    return re.compile("".join(parts) + re.escape(number_format[end:]))


def check_number_format(number_format: str, *, restarts_yearly: bool, field: str = "number_format") -> str:
    """The format itself when two numbers written with it can never look alike; BadInput with the reason otherwise."""
    found = list(PLACEHOLDER.finditer(number_format))
    names = [match[1] for match in found]
    literals = PLACEHOLDER.split(number_format)[::3]  # what stands between the placeholders
    if not all(LITERAL.fullmatch(literal) for literal in literals):
        raise BadInput(
            "bad_number_format",
            _(
                "Use letters, digits, spaces and . _ / # - around {year} and {n}, for example INV-{year}-{n:05}."
            ),
            field=field,
        )
    if names.count("n") != 1 or names.count("year") > 1 or any(m[1] == "year" and m[2] for m in found):
        raise BadInput(
            "bad_number_format", _("The format needs {n} once, and {year} at most once."), field=field
        )
    if restarts_yearly and "year" not in names:
        raise BadInput(
            "bad_number_format",
            _("Numbers that restart every year need {year} in their format."),
            field=field,
        )
    if any(int(match[2] or 0) > WIDTH_MAX for match in found) or len(number_format) > LENGTH_MAX:
        raise BadInput("bad_number_format", _("This number format is too long."), field=field)
    place = names.index("n")
    if literals[place][-1:].isdigit() or literals[place + 1][:1].isdigit():
        raise BadInput(
            "bad_number_format",
            _("Put something between {n} and the digits beside it, for example a dash."),
            field=field,
        )
    return number_format
