import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.lib.errors import RuleBroken
from bookbill.web.api.strict_json import BODY_MAX, DEPTH_MAX, parse_json

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(plain)
def test_what_is_plain_json_is_read_as_it_is(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": 1, "a": 2}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\xff\xfe",
        b'"\xed\xa0\x80"',
        b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1),
        b"[" * 100_000,
        b'{"a":' * 200 + b"1" + b"}" * 200,
    ],
)
def test_a_body_that_a_ledger_must_not_take_is_malformed(body: bytes) -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_json(body)
    assert refused.value.status == 400


def test_a_body_beyond_two_megabytes_is_too_large() -> None:
    with pytest.raises(RuleBroken) as refused:
        parse_json(b'"' + b"x" * BODY_MAX + b'"')
    assert refused.value.status == 413
