"""What people type about invoices and payments on them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.utils.html import escape
from django.utils.text import format_lazy
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from bookbill.companies.clock import zone
from bookbill.companies.models import Company
from bookbill.invoices.models import Invoice
from bookbill.invoices.rules import instant_of
from bookbill.invoices.wording import BODY_MAX, SUBJECT_MAX
from bookbill.ledger.words import METHOD_LABELS
from bookbill.lib.errors import BadInput
from bookbill.lib.parsing import RECIPIENTS_MAX
from bookbill.web.formatting import payment_terms
from bookbill.web.forms import (
    ChoiceField,
    ClockField,
    DayField,
    LineField,
    NoteField,
    RecipientsField,
    TypedChoiceField,
    says_empty,
)

NOTE_MAX, REASON_MAX = 5_000, 300
TERMS_DAYS = (0, 7, 14, 15, 30, 45, 60)


class ScheduleForm(forms.Form):
    """When to send, on the clock of the company's wall."""

    send_on = DayField(label=_("Day"), required=False)
    send_time = ClockField(label=_("Time"), required=False)

    def send_at(self, act: str, company: Company) -> datetime | None:
        """The instant that was chosen for *Schedule*; None for what leaves at once.

        Raises BadInput `required` for half a moment, `choose_one` where one was chosen and another button pressed.
        """
        chosen = [name for name in ("send_on", "send_time") if self.cleaned_data[name]]
        if act != "schedule":
            if chosen:
                raise BadInput(
                    "choose_one",
                    gettext("You chose a time: press Schedule, or empty it."),
                    field=chosen[0],
                )
            return None
        for name in ("send_on", "send_time"):
            if name not in chosen:
                raise BadInput("required", gettext("Choose a day and a time."), field=name)
        wall = datetime.combine(self.cleaned_data["send_on"], self.cleaned_data["send_time"])
        return instant_of(wall, zone(company))


class DatesForm(forms.Form):
    """When an invoice is dated and due, before it is sent."""

    issue_date = says_empty(
        DayField(label=_("Invoice date"), required=False, help_text=_("Empty: the day it is sent."))
    )
    terms_days = TypedChoiceField(label=_("Terms"), coerce=int, empty_value=None, required=False)
    due_date = says_empty(
        DayField(label=_("Due date"), required=False, help_text=_("Empty: the invoice date and the terms."))
    )

    def __init__(self, *args: Any, invoice: Invoice, company: Company, **kwargs: Any) -> None:
        """``invoice`` may be one that is nowhere stored. Its terms follow the customer's unless others are chosen."""
        super().__init__(*args, **kwargs)
        usual = payment_terms(invoice.customer.terms_days(company))
        chosen = set() if invoice.terms_days is None else {invoice.terms_days}
        field = self.fields["terms_days"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [
            ("", gettext("The customer's: %(terms)s") % {"terms": usual}),
            *((days, payment_terms(days)) for days in sorted({*TERMS_DAYS, *chosen})),
        ]


class NoteForm(forms.Form):
    note = NoteField(
        label=_("Personal note"),
        max_length=NOTE_MAX,
        required=False,
        help_text=_("Printed on the invoice and shown in the email."),
    )


class InvoiceForm(DatesForm, NoteForm, ScheduleForm):
    """What may be said on an invoice before it is sent. The recipients are those of this invoice only."""

    recipients = says_empty(
        RecipientsField(
            label=_("Send to"),
            required=False,
            help_text=format_lazy(
                _("Several addresses: put commas between them, at most {max}. A draft may have none yet."),
                max=RECIPIENTS_MAX,
            ),
        )
    )
    payment_link = forms.BooleanField(label=_("Add Payment Link to Invoice"), required=False)


class SentInvoiceForm(forms.Form):
    """What may still be said once it was sent; it shows from the next sending on."""

    note = NoteField(label=_("Personal note"), max_length=NOTE_MAX, required=False)
    extra_recipients = RecipientsField(label=_("Also send to"), required=False)
    payment_link = forms.BooleanField(label=_("Add Payment Link to Invoice"), required=False)


class SendForm(ScheduleForm):
    recipients = RecipientsField(label=_("Send to"), help_text=_("This list is used for this sending only."))


class SeveralPaymentsForm(forms.Form):
    """One payment for each of several invoices, of what is due on it."""

    received_on = DayField(label=_("Date"))
    method = ChoiceField(
        label=_("Method"), choices=[(method.value, label) for method, label in METHOD_LABELS.items()]
    )
    reference = LineField(
        label=_("Reference"),
        max_length=200,
        refuse_cards=True,
        required=False,
        help_text=_("The same for all."),
    )


class WriteOffForm(forms.Form):
    """Why the balance is given up, and how much of it the person saw."""

    due_minor = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = LineField(
        label=_("Reason"),
        max_length=REASON_MAX,
        refuse_cards=True,
        help_text=_("It stays in the history, for the accountant."),
        error_messages={"required": _("Give a reason; the accountant will ask.")},
    )


class CopyForm(forms.Form):
    recipients = RecipientsField(label=_("Send to"), help_text=_("This list is used for this sending only."))


class CancelForm(forms.Form):
    reason = LineField(
        label=_("Reason"),
        max_length=REASON_MAX,
        refuse_cards=True,
        error_messages={"required": _("Give a reason; it is kept with the invoice.")},
    )
    bookings = ChoiceField(
        label=_("Its bookings"),
        choices=[
            ("again", _("Can be invoiced again")),
            ("hold_back", _("Hold back, they are not to be invoiced")),
        ],
        widget=forms.RadioSelect,
        initial="again",
    )
    notify = forms.BooleanField(required=False)

    def name_recipients(self, recipients: Sequence[str]) -> None:
        """Say to whom the cancelled copy would go; without anybody it is not offered."""
        notify = self.fields.pop("notify", None)
        if notify is None or not recipients:
            return
        words = ngettext(
            "Send the cancelled copy to %(count)d recipient",
            "Send the cancelled copy to %(count)d recipients",
            len(recipients),
        )
        self.fields["notify"] = notify
        for said in (notify, self["notify"]):  # what was drawn of it before, too
            said.label = words % {"count": len(recipients)}
            said.help_text = escape(", ".join(recipients))


class CancelManyForm(CancelForm):
    """Of several invoices at once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bookings"].label = _("Their bookings")
        self.fields["notify"].label = _("Send each cancelled copy to its recipients")


class MailTextForm(forms.Form):
    subject = LineField(
        label=_("Subject"),
        max_length=SUBJECT_MAX,
        refuse_cards=True,
        error_messages={"required": _("Write a subject, or go back to the standard text.")},
    )
    body = NoteField(
        error_messages={"required": _("Write the text, or go back to the standard one.")},
        label=_("Text"),
        max_length=BODY_MAX,
        help_text=_(
            "An empty line begins a new paragraph. The figures, the button and your address follow by themselves."
        ),
    )

    def __init__(self, *args: Any, readable_only: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].widget.attrs["rows"] = "9"
        for field in self.fields.values():
            field.disabled = readable_only
