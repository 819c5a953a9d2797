"""A company's own texts of mails: writing one, going back to the standard one, and trying one out."""

from datetime import datetime

from bookbill.activity.actions import EntryDraft, record
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.models import Company
from bookbill.companies.rights import Right, require
from bookbill.companies.settings_fields import read_language
from bookbill.delivery.actions import MessageDraft, owe_messages
from bookbill.delivery.models import Message
from bookbill.invoices.models import MailText, MailTrial
from bookbill.invoices.placeholders import MailKind
from bookbill.invoices.wording import Wording, read_wording
from bookbill.lib.actor import Actor
from bookbill.lib.revisions import refuse_stale
from bookbill.lib.transactions import assert_in_transaction

TRIAL = "trial"
STANDARD = Wording("", "")


def write_mail_text(
    kind: MailKind,
    language: str,
    *,
    subject: str,
    body: str,
    expected_revision: int | None = None,
    by: Actor,
    now: datetime,
) -> None:
    """Word this kind of mail so from now on; what was promised before keeps its text. Raises BadInput, `stale`."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    _write(kind, language, read_wording(kind, subject, body), expected_revision, by=by, now=now)


def use_standard_text(
    kind: MailKind, language: str, *, expected_revision: int | None = None, by: Actor, now: datetime
) -> None:
    """Go back to the text that comes with Bookbill. Raises `stale`."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    _write(kind, language, STANDARD, expected_revision, by=by, now=now)


def send_trial(
    kind: MailKind, language: str, *, subject: str, body: str, to: str, by: Actor, now: datetime
) -> Message:
    """Promise a mail in these words, saved or not, with sample figures. Raises BadInput, `mail_limit_reached`."""
    assert_in_transaction()
    require(by, Right.EDIT_SETTINGS)
    wording = read_wording(kind, subject, body)
    lock_allowance(Company.objects.get(pk=by.company_id), at=now).refuse_beyond(1)
    trial = MailTrial.objects.create(
        company_id=by.company_id,
        kind=kind,
        language=read_language(language, "language"),
        subject=wording.subject,
        body=wording.body,
        sent_by=by.label,
        created_at=now,
    )
    draft = MessageDraft(
        company_id=by.company_id, cause_kind=TRIAL, cause_id=trial.pk, recipient=to, kind=kind
    )
    return owe_messages([draft], now=now)[0]


def _write(
    kind: MailKind,
    language: str,
    wording: Wording,
    expected_revision: int | None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    Company.objects.select_for_update(no_key=True).get(pk=by.company_id)
    last = (
        MailText.objects.filter(kind=kind, language=read_language(language, "language"))
        .order_by("-n")
        .first()
    )
    refuse_stale(last.n if last else 0, expected_revision)
    before = Wording(last.subject, last.body) if last else STANDARD
    if before == wording:
        return
    text = MailText.objects.create(
        company_id=by.company_id,
        kind=kind,
        language=language,
        n=last.n + 1 if last else 1,
        subject=wording.subject,
        body=wording.body,
        written_by=by.label,
        created_at=now,
    )
    record(
        EntryDraft(
            type="mail_text.changed",
            subject_type="company",
            subject_id=by.company_id,
            subject_label="",
            before={"subject": before.subject, "body": before.body},
            after={"kind": kind, "language": language, "subject": text.subject, "body": text.body},
        ),
        by=by,
        now=now,
    )
