"""The texts of mails as they stand: a company's own, else the standard ones."""

from dataclasses import dataclass

from django.conf import settings

from bookbill.invoices.models import MailText
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.wording import Wording, standard_wording


@dataclass(frozen=True, slots=True)
class StandingText:
    """What a kind of email says in a language now. ``revision`` is 0 where the company never wrote one."""

    kind: MailKind
    language: str
    wording: Wording
    is_standard: bool
    revision: int


def standing_texts() -> list[StandingText]:
    """Of every kind and language. One query."""
    own = {(text.kind, text.language): text for text in MailText.objects.current()}
    return [
        _standing(kind, language, own.get((kind, language)))
        for kind in MailKind
        for language, _name in settings.LANGUAGES
    ]


def standing_text(kind: MailKind, language: str) -> StandingText:
    own = MailText.objects.filter(kind=kind, language=language).order_by("-n").first()
    return _standing(kind, language, own)


def _standing(kind: MailKind, language: str, own: MailText | None) -> StandingText:
    is_standard = own is None or not own.subject
    wording = (
        standard_wording(kind, language) if own is None or is_standard else Wording(own.subject, own.body)
    )
    return StandingText(kind, language, wording, is_standard, own.n if own else 0)
