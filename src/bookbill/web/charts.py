"""Charts as numbers for an SVG that the server draws, each with the same figures as a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

WIDE, NARROW, HEIGHT = 560, 340, 220
NARROW_LABELS = 6
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 26
SERIES_MAX = 4


@dataclass(frozen=True)
class Series:
    """``values`` as whole numbers (minor units, counts), one for each label of the chart."""

    name: Any
    values: Sequence[int]


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    series: int


@dataclass(frozen=True)
class Group:
    """All bars over one label, with the rectangle that shows their figures when pointed at."""

    label: Any
    middle: float
    x: float
    width: float
    bars: Sequence[Bar]
    texts: Sequence[tuple[Any, str]]


@dataclass(frozen=True)
class Line:
    y: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """One size of a chart. The narrow one shows the last labels only."""

    size: str
    groups: Sequence[Group]
    lines: Sequence[Line]
    width: int
    right: int
    height: int = HEIGHT
    left: int = LEFT
    top: int = TOP
    plot: int = HEIGHT - TOP - BOTTOM
    label_y: int = HEIGHT - 8


@dataclass(frozen=True)
class Chart:
    title: Any
    series: Sequence[Any]
    wide: Drawing
    narrow: Drawing


def bar_chart(
    title: Any,
    labels: Sequence[Any],
    series: Sequence[Series],
    *,
    written: Callable[[int], str],
    short: Callable[[int], str] | None = None,
) -> Chart:
    """Bars side by side per label. ``written`` says a value in the table and on pointing, ``short`` on the axis."""
    if len(series) > SERIES_MAX:
        raise ValueError(f"at most {SERIES_MAX} series")

    def drawing(size: str, width: int, first: int) -> Drawing:
        shown = [Series(one.name, one.values[first:]) for one in series]
        return draw(size, width, labels[first:], shown, written, short or written)

    return Chart(
        title,
        [one.name for one in series],
        wide=drawing("wide", WIDE, 0),
        narrow=drawing("narrow", NARROW, max(len(labels) - NARROW_LABELS, 0)),
    )


def draw(
    size: str,
    width: int,
    labels: Sequence[Any],
    series: Sequence[Series],
    written: Callable[[int], str],
    short: Callable[[int], str],
) -> Drawing:
    highest = max((value for one in series for value in one.values), default=0)
    step = round_step(highest)
    steps = max(1, -(-highest // step))
    plot_width, plot_height = width - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def y_of(value: int) -> float:
        return round(TOP + plot_height * (1 - max(value, 0) / (step * steps)), 2)

    slot = plot_width / max(len(labels), 1)
    bar_width = min(22.0, slot * 0.72 / max(len(series), 1))
    groups = []
    for index, label in enumerate(labels):
        middle = LEFT + slot * (index + 0.5)
        first = middle - bar_width * len(series) / 2
        bars = [
            Bar(
                x=round(first + bar_width * which + 0.75, 2),
                y=y_of(one.values[index]),
                width=round(bar_width - 1.5, 2),
                height=round(HEIGHT - BOTTOM - y_of(one.values[index]), 2),
                series=which + 1,
            )
            for which, one in enumerate(series)
        ]
        texts = [(one.name, written(one.values[index])) for one in series]
        groups.append(
            Group(label, round(middle, 2), round(LEFT + slot * index, 2), round(slot, 2), bars, texts)
        )
    lines = [Line(y_of(step * number), short(step * number)) for number in range(steps + 1)]
    return Drawing(size, groups, lines, width=width, right=width - RIGHT)


def round_step(highest: int) -> int:
    """The distance of the axis' lines: 1, 2 or 5 times a power of ten, so that about four fit."""
    rough = max(highest, 1) / 4
    power = 1
    while power * 10 <= rough:
        power *= 10
    return next((power * factor for factor in (1, 2, 5, 10) if power * factor >= rough), power * 10)


def spark(values: Sequence[int], *, width: int = 80, height: int = 28) -> str:
    """The path of a small line without axes."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1
    points = (
        f"{round(1 + (width - 2) * index / (len(values) - 1), 1)} {round(height - 2 - (height - 4) * (value - low) / span, 1)}"
        for index, value in enumerate(values)
    )
    return "M" + "L".join(points)
