"""What mails say: the standard texts, and the strict reader of a company's own."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from bookbill.invoices.placeholders import ALLOWED, MailKind, fill, in_braces, unknown_in
from bookbill.lib.errors import BadInput, NotFound
from bookbill.lib.parsing import clean_text

SUBJECT_MAX, BODY_MAX = 150, 5_000


@dataclass(frozen=True, slots=True)
class Wording:
    """A subject and a body of plain paragraphs, an empty line between them. They may have placeholders."""

    subject: str
    body: str

    def filled(self, values: Mapping[str, str]) -> "Wording":
        return Wording(fill(self.subject, values), fill(self.body, values))


def standard_wording(kind: MailKind, language: str) -> Wording:
    """What Bookbill says where a company says nothing of its own."""
    with translation.override(language):
        return _standard(kind)


def _standard(kind: MailKind) -> Wording:
    subject, *paragraphs = {
        MailKind.INVOICE: (
            _("Invoice {invoice} from {company}: {to_pay}"),
            _("Here is your invoice {invoice}."),
        ),
        MailKind.UPDATED: (
            _("Updated invoice {invoice} from {company}: {to_pay}"),
            _("Invoice {invoice} was updated. This version replaces the earlier one."),
        ),
        MailKind.REMINDER: (
            _("Reminder: invoice {invoice} from {company}, {due} to pay"),
            _("A friendly reminder: invoice {invoice} is {overdue}."),
            _("If you have paid it meanwhile, thank you: there is nothing more to do."),
        ),
        MailKind.RECEIPT: (
            _("Receipt from {company}: {amount}"),
            _("Thank you, your payment has arrived."),
        ),
        MailKind.CANCELLED: (
            _("Invoice {invoice} from {company} is cancelled"),
            _("Invoice {invoice} is cancelled. There is nothing to pay."),
        ),
    }[kind]
    return Wording(subject, "\n\n".join([_("Hello {customer},"), *paragraphs]))


def read_wording(kind: MailKind, subject: str, body: str) -> Wording:
    """A company's own text, cleaned. Raises BadInput naming the part that is empty, too long or has an unknown placeholder."""
    cleaned = Wording(
        clean_text(subject, field="subject", max_length=SUBJECT_MAX, refuse_cards=True),
        clean_text(body, field="body", max_length=BODY_MAX, multiline=True, refuse_cards=True),
    )
    for field in ("subject", "body"):
        text = getattr(cleaned, field)
        if not text:
            raise BadInput("required", _("Write the text, or go back to the standard one."), field=field)
        if unknown := unknown_in(text, ALLOWED[kind]):
            raise BadInput(
                "unknown_placeholder",
                _("%(unknown)s is not a placeholder of this email. Use one of these: %(allowed)s.")
                % {"unknown": unknown[0], "allowed": ", ".join(map(in_braces, ALLOWED[kind]))},
                field=field,
            )
    return cleaned


def kind_in_address(text: str) -> MailKind:
    """The kind named in an address, or NotFound."""
    try:
        return MailKind(text)
    except ValueError:
        raise NotFound("not_found", _("There is nothing at this address.")) from None


def language_in_address(text: str) -> str:
    """The language named in an address, or NotFound."""
    if text not in dict(settings.LANGUAGES):
        raise NotFound("not_found", _("There is nothing at this address."))
    return text


def placeholder_meaning(name: str) -> str:
    """What stands in the place of a placeholder, for whoever writes a text."""
    return {
        "customer": _("The customer's name"),
        "company": _("Your company's name"),
        "invoice": _("The invoice number"),
        "issue_date": _("The invoice date"),
        "total": _("The invoice's total"),
        "due": _("What is left to pay"),
        "due_date": _("The day it is due"),
        "to_pay": _("What is left to pay and until when, or “nothing to pay”"),
        "overdue": _("“6 days overdue”, or the day it is due"),
        "amount": _("The amount received, without the tip"),
        "tip": _("The tip"),
        "method": _("How it was paid"),
        "date": _("The day it was received"),
        "applied_to": _("The invoices and bookings it pays"),
        "still_due": _("What is still due on them"),
    }[name]
