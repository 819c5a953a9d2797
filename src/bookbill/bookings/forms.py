"""What people type about bookings: the booking, its lines, a cancellation; services and tax codes."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.forms.formsets import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from bookbill.bookings.actions.catalogue import COMPONENTS_MAX, ComponentDraft
from bookbill.bookings.drafts import ItemDraft
from bookbill.bookings.models import Booking, BookingItem, Service, TaxCode
from bookbill.bookings.models.catalogue import TaxCategory
from bookbill.companies.models import Member
from bookbill.customers.forms import AddressForm
from bookbill.customers.models import Customer
from bookbill.money.currencies import exponent_of
from bookbill.money.pricing import Discount
from bookbill.web.forms import (
    ChoiceField,
    ClockField,
    DayField,
    LineField,
    NoteField,
    NumberField,
    as_typed,
    says_empty,
)

LINES_MORE, LINES_MAX = 4, 200
CUSTOMERS_MAX = 300
"""So many stand in the select; with more of them a booking begins on the customer's page."""
NOTE_MAX = 5_000


if TYPE_CHECKING:
    ItemForms = BaseFormSet["ItemForm"]
else:
    ItemForms = BaseFormSet


class BookingForm(forms.Form):
    customer: "forms.ModelChoiceField[Customer]" = forms.ModelChoiceField(
        label=_("Customer"),
        queryset=None,
        empty_label=_("Choose a customer"),
        error_messages={
            "required": _("Choose a customer."),
            "invalid_choice": _("There is no such customer."),
        },
    )
    service_date = DayField(label=_("Service date"))
    start_time = ClockField(label=_("Start time"), required=False)
    provider: "forms.ModelChoiceField[Member]" = forms.ModelChoiceField(
        label=_("Provider"), queryset=None, required=False, empty_label=_("Not assigned yet")
    )
    tax_code: "forms.ModelChoiceField[TaxCode]" = forms.ModelChoiceField(
        label=_("Tax"), queryset=None, required=False, empty_label=_("No tax")
    )
    discount_kind = ChoiceField(
        label=_("Discount"),
        choices=[("", _("None")), ("percent", _("Percent")), ("amount", _("Amount"))],
        required=False,
    )
    discount_value = NumberField(label=_("Discount value"), places=4, least=0, required=False)
    is_elsewhere = forms.BooleanField(label=_("At another address than the customer's"), required=False)
    external_id = LineField(
        label=_("External id"),
        max_length=120,
        required=False,
        help_text=_("Its key in another program, if there is one."),
    )
    note = NoteField(
        label=_("Internal note"),
        max_length=NOTE_MAX,
        required=False,
        help_text=_("Never shown to the customer."),
    )
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, booking: Booking | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = booking or Booking()
        self.place = AddressForm(
            self.data if self.is_bound else None, prefix="place", initial=self.initial.get("place")
        )
        customers = Customer.objects.filter(Q(archived_at=None) | Q(pk=kept.customer_id)).order_by("name")
        codes = TaxCode.objects.filter(Q(archived_at=None) | Q(pk=kept.tax_code_id)).order_by("name")
        providers = Member.objects.filter(Q(is_active=True) | Q(pk=kept.provider_id)).order_by("name")
        self._choose("customer", Customer.objects.all())
        self._choose("provider", providers)
        self._choose("tax_code", codes)
        self._show_customers(customers)

    def _show_customers(self, customers: QuerySet[Customer]) -> None:
        """The first of them by name, and the chosen one; the action refuses one that is archived."""
        shown = list(customers[: CUSTOMERS_MAX + 1])
        self.has_customers, self.has_more_customers = bool(shown), len(shown) > CUSTOMERS_MAX
        chosen = self["customer"].value()
        if chosen and str(chosen) not in {str(customer.pk) for customer in shown}:
            try:
                shown += Customer.objects.filter(pk=chosen)
            except ValidationError:
                pass  # not a key: the field itself says so
        field = self.fields["customer"]
        assert isinstance(field, forms.ModelChoiceField)
        field.widget.choices = [
            ("", field.empty_label or ""),
            *((customer.pk, label_of(customer)) for customer in shown),
        ]

    def _choose(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if (
            said.get("discount_kind")
            and said.get("discount_value") is None
            and "discount_value" not in self.errors
        ):
            self.add_error("discount_value", _("Enter the discount, or choose None."))
        if said.get("is_elsewhere") and not (self.place.is_valid() and self.place.address()):
            self.add_error("is_elsewhere", _("Enter where the work is done, or untick this."))
        return said

    def service_address(self) -> dict[str, str]:
        """Where the work is done: as typed, else where the customer has it done."""
        elsewhere = self.cleaned_data["is_elsewhere"]
        return self.place.address() if elsewhere else self.cleaned_data["customer"].service_address

    def discount(self) -> Discount | None:
        kind = self.cleaned_data["discount_kind"]
        return Discount(kind, self.cleaned_data["discount_value"]) if kind else None

    def tax_code_id(self) -> UUID | None:
        code = self.cleaned_data.get("tax_code")
        return code.pk if code else None


@dataclass(frozen=True, slots=True)
class Offered:
    """What the lines of one form may choose from, read once for all of them."""

    services: dict[str, Service]
    tax_codes: dict[str, TaxCode]

    @classmethod
    def read(cls, used: Sequence[BookingItem] = ()) -> "Offered":
        """The current catalogue, and what the lines already use though it is archived. Two queries."""
        services = Q(archived_at=None) | Q(pk__in={item.service_id for item in used if item.service_id})
        codes = Q(archived_at=None) | Q(pk__in={item.tax_code_id for item in used if item.tax_code_id})
        return cls(
            {str(service.pk): service for service in Service.objects.filter(services).order_by("name")},
            {str(code.pk): code for code in TaxCode.objects.filter(codes).order_by("name")},
        )


def label_of(customer: Customer) -> str:
    """Company and person, so that two of one company can be told apart."""
    both = customer.company_name and customer.company_name != customer.name
    return f"{customer.company_name} · {customer.name}" if both else str(customer)


class ItemForm(forms.Form):
    """One line. A chosen service fills in what is left empty."""

    service = ChoiceField(label=_("Service"), required=False)
    description = LineField(label=_("Description"), max_length=500, required=False)
    quantity = NumberField(label=_("Qty"), places=3, required=False)
    unit = LineField(label=_("Unit"), max_length=20, required=False)
    unit_price = NumberField(label=_("Price"), places=4, required=False)
    tax_code = ChoiceField(label=_("Tax"), required=False)

    def __init__(self, *args: Any, offered: Offered, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = offered
        self._choose("service", _("Custom"), offered.services)
        self._choose("tax_code", _("The booking's"), offered.tax_codes)

    def _choose(self, name: str, empty: Any, rows: dict[str, Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", empty), *((key, row.name) for key, row in rows.items())]

    @property
    def index(self) -> int:
        """Which line of the form it is, from 0."""
        return int(str(self.prefix).rpartition("-")[2])

    def is_spare(self) -> bool:
        """An empty line beyond the first: only for readers without JavaScript, who cannot ask for one more."""
        typed = (self[name].value() for name in ("service", "description", "unit_price"))
        return self.index > 0 and not any(typed) and not self.errors

    def is_empty(self) -> bool:
        return not any(self.cleaned_data.get(name) for name in ("service", "description", "unit_price"))

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and not self.is_empty() and not said.get("service"):
            if not said.get("description"):
                self.add_error("description", _("Say what it is."))
            if said.get("unit_price") is None:
                self.add_error("unit_price", _("Enter a price."))
        return said

    def draft(self, tax_code_id: UUID | None) -> ItemDraft:
        """``tax_code_id``: the booking's, which the line takes unless it names another."""
        said = self.cleaned_data
        return ItemDraft(
            description=said["description"],
            quantity=said["quantity"] if said["quantity"] is not None else Decimal(1),
            unit=said["unit"],
            unit_price=said["unit_price"],
            service_id=UUID(said["service"]) if said["service"] else None,
            tax_code_id=UUID(said["tax_code"]) if said["tax_code"] else tax_code_id,
        )


class ItemFormSet(ItemForms):
    def __init__(self, *args: Any, used: Sequence[BookingItem] = (), **kwargs: Any) -> None:
        kwargs["form_kwargs"] = {"offered": Offered.read(used)}
        super().__init__(*args, **kwargs)

    def drafts(self, tax_code_id: UUID | None) -> tuple[ItemDraft, ...]:
        """The lines that say something, in order. ``tax_code_id``: the booking's."""
        return tuple(form.draft(tax_code_id) for form in self.forms if not form.is_empty())


Items = cast(
    "type[ItemFormSet]",
    formset_factory(
        ItemForm, formset=ItemFormSet, extra=LINES_MORE, max_num=LINES_MAX, absolute_max=LINES_MAX
    ),
)


def filled_line(index: int, service: Service | None = None, *, tax_code: str = "") -> ItemForm:
    """A line as it stands after a service was chosen in it; empty without one. ``tax_code`` is the booking's."""
    initial: dict[str, Any] = {"quantity": Decimal(1)}
    if service:
        initial |= {
            "service": service.pk,
            "description": service.name,
            "unit": service.unit,
            "unit_price": price_text(service.unit_price, service.currency),
            "tax_code": service.tax_code_id if str(service.tax_code_id) != tax_code else None,
        }
    return ItemForm(prefix=f"items-{index}", initial=initial, offered=Offered.read())


def price_text(value: Decimal, currency: str) -> str:
    """A unit price as it is typed: with the currency's decimals, and up to four where it has more."""
    places = max(exponent_of(currency), -int(value.normalize().as_tuple().exponent))
    return as_typed(f"{value:.{places}f}")


class CancelBookingForm(forms.Form):
    reason = LineField(label=_("Reason"), max_length=300, refuse_cards=True, required=False)
    fee = says_empty(
        NumberField(
            label=_("Cancellation fee"),
            places=4,
            least=0,
            required=False,
            help_text=_("Empty: no fee. A fee replaces all lines."),
        )
    )
    fee_description = LineField(
        label=_("Fee for"), max_length=500, required=False, help_text=_("As the invoice says it.")
    )


class ServiceForm(forms.Form):
    name = LineField(
        label=_("Name"), max_length=200, error_messages={"required": _("A service needs a name.")}
    )
    unit_price = NumberField(label=_("Price"), places=4, error_messages={"required": _("Enter a price.")})
    unit = LineField(label=_("Unit"), max_length=20, required=False, help_text=_("hour, visit, m² …"))
    tax_code: "forms.ModelChoiceField[TaxCode]" = forms.ModelChoiceField(
        label=_("Tax"), queryset=None, required=False, empty_label=_("The booking's")
    )

    def __init__(self, *args: Any, service: Service | None = None, **kwargs: Any) -> None:
        if service:
            kwargs["initial"] = {
                "name": service.name,
                "unit_price": price_text(service.unit_price, service.currency),
                "unit": service.unit,
                "tax_code": service.tax_code_id,
            }
        super().__init__(*args, **kwargs)
        field = self.fields["tax_code"]
        assert isinstance(field, forms.ModelChoiceField)
        kept = Q(pk=service.tax_code_id) if service else Q()
        field.queryset = TaxCode.objects.filter(Q(archived_at=None) | kept).order_by("name")

    def values(self) -> dict[str, Any]:
        """As the actions take them."""
        said = self.cleaned_data
        names = ("name", "unit_price", "unit")
        code = said["tax_code"]
        return {name: said[name] for name in names} | {"tax_code_id": code.pk if code else None}


CATEGORY_LABELS = {
    TaxCategory.STANDARD: _("Standard"),
    TaxCategory.ZERO: _("Zero rated"),
    TaxCategory.EXEMPT: _("Exempt"),
    TaxCategory.REVERSE_CHARGE: _("Reverse charge"),
    TaxCategory.OUTSIDE_SCOPE: _("Outside the scope of tax"),
}


class TaxCodeForm(forms.Form):
    """A tax code; its components come in `ComponentForm`s."""

    name = LineField(
        label=_("Name"),
        max_length=80,
        help_text=_("For example GST + QST."),
        error_messages={"required": _("A tax code needs a name.")},
    )
    inclusive = forms.BooleanField(label=_("Prices include this tax"), required=False)

    def as_typed(self) -> "TaxCodeForm":
        """The same words in a form that nobody has judged yet."""
        return TaxCodeForm(initial={name: self[name].value() for name in self.fields})


class ComponentForm(forms.Form):
    name = LineField(label=_("As printed"), max_length=40, required=False)
    rate = NumberField(label=_("Rate, %"), places=4, least=0, most=100, required=False)
    category = ChoiceField(
        label=_("Kind"), choices=[(key.value, label) for key, label in CATEGORY_LABELS.items()]
    )
    compound = forms.BooleanField(label=_("Also taxes the taxes before it"), required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if said.get("name") and said.get("rate") is None and "rate" not in self.errors:
            self.add_error("rate", _("Enter its rate."))
        if not said.get("name") and said.get("rate") is not None and "name" not in self.errors:
            self.add_error("name", _("Say how it is printed."))
        return said


if TYPE_CHECKING:
    ComponentForms = BaseFormSet[ComponentForm]
else:
    ComponentForms = BaseFormSet


class ComponentFormSet(ComponentForms):
    def drafts(self) -> list[ComponentDraft]:
        """The rows that say something, in order."""
        return [
            ComponentDraft(part["name"], part["rate"], part["compound"], part["category"])
            for part in self.cleaned_data
            if part.get("name")
        ]

    def can_grow(self) -> bool:
        return self.total_form_count() < COMPONENTS_MAX

    def with_one_more(self) -> "ComponentFormSet":
        """The same words in rows that nobody has judged yet, and an empty row."""
        typed = [{name: form[name].value() for name in form.fields} for form in self.forms]
        return Components(prefix=self.prefix, initial=[*typed, {}][:COMPONENTS_MAX])


Components = cast(
    "type[ComponentFormSet]",
    formset_factory(
        ComponentForm,
        formset=ComponentFormSet,
        extra=0,
        min_num=1,
        max_num=COMPONENTS_MAX,
        absolute_max=COMPONENTS_MAX,
    ),
)


def components_of(drafts: Sequence[ComponentDraft]) -> list[dict[str, Any]]:
    """The rows of a code as the form shows them."""
    return [asdict(draft) for draft in drafts]
