"""Numbering, freezing and promising: what Send does."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from bookbill.activity.actions import EntryDraft, record_many
from bookbill.bookings.models import Booking
from bookbill.companies.allowance import lock_allowance
from bookbill.companies.clock import date_in_zone
from bookbill.companies.models import Company
from bookbill.companies.numbers import take_invoice_numbers
from bookbill.companies.rights import Feature, Right, require
from bookbill.delivery.actions import MessageDraft, call_off_messages, end_trouble, owe_messages
from bookbill.delivery.models import Message
from bookbill.delivery.rules import State
from bookbill.delivery.words import NEWER_VERSION_SENT
from bookbill.documents.document import Document, to_json_bytes, with_number
from bookbill.invoices.actions.dating import due_date_of
from bookbill.invoices.actions.drafting import withdraw_sendings
from bookbill.invoices.actions.history import entry
from bookbill.invoices.actions.locking import lock_invoices
from bookbill.invoices.actions.pace import refuse_hurried
from bookbill.invoices.actions.recipients import count_mails, left_out, refuse_many, resolve_recipients
from bookbill.invoices.actions.refresh import SUMS, charges, take_live
from bookbill.invoices.live import read_live
from bookbill.invoices.models import Charge, ChargeCause, Invoice, MailText, Version, VersionKind
from bookbill.ledger.actions.payments import use_credit
from bookbill.lib.actor import Actor
from bookbill.lib.errors import RuleBroken
from bookbill.lib.ids import new_id
from bookbill.lib.transactions import assert_in_transaction
from bookbill.work.actions import Promise, promise_many

PDF_JOB = "invoices.make_pdf"
CAUSE = "version"
FIRST, UPDATED = "invoice", "updated"


class CannotSend(RuleBroken):
    """An invoice that cannot leave as it is; the sentence names it and the way out."""


def send_invoices(
    invoice_ids: Sequence[UUID],
    *,
    by: Actor,
    now: datetime,
    recipients: Mapping[UUID, Sequence[str]] | None = None,
    mark_only: bool = False,
) -> list[Version]:
    """Number, freeze and promise the emails of invoices; they leave after the commit. Constant queries for 1 and for 500.

    Sending again always makes a new version. Nobody has to look after mails of earlier ones that did not arrive, but
    for a recipient of its own whom the same does not go to now; and those that still wait do not leave any more, for
    one of its recipients, or for anybody where it claims something else or went by hand (``mark_only``).

    ``recipients`` replaces the resolved ones for this send, by invoice; ``mark_only`` freezes without any email. Raises
    CannotSend naming the first invoice that has nobody to send it to, carries nothing, or is cancelled; TooMany for one
    that was sent too often and for more mails than the day allows; BadInput for an issue date that the series no longer
    allows.
    """
    assert_in_transaction()
    require(by, Right.SEND_INVOICES, Feature.INVOICING)
    invoices = lock_invoices(invoice_ids)
    company = Company.objects.get(pk=by.company_id)
    to = {} if mark_only else resolve_recipients(invoices, recipients or {})
    for invoice in invoices:
        refuse_unsendable(invoice, to=to.get(invoice.pk), mark_only=mark_only)
    refuse_hurried(invoices, at=now)
    if company.use_credit_at_sending:
        use_credit(
            {booking.pk: booking for booking in Booking.objects.filter(invoice__in=invoices).oldest_first()},
            by=by,
            now=now,
        )
    withdraw_sendings(invoices)
    kinds = {invoice.pk: message_kind(invoice) for invoice in invoices}
    first_sent = [invoice for invoice in invoices if invoice.sent_at is None]
    sent_before = [invoice.pk for invoice in invoices if invoice.sent_at]
    repeated = {pk: to[pk] for pk in sent_before if not mark_only and kinds[pk] != UPDATED}
    documents = read_live(invoices, now=now)
    take_live(invoices, documents)
    versions = [_freeze(invoice, documents[invoice.pk], by=by, now=now) for invoice in invoices]
    if not mark_only:
        lock_allowance(company, at=now).refuse_beyond(count_mails(to))
    end_trouble(invoice_ids, besides=left_out(invoices, repeated) if recipients else None, now=now)
    called_off = call_off_messages(sent_before, only_to=repeated, because=NEWER_VERSION_SENT, now=now)
    kinds |= dict.fromkeys(_reached_nobody({pk for pk in sent_before if kinds[pk] == UPDATED}), FIRST)
    Booking.objects.filter(invoice__in=first_sent, first_sent_at=None).update(first_sent_at=now)
    if not mark_only:
        _owe_mails(versions, kinds, to=to, now=now)
    promise_pdfs(versions)
    today = date_in_zone(company, now)
    clamped = _number(company, first_sent, today=today)
    # From here on others wait for the series: nothing but what carries the numbers and dates.
    for invoice, version in zip(invoices, versions, strict=True):
        _put_number(invoice, version)
    Version.objects.bulk_create(versions)
    Charge.objects.bulk_create(charges(invoices, ChargeCause.SENT, today=today, now=now))
    Invoice.objects.store(
        invoices,
        [*SUMS, "bookings_count", "live_claim", "sent_claim", "sent_total_minor", "charged_minor", "number", "number_n",
         "issue_date", "sent_terms_days", "due_date", "sent_at", "sending_at", "sending_refused", "last_version_n", "revision"],
    )  # fmt: skip
    record_many(
        [
            _sent_entry(
                invoice,
                version,
                to.get(invoice.pk, ()),
                clock=clamped.get(invoice.pk),
                called_off=called_off.get(invoice.pk, 0),
            )
            for invoice, version in zip(invoices, versions, strict=True)
        ],
        by=by,
        now=now,
    )
    return versions


def _owe_mails(
    versions: Sequence[Version],
    kinds: Mapping[UUID, str],
    *,
    to: Mapping[UUID, Sequence[str]],
    now: datetime,
) -> None:
    """One of each version to each of its recipients, in the company's own words where it chose some; they wait for the PDF."""
    texts = MailText.objects.chosen()
    owe_messages(
        [
            MessageDraft(
                company_id=version.company_id,
                cause_kind=CAUSE,
                cause_id=version.pk,
                recipient=recipient,
                kind=kinds[version.invoice_id],
                subject_id=version.invoice_id,
                version_n=version.n,
                text_id=texts.get((kinds[version.invoice_id], version.language)),
                ready=False,
            )
            for version in versions
            for recipient in to[version.invoice_id]
        ],
        now=now,
    )


