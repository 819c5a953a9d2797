"""What people type about a customer, and postal addresses."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bookbill.customers.models import Customer
from bookbill.lib.addresses import PARTS
from bookbill.web.formatting import payment_terms
from bookbill.web.forms import (
    AddressField,
    ChoiceField,
    LineField,
    RecipientsField,
    TypedChoiceField,
    says_empty,
)

TERMS_DAYS = (0, 7, 14, 15, 30, 45, 60, 90)
TAX_IDS_SHOWN = 2

ADDRESS_LABELS = {
    "line1": _("Street"),
    "line2": _("Street, second line"),
    "city": _("City"),
    "region": _("Province or state"),
    "postal_code": _("Postal code"),
    "country": _("Country"),
}
AUTOCOMPLETE = {
    "line1": "address-line1",
    "line2": "address-line2",
    "city": "address-level2",
    "region": "address-level1",
    "postal_code": "postal-code",
    "country": "country-name",
}


class AddressForm(forms.Form):
    """Six plain texts, none of them needed. Use it with a prefix, several on one page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for part, label in ADDRESS_LABELS.items():
            field = LineField(label=label, max_length=PARTS[part], required=False)
            field.widget.attrs["autocomplete"] = AUTOCOMPLETE[part]
            self.fields[part] = field

    def address(self) -> dict[str, str]:
        """As it is stored: empty when nothing was typed."""
        said = {part: self.cleaned_data[part] for part in PARTS}
        return said if any(said.values()) else {}


class CustomerForm(forms.Form):
    name = LineField(
        label=_("Name"), max_length=200, error_messages={"required": _("A customer needs a name.")}
    )
    company_name = LineField(
        label=_("Company name"), max_length=200, required=False, help_text=_("Stands first on invoices.")
    )
    email = AddressField(label=_("Email"), required=False)
    phone = LineField(label=_("Phone"), max_length=40, required=False)
    billing_email = AddressField(label=_("Billing email"), required=False)
    bill_only_to_billing_email = forms.BooleanField(
        label=_("Send invoices only to the billing email"), required=False
    )
    always_copy = RecipientsField(
        label=_("Always copy"),
        required=False,
        help_text=_("Each of them gets every invoice too. Put commas between several addresses."),
    )
    payment_terms_days = TypedChoiceField(label=_("Terms"), coerce=int, empty_value=None, required=False)
    language = ChoiceField(label=_("Language of documents"), required=False)
    purchase_order = LineField(
        label=_("Purchase order"), max_length=80, required=False, help_text=_("Printed on every invoice.")
    )
    tax_exempt = forms.BooleanField(label=_("Pays no tax"), required=False)
    exemption_reason = LineField(
        label=_("Why no tax"),
        max_length=200,
        required=False,
        help_text=_("Printed on the invoice, for example: Reseller, certificate 4711."),
    )
    external_id = LineField(
        label=_("External id"),
        max_length=120,
        required=False,
        help_text=_("Its key in another program, if there is one."),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, terms_days: int, customer: Customer | None = None, **kwargs: Any) -> None:
        """``terms_days``: the company's own terms, which an empty choice means."""
        super().__init__(*args, **kwargs)
        self.fields["phone"].widget.attrs |= {"type": "tel", "autocomplete": "tel"}
        own = [] if customer is None or customer.payment_terms_days is None else [customer.payment_terms_days]
        known = {*TERMS_DAYS, *own}
        self._choices(
            "payment_terms_days",
            [
                ("", _("The company's: %(terms)s") % {"terms": payment_terms(terms_days)}),
                *((days, payment_terms(days)) for days in sorted(known)),
            ],
        )
        self._choices("language", [("", _("The company's")), *settings.LANGUAGES])
        for number in range(1, TAX_IDS_SHOWN + 1):
            self.fields[f"tax_scheme_{number}"] = says_empty(
                LineField(label=_("Kind of tax id"), max_length=20, required=False, help_text=_("GST, VAT …"))
            )
            self.fields[f"tax_id_{number}"] = LineField(label=_("Tax id"), max_length=40, required=False)

    def tax_id_rows(self) -> list[tuple[Any, Any]]:
        """The kind and the number of each."""
        return [
            (self[f"tax_scheme_{number}"], self[f"tax_id_{number}"]) for number in range(1, TAX_IDS_SHOWN + 1)
        ]

    def _choices(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if (
            said.get("tax_exempt")
            and not said.get("exemption_reason")
            and "exemption_reason" not in self.errors
        ):
            self.add_error("exemption_reason", _("Say why this customer pays no tax; the reason is printed."))
        if (
            said.get("bill_only_to_billing_email")
            and not said.get("billing_email")
            and "billing_email" not in self.errors
        ):
            self.add_error("billing_email", _("Enter the billing email that invoices go to."))
        return said

    def customer_fields(self, *, kept_tax_ids: list[dict[str, str]]) -> dict[str, Any]:
        """The cleaned values as the actions take them. ``kept_tax_ids`` are those the form does not show."""
        said = dict(self.cleaned_data)
        del said["revision"]
        shown = [
            {"scheme": said.pop(f"tax_scheme_{number}"), "value": said.pop(f"tax_id_{number}")}
            for number in range(1, TAX_IDS_SHOWN + 1)
        ]
        said["tax_ids"] = [tax_id for tax_id in shown if tax_id["value"]] + kept_tax_ids
        said["external_id"] = said["external_id"] or None
        if not said["tax_exempt"]:
            said["exemption_reason"] = ""
        return said


def values_of(customer: Customer) -> dict[str, Any]:
    """What the form shows of a customer at first."""
    plain = {name: getattr(customer, name) for name in CustomerForm.base_fields}
    for number, tax_id in enumerate(customer.tax_ids[:TAX_IDS_SHOWN], 1):
        plain |= {f"tax_scheme_{number}": tax_id.get("scheme", ""), f"tax_id_{number}": tax_id["value"]}
    return plain


def as_initial(address: Mapping[str, str]) -> dict[str, str]:
    return {part: address.get(part, "") for part in PARTS}
