"""Who writes the mail of which cause, and the built bytes kept while its recipients are served."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import css_inline
from django.conf import settings

from bookbill.delivery.mime import Built, MailContent, build
from bookbill.delivery.models import Message

KEPT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class MailCause:
    """What a composer is asked for: one mail, the same for all its recipients."""

    company_id: UUID
    cause_kind: str
    cause_id: UUID
    kind: str
    step: int
    subject_id: UUID | None
    version_n: int | None
    text_id: UUID | None = None

    @classmethod
    def of(cls, message: Message) -> "MailCause":
        return cls(
            company_id=message.company_id,
            cause_kind=message.cause_kind,
            cause_id=message.cause_id,
            kind=message.kind,
            step=message.step,
            subject_id=message.subject_id,
            version_n=message.version_n,
            text_id=message.text_id,
        )


Composer = Callable[[MailCause], MailContent]
Link = Callable[[MailCause], str]

_composers: dict[str, tuple[Composer, Link]] = {}


def no_link(cause: MailCause) -> str:
    return ""


def register_composer(cause_kind: str, composer: Composer, *, link: Link = no_link) -> None:
    """Say once, at start (`config/wiring.py`), who writes the mails of a kind of cause.

    ``link`` reads where such a mail leads by now: all else that it says was settled with its promise. Both run outside
    any transaction with the scope of the message's company open.
    """
    _composers[cause_kind] = composer, link


class Bodies:
    """The most recently used built mails of this process, at most ``limit`` bytes of them."""

    def __init__(self, limit: int = KEPT_BYTES) -> None:
        self.limit = limit
        self.size = 0
        self.kept: OrderedDict[tuple[MailCause, str], Built] = OrderedDict()
        # Held while composing too: two lanes never build the same mail, and building is bound to one core anyway.
        self.lock = threading.Lock()

    def of(self, cause: MailCause) -> Built:
        """The built mail of a cause. Raises whatever its composer raises, and KeyError without a composer."""
        compose, link = _composers[cause.cause_kind]
        key = (cause, link(cause))
        with self.lock:
            if key in self.kept:
                self.kept.move_to_end(key)
                return self.kept[key]
            built = build(compose(cause), mail_from=settings.MAIL_FROM)
            self.kept[key] = built
            self.size += len(built.rest)
            while self.size > self.limit and len(self.kept) > 1:
                _, dropped = self.kept.popitem(last=False)
                self.size -= len(dropped.rest)
            return built


def inline_css(html: str, css: str = "") -> str:
    """``html`` with its <style> and ``css`` moved into the elements, for mail readers that drop style sheets. Loads nothing."""
    inliner = css_inline.CSSInliner(
        load_remote_stylesheets=False, keep_style_tags=False, extra_css=css or None
    )
    return inliner.inline(html)
