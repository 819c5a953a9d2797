import datetime as dt
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookbill.delivery.mime import Attachment, MailContent, Picture, addressed, build, read_mail

AT = dt.datetime(2026, 7, 1, 12, 30, tzinfo=dt.UTC)
OWN_HEADERS = {
    "To", "Message-ID", "Date", "From", "Reply-To", "Subject", "MIME-Version", "Auto-Submitted", "X-Auto-Response-Suppress",
    "Content-Type", "Content-Transfer-Encoding",
}  # fmt: skip


def raw_of(**content: object) -> bytes:
    values = {"subject": "Invoice", "text": "Hello", **content}
    built = build(MailContent(**values), mail_from="invoices@bills.example")  # type: ignore[arg-type]
    return addressed(built, recipient="joe@maple.example", message_id="<1@bills.example>", at=AT)


def mail_of(**content: object) -> EmailMessage:
    mail = message_from_bytes(raw_of(**content), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def test_a_mail_says_who_sent_it_to_whom_and_that_a_program_did() -> None:
    mail = mail_of(subject="Invoice INV-1", from_name="Bright Home Co.", reply_to="office@bright.example")
    assert mail["From"] == '"Bright Home Co." <invoices@bills.example>'
    assert (mail["To"], mail["Reply-To"], mail["Subject"]) == (
        "joe@maple.example",
        "office@bright.example",
        "Invoice INV-1",
    )
    assert mail["Message-ID"] == "<1@bills.example>"
    assert mail["Date"].datetime == AT
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_attachment_arrives_as_the_very_bytes_it_was() -> None:
    pdf = bytes(range(256)) * 300
    mail = read_mail(
        raw_of(html="<p>Hello</p>", attachments=[Attachment("INV-1.pdf", "application/pdf", pdf)])
    )
    assert [(a.filename, a.content_type, a.content) for a in mail.attachments] == [
        ("INV-1.pdf", "application/pdf", pdf)
    ]
    assert (mail.text, mail.html) == ("Hello\n", "<p>Hello</p>\n")


@pytest.mark.parametrize(
    "text",
    [
        "Rechnung für Ärger & Söhne – 345,00 €",
        "発票 №7 🧹🏡 " * 12,
        "فاتورة ٣٤٥ دولار",
        "=?utf-8?q?not_decoded?=",
        'quoted "name", with <brackets> (and) \\ backslash',
        "a" * 240,
        "👩‍🔧 family emoji stays joined",
    ],
)
def test_any_script_survives_in_subject_and_name(text: str) -> None:
    mail = mail_of(subject=text, from_name=text[:100])
    expected = " ".join(text.split())
    assert mail["Subject"] == expected
    shown_name, _ = parseaddr(str(message_from_bytes(raw_of(from_name=text[:100]))["From"]))
    assert str(make_header(decode_header(shown_name))) == " ".join(text[:100].split())
    assert mail["From"].addresses[0].addr_spec == "invoices@bills.example"


@pytest.mark.parametrize(
    "newline", ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x00", "\x85", "\u2028", "\u2029", "\r\n\t", "\n "]
)
@pytest.mark.parametrize("field", ["subject", "from_name", "filename", "header"])
def test_no_text_becomes_a_header_or_a_body(newline: str, field: str) -> None:
    evil = f"Invoice{newline}Bcc: spy@evil.example{newline}{newline}<b>other body</b>"
    contents: dict[str, dict[str, Any]] = {
        "filename": {"attachments": [Attachment(evil, "application/pdf", b"x")]},
        "header": {"headers": {"X-Customer": evil}},
    }
    raw = raw_of(**contents.get(field, {field: evil}))
    mail = message_from_bytes(raw)
    assert mail["Bcc"] is None
    assert set(mail.keys()) <= OWN_HEADERS | {"X-Customer"}
    assert "other body" not in read_mail(raw).text


@pytest.mark.parametrize(
    "evil",
    [
        "a@b.example\r\nBcc: spy@evil.example",
        "a@b.example, spy@evil.example",
        "<a@b.example>",
        "a b@c.example",
        "",
        "a@b.example\x00",
        "ä@b.example",
    ],
)
@pytest.mark.parametrize("field", ["recipient", "from_address", "reply_to"])
def test_what_is_no_plain_address_is_refused(evil: str, field: str) -> None:
    if not evil and field != "recipient":
        evil = " "
    addresses: dict[str, Any] = {} if field == "recipient" else {field: evil}
    content = MailContent(subject="s", text="t", **addresses)
    with pytest.raises(ValueError, match="not a plain address"):
        addressed(
            build(content, mail_from="x@y.example"),
            recipient=evil if field == "recipient" else "joe@maple.example",
            message_id="<1@x>",
            at=AT,
        )


@pytest.mark.parametrize("name", ["To", "Bcc", "X-A\r\nBcc", "Content-Type", "X-", "X-É"])
def test_a_composer_cannot_set_the_headers_that_are_ours(name: str) -> None:
    with pytest.raises(ValueError, match="not a header"):
        raw_of(headers={name: "x"})


@given(
    subject=st.text(max_size=400),
    name=st.text(max_size=200),
    filename=st.text(max_size=200),
    text=st.text(max_size=3000),
    content=st.binary(max_size=500),
)
def test_every_mail_is_short_lines_of_seven_bit_text_and_reads_back(
    subject: str, name: str, filename: str, text: str, content: bytes
) -> None:
    raw = raw_of(
        subject=subject,
        from_name=name,
        text=text,
        html=text,
        attachments=[Attachment(filename, "text/csv", content)],
    )
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\x00" not in raw
    mail = message_from_bytes(raw, policy=policy.default)
    assert set(mail.keys()) <= OWN_HEADERS
    assert not mail.defects
    attachment = next(mail.iter_attachments())
    assert attachment.get_payload(decode=True) == content
    assert mail["From"].addresses[0].addr_spec == "invoices@bills.example"


def test_long_lines_and_dots_at_their_beginning_stay_as_written() -> None:
    text = ".\n..hidden\n" + "x" * 5000 + "\n. end"
    assert read_mail(raw_of(text=text)).text == text + "\n"


def test_a_file_name_keeps_its_letters_and_loses_its_path() -> None:
    mail = read_mail(raw_of(attachments=[Attachment("../Rechnung für Ärger;.pdf", "application/pdf", b"x")]))
    assert mail.attachments[0].filename == "-Rechnung für Ärger-.pdf"


def test_pictures_of_the_html_travel_beside_it() -> None:
    mail = mail_of(
        html='<img src="cid:logo">',
        pictures=[Picture("logo", "image/png", b"\x89PNG bytes")],
        attachments=[Attachment("a.pdf", "application/pdf", b"%PDF")],
    )
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/pdf",
    ]
    (picture,) = [part for part in mail.walk() if part["Content-ID"]]
    assert (picture["Content-ID"], picture.get_payload(decode=True)) == ("<logo>", b"\x89PNG bytes")


@pytest.mark.parametrize(
    "picture", [Picture("a>\r\nBcc: x", "image/png", b""), Picture("logo", "image/png\r\nX: y", b"")]
)
def test_a_picture_cannot_write_headers(picture: Picture) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        raw_of(html="<p>Hello</p>", pictures=[picture])
