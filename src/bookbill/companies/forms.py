"""What people type about their company, its people, its keys and themselves."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from bookbill.companies.models import AfterSending, Company, Member, Paper, tax_codes_in_force
from bookbill.companies.number_formats import LENGTH_MAX as NUMBER_FORMAT_MAX
from bookbill.companies.numbers import FIRST_MAX
from bookbill.companies.rules import Role
from bookbill.companies.settings_fields import TAX_IDS_MAX, TERMS_LENGTH_MAX
from bookbill.companies.words import ROLES
from bookbill.lib.addresses import PARTS
from bookbill.money.currencies import CURRENCIES
from bookbill.web.formatting import payment_terms
from bookbill.web.forms import AddressField, ChoiceField, LineField, NoteField, NumberField, TypedChoiceField

TERMS_DAYS = (0, 7, 14, 15, 30, 45, 60, 90)
TAX_IDS_LEAST = 2  # rows shown; always one more than are filled
HOLD_MAX = 600

ADDRESS_FIELDS: Mapping[str, tuple[Any, str]] = {
    "line1": (_("Street"), "address-line1"),
    "line2": (_("Street, second line"), "address-line2"),
    "city": (_("City"), "address-level2"),
    "region": (_("Province or state"), "address-level1"),
    "postal_code": (_("Postal code"), "postal-code"),
    "country": (_("Country"), "country-name"),
}


class SettingsForm(forms.Form):
    """A page of settings. Only what it declares is read; ``readable_only`` shows it to those who may not change it."""

    def __init__(self, *args: Any, readable_only: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.readable_only = readable_only

    def shut(self) -> None:
        """Call it at the end of `__init__`, when all fields are there."""
        for field in self.fields.values():
            field.disabled = self.readable_only

    def offer(self, name: str, choices: Sequence[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class CompanyForm(SettingsForm):
    name = LineField(
        label=_("Company name"),
        max_length=200,
        error_messages={"required": _("Enter the name of your company.")},
    )
    email = AddressField(
        label=_("Email"), required=False, help_text=_("Printed on invoices; replies go there.")
    )
    phone = LineField(label=_("Phone"), max_length=40, required=False)
    website = LineField(label=_("Website"), max_length=200, required=False)
    language = ChoiceField(
        label=_("Language"),
        choices=settings.LANGUAGES,
        help_text=_("For documents of customers who have none of their own."),
    )
    time_zone = ChoiceField(label=_("Time zone"), help_text=_("Decides when a day begins."))
    currency = ChoiceField(label=_("Currency"))

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, initial=company_values(company), **kwargs)
        self.fields["phone"].widget.attrs |= {"type": "tel", "autocomplete": "tel"}
        self.fields["website"].widget.attrs |= {"inputmode": "url", "placeholder": "https://"}
        for part, (label, autocomplete) in ADDRESS_FIELDS.items():
            field = LineField(label=label, max_length=PARTS[part], required=False)
            field.widget.attrs["autocomplete"] = autocomplete
            self.fields[f"address_{part}"] = field
        self.rows_shown = min(TAX_IDS_MAX, max(TAX_IDS_LEAST, len(company.tax_ids) + 1))
        for number in range(1, TAX_IDS_MAX + 1):
            self.fields[f"tax_scheme_{number}"] = LineField(
                label=_("Kind of tax id"), max_length=20, required=False
            )
            self.fields[f"tax_id_{number}"] = LineField(label=_("Tax id"), max_length=40, required=False)
        self.offer("time_zone", zone_choices(company.time_zone))
        self.offer("currency", [(code, code) for code in CURRENCIES])
        self.shut()
        if company.currency_fixed_at:
            self.fields["currency"].disabled = True
            self.fields["currency"].help_text = _("Fixed since the first booking or payment.")
        else:
            self.fields["currency"].help_text = _("Stays as it is from the first booking or payment on.")

    def addresses(self) -> list[Any]:
        return [self[f"address_{part}"] for part in ADDRESS_FIELDS]

    def tax_id_rows(self) -> list[tuple[Any, Any]]:
        """The fields of the rows to show: those filled and a few to fill."""
        rows = [
            (self[f"tax_scheme_{number}"], self[f"tax_id_{number}"]) for number in range(1, TAX_IDS_MAX + 1)
        ]
        return [
            row for at, row in enumerate(rows) if at < self.rows_shown or any(field.value() for field in row)
        ]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        for number in range(1, TAX_IDS_MAX + 1):
            if said.get(f"tax_scheme_{number}") and not said.get(f"tax_id_{number}"):
                self.add_error(f"tax_id_{number}", _("Write the number of this tax id."))
        return said

    def changes(self) -> dict[str, Any]:
        """As `update_company` takes them."""
        said = dict(self.cleaned_data)
        rows = [
            {"scheme": said.pop(f"tax_scheme_{number}"), "value": said.pop(f"tax_id_{number}")}
            for number in range(1, TAX_IDS_MAX + 1)
        ]
        return said | {"tax_ids": [row for row in rows if row["value"]]}


class InvoicingForm(SettingsForm):
    number_format = LineField(
        label=_("Number format"),
        error_messages={"required": _("Write the format of numbers, for example INV-{year}-{n:05}.")},
        max_length=NUMBER_FORMAT_MAX,
        help_text=_("{n} is the number, {n:05} with five digits, {year} the year of the invoice date."),
    )
    number_restarts_yearly = forms.BooleanField(label=_("Start again every year"), required=False)
    first_number = NumberField(label=_("First number"), places=0, least=1, most=FIRST_MAX, required=False)
    payment_terms_days = TypedChoiceField(label=_("Terms"), coerce=int)
    default_tax_code_id = TypedChoiceField(
        label=_("Default tax"),
        coerce=UUID,
        empty_value=None,
        required=False,
        help_text=_("For new bookings. Existing bookings stay as they are."),
    )
    payment_link_default = forms.BooleanField(label=_("Add Payment Link to Invoice"), required=False)
    use_credit_at_sending = forms.BooleanField(label=_("Use the customer's credit"), required=False)
    hold_seconds = NumberField(
        label=_("Hold before sending, in seconds"),
        places=0,
        least=0,
        most=HOLD_MAX,
        help_text=_("How long you can undo a send. 0 sends at once."),
    )
    after_sending = ChoiceField(
        label=_("When a booking changes after its invoice was sent"),
        choices=AfterSending.choices,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, company: Company, next_n: int | None, **kwargs: Any) -> None:
        """``next_n``: the number that may still be chosen, None once the series has begun."""
        super().__init__(*args, initial=invoicing_values(company) | {"first_number": next_n}, **kwargs)
        self.fields["number_format"].widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        for code, name in settings.LANGUAGES:
            self.fields[terms_field(code)] = NoteField(
                label=name, max_length=TERMS_LENGTH_MAX, required=False
            )
        if next_n is None:
            del self.fields["first_number"]
        terms = sorted({*TERMS_DAYS, company.payment_terms_days})
        self.offer("payment_terms_days", [(days, payment_terms(days)) for days in terms])
        codes = tax_codes_in_force().order_by("name").values_list("pk", "name")
        self.offer("default_tax_code_id", [("", _("No tax")), *codes])
        self.shut()

    def terms(self) -> list[Any]:
        return [self[terms_field(code)] for code, _name in settings.LANGUAGES]

    def changes(self) -> dict[str, Any]:
        """As `update_company` takes them; the first number is another act."""
        said = dict(self.cleaned_data)
        said.pop("first_number", None)
        said["hold_seconds"] = int(said["hold_seconds"])
        texts = {code: said.pop(terms_field(code)) for code, _name in settings.LANGUAGES}
        return said | {"terms_and_conditions": {code: text for code, text in texts.items() if text}}


class LookForm(SettingsForm):
    colour = LineField(
        label=_("Colour"),
        error_messages={"required": _("Choose a colour.")},
        max_length=7,
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_(
            "On invoices, the customer's page and its buttons. Made darker or lighter where text needs it."
        ),
    )
    paper = ChoiceField(label=_("Paper"), choices=Paper.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, initial={"colour": company.colour, "paper": company.paper}, **kwargs)
        self.shut()


class LogoForm(forms.Form):
    """The bytes are judged by `companies.pictures`, not by the name or type the browser sent."""

    logo = forms.FileField(
        label=_("Picture"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 2 MB. Best wide, on a transparent background."),
        error_messages={"required": _("Choose a picture."), "empty": _("This file is empty.")},
    )


class NewMemberForm(forms.Form):
    email = AddressField(label=_("Email"), help_text=_("They sign in with it."))
    name = LineField(
        label=_("Name"), max_length=200, required=False, help_text=_("As history and bookings show it.")
    )
    role = ChoiceField(label=_("Role"), choices=ROLES.items(), initial=Role.OFFICE)


class MemberForm(forms.Form):
    name = LineField(
        label=_("Name"), max_length=200, error_messages={"required": _("Enter the name of this member.")}
    )
    role = ChoiceField(label=_("Role"), choices=ROLES.items())


class KeyForm(forms.Form):
    name = LineField(
        label=_("Program"),
        max_length=100,
        help_text=_("So that you know which key to revoke."),
        error_messages={"required": _("Name the program that will use the key.")},
    )
    member = ChoiceField(
        label=_("Acts as"), help_text=_("With the rights of this member, under its own name.")
    )

    def __init__(self, *args: Any, members: Sequence[Member], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["member"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(str(one.pk), f"{one.name} · {ROLES[Role(one.role)]}") for one in members]


class ProfileForm(forms.Form):
    name = LineField(
        label=_("Your name"),
        max_length=200,
        help_text=_("As your colleagues and the history see it."),
        error_messages={"required": _("Enter your name.")},
    )
    language = ChoiceField(
        label=_("Language"), choices=[("", _("The company's")), *settings.LANGUAGES], required=False
    )


def terms_field(language: str) -> str:
    return f"terms_{language}"


def zone_choices(current: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """The zones of the world by continent; the old names without one stand under "Other"."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name in sorted(available_timezones()):
        area, slash, place = name.partition("/")
        is_old = not slash or area in ("Etc", "SystemV", "US", "Canada", "Brazil", "Chile", "Mexico")
        if not is_old or name in (current, "UTC"):
            groups.setdefault(area if slash else "UTC", []).append((name, (place or name).replace("_", " ")))
    return sorted(groups.items())


def company_values(company: Company) -> dict[str, Any]:
    names = (*CompanyForm.base_fields, *(f"address_{part}" for part in PARTS))
    values = {name: getattr(company, name) for name in names}
    for number, tax_id in enumerate(company.tax_ids, 1):
        values |= {f"tax_scheme_{number}": tax_id.get("scheme", ""), f"tax_id_{number}": tax_id["value"]}
    return values


def invoicing_values(company: Company) -> dict[str, Any]:
    names = set(InvoicingForm.base_fields) - {"first_number"}
    texts = {terms_field(code): text for code, text in company.terms_and_conditions.items()}
    return {name: getattr(company, name) for name in names} | texts
