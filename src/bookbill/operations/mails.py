"""Reading a kept mail as a mail program would."""

from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

HEADERS_SHOWN = ("From", "Reply-To", "To", "Subject", "Date", "Message-ID")


@dataclass(frozen=True, slots=True)
class Part:
    """An attachment."""

    filename: str
    content_type: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True, slots=True)
class Mail:
    headers: tuple[tuple[str, str], ...]
    """All of them, in order."""
    text: str
    html: str
    attachments: tuple[Part, ...]
    pictures: tuple[tuple[str, str, bytes], ...]
    """(name, type, bytes) of what the HTML shows."""

    def header(self, name: str) -> str:
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")


def read_mail(raw: bytes) -> Mail:
    message = message_from_bytes(raw, policy=policy.default)
    return Mail(
        headers=tuple((name, str(value)) for name, value in message.items()),
        text=_text(message, "plain"),
        html=_text(message, "html"),
        attachments=tuple(
            Part(
                filename=part.get_filename() or "attachment",
                content_type=part.get_content_type(),
                content=cast(bytes, part.get_payload(decode=True) or b""),
            )
            for part in message.iter_attachments()
        ),
        pictures=tuple(
            (
                part["Content-ID"].strip("<>"),
                part.get_content_type(),
                cast(bytes, part.get_payload(decode=True)),
            )
            for part in message.walk()
            if part["Content-ID"] and part.get_content_maintype() == "image"
        ),
    )


def _text(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""
