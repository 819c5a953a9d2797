"""A company's colour as a stylesheet. Any colour is made readable: on its page, and under its own text, in both themes.

A capability serves `stylesheet(colour)` at a URL of its own (no inline style is allowed) and registers that URL
with `web.context.register_company_stylesheet`.
"""

import re

Rgb = tuple[float, float, float]

HEX = re.compile(r"#[0-9a-f]{6}", re.ASCII | re.IGNORECASE)
WHITE: Rgb = (1.0, 1.0, 1.0)
INK: Rgb = (0.07, 0.08, 0.11)
LIGHT_SURFACE: Rgb = WHITE
DARK_SURFACE: Rgb = (0.09, 0.1, 0.13)
LEAST_CONTRAST = 3.0  # of the colour against the page
TEXT_CONTRAST = 4.5  # of the text on the colour
STEPS = 40


def is_colour(text: str) -> bool:
    return bool(HEX.fullmatch(text))


def stylesheet(colour: str) -> str:
    """The rules for one company, `#rrggbb`. Raises ValueError for anything else."""
    if not is_colour(colour):
        raise ValueError(f"not a colour: {colour!r}")
    light, dark = variables(colour, LIGHT_SURFACE), variables(colour, DARK_SURFACE)
    return (
        f":root{{{light}}}\n[data-theme=dark]{{{dark}}}\n"
        f"@media (prefers-color-scheme:dark){{:root:not([data-theme]){{{dark}}}}}\n"
    )


def variables(colour: str, surface: Rgb) -> str:
    accent = readable_on(surface, parse(colour))
    return f"--accent:{write(accent)};--accent-content:{write(text_on(accent))}"


def readable_on(surface: Rgb, colour: Rgb) -> Rgb:
    """The colour, moved as little as needed towards ink or white until it stands out, and its own text on it."""
    target = INK if luminance(surface) > 0.5 else WHITE
    for step in range(STEPS + 1):
        mixed = mix(colour, target, step / STEPS)
        stands_out = contrast(mixed, surface) >= LEAST_CONTRAST
        if stands_out and contrast(text_on(mixed), mixed) >= TEXT_CONTRAST:
            return mixed
    return target


def text_on(colour: Rgb) -> Rgb:
    """Ink or white, whichever reads better."""
    return max((WHITE, INK), key=lambda candidate: contrast(candidate, colour))


def mix(one: Rgb, other: Rgb, share: float) -> Rgb:
    red, green, blue = (a + (b - a) * share for a, b in zip(one, other, strict=True))
    return red, green, blue


def contrast(one: Rgb, other: Rgb) -> float:
    """WCAG 2 contrast, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Rgb) -> float:
    red, green, blue = (
        channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4 for channel in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def parse(colour: str) -> Rgb:
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue


def write(colour: Rgb) -> str:
    return "#" + "".join(f"{round(channel * 255):02x}" for channel in colour)