def refuse_unsendable(invoice: Invoice, *, to: Sequence[str] | None, mark_only: bool) -> None:
    """Raise CannotSend with the reason and the way out."""
    name = {"invoice": label_of(invoice)}
    if invoice.cancelled_at:
        raise CannotSend(
            "invoice_cancelled", _("%(invoice)s is cancelled. Make a new invoice over its bookings.") % name
        )
    if not invoice.bookings_count:
        raise CannotSend(
            "nothing_to_send", _("%(invoice)s has no bookings. Add one or delete the draft.") % name
        )
    if not mark_only and not to:
        raise CannotSend(
            "no_recipient",
            _("%(invoice)s has nobody to go to. Add an email to the customer, or mark it as sent.") % name,
            field="recipients",
        )
    refuse_many(to or ())


def refuse_promised(invoice: Invoice) -> None:
    """Raise CannotSend for what will leave already."""
    if invoice.sending_at:
        raise CannotSend(
            "already_sending",
            _("%(invoice)s waits to be sent already. Undo that sending first, or let it leave.")
            % {"invoice": label_of(invoice)},
        )


def label_of(invoice: Invoice) -> str:
    return invoice.number or _("This draft")


def message_kind(invoice: Invoice) -> str:
    """What the mail is: the first sending, one that brings changes, or a copy of the same."""
    return UPDATED if invoice.is_changed() else FIRST


