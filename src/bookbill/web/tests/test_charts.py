from hypothesis import given
from hypothesis import strategies as st

from bookbill.web.charts import Series, bar_chart, round_step, spark


@given(st.integers(0, 10**15))
def test_the_axis_has_few_round_lines_and_reaches_the_highest_value(highest: int) -> None:
    step = round_step(highest)
    assert str(step).rstrip("0") in {"1", "2", "5"}
    assert -(-highest // step) <= 5


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=40))
def test_no_bar_leaves_the_chart(values: list[int]) -> None:
    chart = bar_chart("t", [str(n) for n in range(len(values))], [Series("s", values)], written=str)
    for drawing in (chart.wide, chart.narrow):
        for group in drawing.groups:
            for bar in group.bars:
                assert bar.y >= drawing.top
                assert bar.height >= 0
                assert drawing.left <= bar.x <= drawing.right


def test_a_chart_without_values_still_has_an_axis() -> None:
    chart = bar_chart("t", [], [], written=str)
    assert [line.label for line in chart.wide.lines] == ["0", "1"]


def test_a_small_line_needs_two_points() -> None:
    assert spark([1]) == ""
    assert spark([1, 3, 2]).startswith("M1")
