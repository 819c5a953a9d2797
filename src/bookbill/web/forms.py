"""Form fields with the strict parsers of `lib.parsing`, one look for all forms, and refusals shown beside their field.

`settings.FORM_RENDERER = "bookbill.web.forms.Renderer"` gives every form label, hint, error and their ARIA links.
"""

import datetime as dt
from decimal import Decimal
from typing import Any, TypeVar, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from bookbill.lib import parsing
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.money.currencies import exponent_of
from bookbill.web.formatting import currency_symbol, decimal_point, is_symbol_after, plain_amount
from bookbill.web.ways import ways_on

AnyField = TypeVar("AnyField", bound=forms.Field)


class Renderer(TemplatesSetting):
    form_template_name = "web/forms/form.html"
    field_template_name = "web/forms/field.html"
    formset_template_name = "django/forms/formsets/div.html"


def refuse(form: forms.BaseForm, refused: RuleBroken) -> None:
    """Show a refusal where it belongs, with the ways on: beside the field it names, else at the head of the form."""
    field = refused.field if refused.field in form.fields else NON_FIELD_ERRORS
    links = format_html_join(
        "", ' <a class="text-link" href="{}">{}</a>', ((way.url, way.label) for way in ways_on(refused))
    )
    message = format_html("{}{}", refused.message, links) if links else refused.message
    form.add_error(field, ValidationError(message, code=refused.code))


def says_empty(field: AnyField) -> AnyField:
    """A field that may stay empty without "(optional)" beside its label: its hint, or its form, says what empty means."""
    field.says_empty = True  # type: ignore[attr-defined]
    return field


class AmountInput(forms.TextInput):
    """A money field: the currency's symbol where the language puts it, digits only on a phone's keyboard."""

    template_name = "web/forms/amount.html"
    currency = ""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        symbol = currency_symbol(self.currency)
        context["widget"] |= {
            "symbol": symbol,
            "symbol_width": min(len(symbol), 3),
            "is_symbol_after": is_symbol_after(self.currency),
        }
        return context


class AmountField(forms.CharField):
    """Typed in major units ("115.00", in French "115,00"), cleaned to minor units (11500), as ``initial`` is.

    ``set_currency`` must be called before use when the currency is not known at import: in the form's ``__init__``.
    Zero and less are refused unless ``allow_zero`` / ``allow_negative``.
    """

    widget = AmountInput
    default_error_messages = {"required": _("Enter an amount.")}

    def __init__(
        self, *, currency: str = "", allow_zero: bool = False, allow_negative: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.allow_zero, self.allow_negative = allow_zero, allow_negative
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        if currency:
            self.set_currency(currency)

    def set_currency(self, currency: str) -> None:
        self.currency = currency
        cast(AmountInput, self.widget).currency = currency

    def prepare_value(self, value: Any) -> Any:
        return as_typed(plain_amount(value, self.currency)) if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        minor = strictly(
            parsing.parse_amount, text, exponent=exponent_of(self.currency), point=decimal_point()
        )
        if minor < 0 and not self.allow_negative:
            raise ValidationError(_("The amount may not be negative."), code="negative_amount")
        if minor == 0 and not self.allow_zero:
            raise ValidationError(_("The amount must be more than zero."), code="zero_amount")
        return int(minor)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(self.prepare_value(initial), data)


class NumberField(forms.CharField):
    """A plain decimal number with at most ``places`` decimals, cleaned to Decimal: quantities, rates, unit prices."""

    default_error_messages = {"required": _("Enter a number.")}

    def __init__(
        self,
        *,
        places: int,
        least: Decimal | int | None = None,
        most: Decimal | int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.places, self.least, self.most = places, least, most
        self.widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return as_typed(f"{value.normalize():f}") if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Decimal | None:
        text = super().clean(value)
        if not text:
            return None
        number: Decimal = strictly(
            parsing.parse_decimal, text.strip(), places=self.places, point=decimal_point()
        )
        if self.least is not None and number < self.least:
            raise ValidationError(_("At least %(least)s.") % {"least": self.least}, code="too_small")
        if self.most is not None and number > self.most:
            raise ValidationError(_("At most %(most)s.") % {"most": self.most}, code="too_large")
        return number


class DayField(forms.CharField):
    """A date between 1990 and 2199, with the browser's own calendar."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_error_messages = {"required": _("Choose a date.")}

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, dt.date) else value

    def clean(self, value: Any) -> dt.date | None:
        text = super().clean(value)
        return strictly(parsing.parse_date, text) if text else None


class ClockField(forms.CharField):
    """A wall-clock time, HH:MM."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    default_error_messages = {"required": _("Choose a time.")}

    def prepare_value(self, value: Any) -> Any:
        return value.strftime("%H:%M") if isinstance(value, dt.time) else value

    def clean(self, value: Any) -> dt.time | None:
        text = super().clean(value)
        return strictly(parsing.parse_time, text[:5]) if text else None


class LineField(forms.CharField):
    """One line of text, without control characters, NFC, trimmed."""

    multiline = False
    default_error_messages = {"required": _("Fill this in.")}

    def __init__(self, *, max_length: int, refuse_cards: bool = False, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)
        self.longest, self.refuse_cards = max_length, refuse_cards
        self.widget.attrs["maxlength"] = str(max_length)

    def to_python(self, value: Any) -> str:
        text = "" if value is None else str(value)
        cleaned: str = strictly(
            parsing.clean_text,
            text,
            max_length=self.longest,
            multiline=self.multiline,
            refuse_cards=self.refuse_cards,
        )
        return cleaned


class NoteField(LineField):
    """Text of several lines, without card numbers."""

    widget = forms.Textarea(attrs={"rows": "3"})
    multiline = True

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        super().__init__(max_length=max_length, refuse_cards=True, **kwargs)


CHOOSE: dict[str, Any] = {
    "required": _("Choose one of the list."),
    "invalid_choice": _("This is not in the list any more. Choose another one."),
}


class ChoiceField(forms.ChoiceField):
    """One of a few."""

    default_error_messages = CHOOSE


class TypedChoiceField(forms.TypedChoiceField):
    """One of a few, cleaned to what ``coerce`` makes of it."""

    default_error_messages = CHOOSE


class AddressField(forms.CharField):
    """One email address."""

    widget = forms.EmailInput(attrs={"autocomplete": "email"})
    default_error_messages = {"required": _("Enter an email address.")}

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        return str(strictly(parsing.parse_email, text)) if text else ""


class RecipientsInput(forms.Textarea):
    template_name = "web/forms/recipients.html"


class RecipientsField(forms.CharField):
    """A list of at most 20 addresses, typed with commas, semicolons, spaces or new lines; cleaned to a list."""

    default_error_messages = {"required": _("Add at least one email address.")}
    widget = RecipientsInput(attrs={"rows": "2", "autocomplete": "off", "spellcheck": "false"})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        text = super().clean(value)
        found: list[str] = strictly(parsing.parse_recipients, text or "")
        if self.required and not found:
            raise ValidationError(self.error_messages["required"], code="required")
        return found


def as_typed(plain: str) -> str:
    """A number as the reader's language writes it."""
    return plain.replace(".", decimal_point())


def strictly(parse: Any, text: str, **options: Any) -> Any:
    """A parser of `lib.parsing` whose refusal becomes the field's error."""
    try:
        return parse(text, field="", **options)
    except BadInput as refused:
        raise ValidationError(refused.message, code=refused.code) from None
