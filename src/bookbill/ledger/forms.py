"""What people type about payments: money that came in, where it goes, why it is undone."""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from bookbill.bookings.models import Booking
from bookbill.companies.models import Company
from bookbill.ledger.drafts import PaymentDraft
from bookbill.ledger.rules import Method
from bookbill.ledger.words import METHOD_LABELS
from bookbill.web.forms import AmountField, ChoiceField, DayField, LineField

REFERENCE_MAX, REASON_MAX = 200, 300


class Way(StrEnum):
    """Where money that came in goes."""

    OLDEST = "oldest"
    HAND = "hand"
    CREDIT = "credit"


WAY_LABELS = {
    Way.OLDEST.value: _("The oldest unpaid bookings; what is left becomes credit"),
    Way.HAND.value: _("The amounts entered below; what is left becomes credit"),
    Way.CREDIT.value: _("Nothing yet: keep all of it as credit"),
}


class PaymentForm(forms.Form):
    amount = AmountField(label=_("Amount"))
    received_on = DayField(label=_("Date"))
    method = ChoiceField(
        label=_("Method"), choices=[(method.value, label) for method, label in METHOD_LABELS.items()]
    )
    reference = LineField(
        label=_("Reference"),
        max_length=REFERENCE_MAX,
        refuse_cards=True,
        required=False,
        help_text=_("Cheque number, transfer text …"),
    )
    way = ChoiceField(label=_("Apply to"), widget=forms.RadioSelect, initial=Way.OLDEST)
    send_receipt = forms.BooleanField(label=_("Send receipt"), required=False)

    def __init__(self, *args: Any, company: Company, ways: Sequence[Way] = tuple(Way), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount, way = self.fields["amount"], self.fields["way"]
        assert isinstance(amount, AmountField)
        assert isinstance(way, forms.ChoiceField)
        amount.set_currency(company.currency)
        way.choices = [(key, label) for key, label in WAY_LABELS.items() if key in ways]


class PlacingForm(forms.Form):
    """An amount for each booking that could take some; empty is nothing."""

    def __init__(
        self,
        *args: Any,
        bookings: Sequence[Booking],
        currency: str,
        placed: dict[UUID, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.bookings, self.currency, self.placed = bookings, currency, placed or {}
        for booking in bookings:
            field = AmountField(
                label=_("On %(number)s") % {"number": booking.number},
                required=False,
                allow_zero=True,
                initial=self.placed.get(booking.pk),
            )
            field.set_currency(currency)
            self.fields[name_of(booking)] = field

    def lines(self) -> list[tuple[Booking, Any, int]]:
        """(booking, its field, the most it can take) for the page."""
        return [(booking, self[name_of(booking)], self.room(booking)) for booking in self.bookings]

    def room(self, booking: Booking) -> int:
        """What a booking could take: what is due, what was given up, and what lies there from this payment now."""
        return booking.due() + booking.written_off_minor + self.placed.get(booking.pk, 0)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for booking in self.bookings:
            amount = said.get(name_of(booking))
            if amount and amount > self.room(booking):
                self.add_error(name_of(booking), gettext("More than this booking can take."))
        return said

    def has_amounts(self) -> bool:
        """Whether any amount was typed."""
        return any(self[name_of(booking)].value() for booking in self.bookings)

    def placing(self) -> dict[UUID, int]:
        said = self.cleaned_data
        return {booking.pk: said[name_of(booking)] for booking in self.bookings if said[name_of(booking)]}


def name_of(booking: Booking) -> str:
    return f"place_{booking.pk.hex}"


class RecordForms:
    """Record payment as one: what came in, and where it goes (`form`), with an amount for each booking (`placing`)."""

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        company: Company,
        bookings: Sequence[Booking],
        amount_minor: int,
        received_on: date,
        ways: Sequence[Way] = tuple(Way),
    ) -> None:
        self.form = PaymentForm(
            data,
            company=company,
            ways=ways,
            initial={
                "amount": amount_minor or None,
                "received_on": received_on,
                "method": Method.BANK_TRANSFER,
                "way": Way.OLDEST,
            },
        )
        self.placing = PlacingForm(data, bookings=bookings, currency=company.currency)
        self.by_hand = data is not None and data.get("way") == Way.HAND
        if data is not None and not self.by_hand and self.placing.has_amounts():
            self.form.add_error(
                "way", gettext("Amounts are entered below. Choose to apply them, or empty them.")
            )
            self.by_hand = True  # so that they are in sight

        if self.by_hand and not self.placing.has_amounts():
            self.form.add_error(
                "way", gettext("Enter an amount for at least one booking, or choose another way.")
            )

    def is_valid(self) -> bool:
        return self.form.is_valid() and (not self.by_hand or self.placing.is_valid())

    def has_errors(self) -> bool:
        return bool(self.form.errors) or (self.by_hand and bool(self.placing.errors))

    def draft(self, customer_id: UUID, *, fill: Sequence[UUID]) -> PaymentDraft:
        """The payment as typed. ``fill`` is what money that is not placed by hand goes to."""
        said = self.form.cleaned_data
        return PaymentDraft(
            customer_id=customer_id,
            method=said["method"],
            amount_minor=said["amount"],
            currency=self.placing.currency,
            received_on=said["received_on"],
            reference=said["reference"],
            placing=self.placing.placing() if self.by_hand else None,
            fill=tuple(fill) if said["way"] == Way.OLDEST else (),
            send_receipt=said["send_receipt"],
        )


class ReferenceForm(forms.Form):
    reference = LineField(label=_("Reference"), max_length=REFERENCE_MAX, refuse_cards=True, required=False)


class ReversalForm(forms.Form):
    reason = LineField(
        label=_("Reason"),
        max_length=REASON_MAX,
        refuse_cards=True,
        help_text=_("It stays in the history, for the accountant."),
        error_messages={"required": _("Say why this payment is reversed.")},
    )


class LoweringForm(forms.Form):
    """How much of a claim is given up or lowered, and why."""

    amount_minor = AmountField(label=_("Amount"))
    reason = LineField(
        label=_("Reason"),
        max_length=REASON_MAX,
        refuse_cards=True,
        help_text=_("It stays in the history, for the accountant."),
        error_messages={"required": _("Give a reason; the accountant will ask.")},
    )

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        amount = self.fields["amount_minor"]
        assert isinstance(amount, AmountField)
        amount.set_currency(currency)
