"""The API of what mails say."""

from typing import Annotated

from django.http import HttpResponse
from ninja import Router

from bookbill.companies.clock import now
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right, require
from bookbill.invoices.actions.mail_texts import use_standard_text, write_mail_text
from bookbill.invoices.mail_texts import StandingText, standing_text, standing_texts
from bookbill.invoices.placeholders import ALLOWED, MailKind
from bookbill.invoices.wording import BODY_MAX, SUBJECT_MAX, kind_in_address, language_in_address
from bookbill.lib.transactions import transact
from bookbill.web.api.etags import if_match
from bookbill.web.api.openapi import IF_MATCH
from bookbill.web.api.rendering import answered
from bookbill.web.api.schema import Answer, Body, Page, text

router = Router(tags=["Company"])


class MailTextIn(Body):
    """Plain text; an empty line begins a paragraph. Placeholders in braces are those that GET names."""

    subject: Annotated[str, text(SUBJECT_MAX, required=True, refuse_cards=True)]
    body: Annotated[str, text(BODY_MAX, multiline=True, required=True, refuse_cards=True)]


class MailTextOut(Answer):
    """What a kind of email says in a language: the company's own text, or the standard one."""

    kind: str
    language: str
    subject: str
    body: str
    is_standard: bool
    placeholders: list[str]

    @classmethod
    def of(cls, standing: StandingText) -> "MailTextOut":
        return cls(
            kind=standing.kind,
            language=standing.language,
            subject=standing.wording.subject,
            body=standing.wording.body,
            is_standard=standing.is_standard,
            placeholders=list(ALLOWED[standing.kind]),
        )


@router.get("/mail-texts", response=Page[MailTextOut])
def list_mail_texts(request: CompanyRequest) -> HttpResponse:
    """The texts of all kinds of email in all languages; always one page."""
    require(request.actor, Right.VIEW_SETTINGS)
    items = [MailTextOut.of(standing) for standing in standing_texts()]
    return answered(Page[MailTextOut](items=items, next_cursor=None))


@router.get("/mail-texts/{kind}/{language}", response=MailTextOut)
def read_mail_text(request: CompanyRequest, kind: str, language: str) -> HttpResponse:
    """What this kind of email says in this language."""
    require(request.actor, Right.VIEW_SETTINGS)
    return _standing(kind_in_address(kind), language_in_address(language))


@router.put("/mail-texts/{kind}/{language}", response=MailTextOut)
def write_mail_text_(request: CompanyRequest, kind: str, language: str, body: MailTextIn) -> HttpResponse:
    """Say it so from now on; what was promised before keeps its text."""
    of_kind, spoken, revision = kind_in_address(kind), language_in_address(language), if_match(request)
    transact(
        lambda: write_mail_text(
            of_kind,
            spoken,
            subject=body.subject,
            body=body.body,
            expected_revision=revision,
            by=request.actor,
            now=now(request.company),
        )
    )
    return _standing(of_kind, spoken)


@router.delete(
    "/mail-texts/{kind}/{language}", response=MailTextOut, openapi_extra={"parameters": [IF_MATCH]}
)
def use_standard_text_(request: CompanyRequest, kind: str, language: str) -> HttpResponse:
    """Go back to the standard text."""
    of_kind, spoken, revision = kind_in_address(kind), language_in_address(language), if_match(request)
    transact(
        lambda: use_standard_text(
            of_kind, spoken, expected_revision=revision, by=request.actor, now=now(request.company)
        )
    )
    return _standing(of_kind, spoken)


def _standing(kind: MailKind, language: str) -> HttpResponse:
    standing = standing_text(kind, language)
    return answered(MailTextOut.of(standing), revision=standing.revision)
