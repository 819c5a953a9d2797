import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.companies.number_formats import check_number_format, format_number
from bookbill.lib.errors import BadInput


@pytest.mark.parametrize(
    ("number_format", "expected"),
    [
        ("INV-{year}-{n:05}", "INV-2026-00042"),
        ("{n}", "42"),
        ("F {year}/{n:3}", "F 2026/042"),
        ("{year}{n:06}", "2026000042"),
    ],
)
def test_a_number_is_written_as_the_company_wants(number_format: str, expected: str) -> None:
    assert check_number_format(number_format, restarts_yearly=False) == number_format
    assert format_number(number_format, n=42, year=2026) == expected


@pytest.mark.parametrize(
    ("number_format", "restarts_yearly"),
    [
        ("INV", False),
        ("{n}{n}", False),
        ("{year}-{year}-{n}", False),
        ("INV-{n:05}", True),  # next year would write the same numbers again
        ("INV-2{n}", False),  # 2|12 and 21|2 would look alike after a change of the format
        ("{n}7", False),
        ("{n:99}", False),
        ("INV-{n!r}", False),
        ("{n.__class__}", False),
        ("INV-{m}-{n}", False),
        ("INV-{n}\r\nBcc: a@b.co", False),
        ("{year:08}-{n}", False),
        ("x" * 40 + "{n}", False),
        ("Ⅳ-{n}", False),
    ],
)
def test_a_format_that_could_lie_or_break_something_is_refused(
    number_format: str, restarts_yearly: bool
) -> None:
    with pytest.raises(BadInput) as refused:
        check_number_format(number_format, restarts_yearly=restarts_yearly)
    assert refused.value.code == "bad_number_format"


@given(
    st.integers(1, 10**9),
    st.integers(1, 10**9),
    st.sampled_from(["INV-{year}-{n:05}", "{n}", "A{year}{n:03}Z", "{n:12}/{year}"]),
)
def test_two_numbers_of_a_year_never_look_alike(one: int, other: int, number_format: str) -> None:
    same = format_number(number_format, n=one, year=2026) == format_number(number_format, n=other, year=2026)
    assert same == (one == other)