def _reached_nobody(invoice_ids: Collection[UUID]) -> list[UUID]:
    """Of which every version was mailed, and not one mail arrived or may arrive: nobody was told anything to update."""
    if not invoice_ids:
        return []
    mails = Message.objects.about(invoice_ids).order_by().values_list("subject_id")
    counted = mails.annotate(
        mailed=Count("version_n", distinct=True, filter=Q(cause_kind=CAUSE)),
        reached=Count("pk", filter=~Q(state__in=[State.FAILED, State.BOUNCED])),
    )
    versions = dict(Invoice.objects.filter(pk__in=invoice_ids).values_list("pk", "last_version_n"))
    return [pk for pk, mailed, reached in counted if not reached and mailed == versions[pk]]


def promise_pdfs(versions: Sequence[Version]) -> None:
    promise_many(
        [
            Promise(
                kind=PDF_JOB,
                company_id=version.company_id,
                args={"version_id": str(version.pk)},
                unique_key=str(version.pk),
            )
            for version in versions
        ]
    )


def frozen_version(
    invoice: Invoice, document: Document, *, claim: str, kind: VersionKind, by: Actor, now: datetime
) -> Version:
    """The next version of an invoice from its document; the caller inserts it and saves the invoice."""
    content = to_json_bytes(document)
    invoice.last_version_n += 1
    return Version(
        id=new_id(),
        company_id=invoice.company_id,
        invoice=invoice,
        n=invoice.last_version_n,
        kind=kind,
        document=content.decode("utf-8"),
        sha256=sha256(content).hexdigest(),
        claim=claim,
        language=document.language,
        currency=invoice.currency,
        total_minor=document.totals.total_minor,
        sent_at=now,
        sent_by=by.label,
    )


def _freeze(invoice: Invoice, live: Document, *, by: Actor, now: datetime) -> Version:
    """The next version but for its number and dates: `_put_number` sets them when the number is taken."""
    invoice.sent_at = invoice.sent_at or now
    invoice.sending_at, invoice.sending_refused = None, ""
    invoice.revision += 1
    invoice.sent_claim = invoice.live_claim
    invoice.sent_total_minor = invoice.total_minor
    document = replace(live, status=invoice.status_now().value, number=None, issue_date=None, due_date=None)
    return frozen_version(invoice, document, claim=invoice.live_claim, kind=VersionKind.SENT, by=by, now=now)


def _put_number(invoice: Invoice, version: Version) -> None:
    assert invoice.issue_date is not None
    assert invoice.due_date is not None
    version.document = with_number(
        version.document,
        number=invoice.number,
        issue_date=invoice.issue_date.isoformat(),
        due_date=invoice.due_date.isoformat(),
    )
    version.sha256 = sha256(version.document.encode("utf-8")).hexdigest()


def _number(company: Company, invoices: Sequence[Invoice], *, today: date) -> dict[UUID, date]:
    """Give first-time invoices their number and dates: the series is locked here, last, until the commit.

    The answer names those that could not be dated today, with the day the clock said: it had been set back.
    """
    if not invoices:
        return {}
    numbers = take_invoice_numbers(company, wished=[invoice.issue_date for invoice in invoices], today=today)
    clamped = {}
    for invoice, taken in zip(invoices, numbers, strict=True):
        if invoice.issue_date is None and taken.date != today:
            clamped[invoice.pk] = today
        invoice.number, invoice.number_n, invoice.issue_date = taken.number, taken.n, taken.date
        invoice.sent_terms_days = invoice.terms_by_now(invoice.customer, company)
        invoice.due_date = due_date_of(invoice, taken.date, company)
    return clamped


def _sent_entry(
    invoice: Invoice, version: Version, recipients: Sequence[str], *, clock: date | None, called_off: int
) -> EntryDraft:
    """``clock`` is the day that it said where the series allowed only a later one."""
    more: dict[str, Any] = {"clock_date": clock, "issue_date": invoice.issue_date} if clock else {}
    if called_off:
        more["called_off_count"] = called_off
    return entry(
        "invoice.sent",
        invoice,
        {},
        {
            "version": version.n,
            "sha256": version.sha256,
            "total_minor": version.total_minor,
            "recipients_count": len(recipients),
            **more,
        },
        personal_after={"recipients": list(recipients)} if recipients else None,
    )
