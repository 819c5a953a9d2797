"""Texts with placeholders: replaced once, and nothing else is ever read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.invoices.placeholders import ALLOWED, MailKind, fill, unknown_in
from bookbill.invoices.wording import read_wording, standard_wording
from bookbill.lib.errors import BadInput

NAMES = st.sampled_from(["customer", "total", "due"])


def test_a_value_is_not_read_again() -> None:
    values = {"customer": "{total} {customer} %s {{due}}", "total": "$1.00", "due": "$2.00"}
    assert fill("{customer} owes {total}", values) == "{total} {customer} %s {{due}} owes $1.00"


@given(st.lists(st.tuples(st.text(), NAMES)), st.text())
def test_each_place_gets_its_value_and_the_rest_stays(parts: list[tuple[str, str]], value: str) -> None:
    """Texts without braces of their own, so that the places are known."""
    plain = [(text.replace("{", "").replace("}", ""), name) for text, name in parts]
    template = "".join(f"{text}{{{name}}}" for text, name in plain)
    values = dict.fromkeys(["customer", "total", "due"], value)
    assert fill(template, values) == "".join(text + value for text, _name in plain)


@pytest.mark.parametrize(
    "text",
    ["{0.__class__}", "{customer.__init__.__globals__}", "%s %(total)s %n", "{{ }}", "{% load x %}", "{}", "{ total }", "$total", "{total", "total}", "{total!r}", "{total:>99999}"],
)  # fmt: skip
def test_what_only_looks_like_code_is_text(text: str) -> None:
    assert fill(text, {"total": "$1.00"}) == text
    assert read_wording(MailKind.INVOICE, text, text).body == text


@pytest.mark.parametrize(
    ("kind", "text", "unknown"),
    [
        (MailKind.INVOICE, "Dear {client}", "{client}"),
        (MailKind.INVOICE, "{Customer}", "{Customer}"),
        (MailKind.INVOICE, "{numéro}", "{numéro}"),
        (MailKind.RECEIPT, "{invoice}", "{invoice}"),
        (MailKind.CANCELLED, "{due}", "{due}"),
        (MailKind.INVOICE, "{__class__}", "{__class__}"),
    ],
)
@pytest.mark.parametrize("field", ["subject", "body"])
def test_an_unknown_placeholder_is_refused_by_name(
    kind: MailKind, text: str, unknown: str, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        read_wording(kind, **{"subject": "Hello", "body": "Hello", field: text})
    assert (refused.value.code, refused.value.field) == ("unknown_placeholder", field)
    assert refused.value.message.startswith(f"{unknown} is not a placeholder")
    assert "{customer}" in refused.value.message


@pytest.mark.parametrize(
    ("subject", "body", "code", "field"),
    [
        ("", "Hello", "required", "subject"),
        ("Hello", " \n ", "required", "body"),
        ("x" * 151, "Hello", "too_long", "subject"),
        ("Hello", "x" * 5_001, "too_long", "body"),
        ("Hello\nBcc: all@evil.example", "Hello", "bad_text", "subject"),
        ("Hello\r\nBcc: all@evil.example", "Hello", "bad_text", "subject"),
        ("Hello\x00", "Hello", "bad_text", "subject"),
        ("Hello", "4242 4242 4242 4242", "card_number", "body"),
    ],
)
def test_a_text_that_cannot_be_a_mail_is_refused(subject: str, body: str, code: str, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_wording(MailKind.INVOICE, subject, body)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("kind", MailKind)
def test_the_standard_texts_keep_to_their_placeholders(kind: MailKind, language: str) -> None:
    standard = standard_wording(kind, language)
    assert not unknown_in(standard.subject + standard.body, ALLOWED[kind])
    assert read_wording(kind, standard.subject, standard.body) == standard
