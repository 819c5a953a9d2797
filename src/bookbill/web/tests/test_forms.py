import datetime as dt
from decimal import Decimal
from typing import cast

import pytest
from django import forms
from django.utils import translation

from bookbill.lib.errors import RuleBroken
from bookbill.web.forms import (
    AddressField,
    AmountField,
    ClockField,
    DayField,
    LineField,
    NoteField,
    NumberField,
    RecipientsField,
    refuse,
)


class PaymentForm(forms.Form):
    amount = AmountField(label="Amount", currency="CAD", help_text="What came in.")
    received_date = DayField(label="Date")
    reference = LineField(label="Reference", max_length=10, required=False)
    recipients = RecipientsField(label="Send to", required=False)


GOOD = {"amount": "115.00", "received_date": "2026-07-02"}


def test_amounts_are_typed_in_units_and_cleaned_to_cents() -> None:
    form = PaymentForm(GOOD)
    assert form.is_valid(), form.errors
    assert form.cleaned_data["amount"] == 11500
    assert form.cleaned_data["received_date"] == dt.date(2026, 7, 2)
    assert form.cleaned_data["recipients"] == []


@pytest.mark.parametrize("typed", ["12.345", "1e3", "NaN", "1_000", "٣", "-5", "0", "1,000.00", "", "9" * 40])
def test_an_amount_that_is_not_plain_is_refused_beside_its_field(typed: str) -> None:
    form = PaymentForm(GOOD | {"amount": typed})
    assert not form.is_valid()
    assert set(form.errors) == {"amount"}


def test_an_amount_follows_the_decimals_of_its_currency() -> None:
    field = AmountField(currency="JPY")
    assert field.clean("1500") == 1500
    with pytest.raises(forms.ValidationError):
        field.clean("1500.5")


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("12,50", 1250),
        ("12.50", 1250),
        ("1\u202f234,5", 123450),
        ("1 234", 123400),
        ("-5", None),
        ("1,2,3", None),
    ],
)
def test_in_french_an_amount_is_typed_with_a_comma_or_a_point(typed: str, minor: int | None) -> None:
    with translation.override("fr"):
        form = PaymentForm(GOOD | {"amount": typed})
        assert form.cleaned_data.get("amount") == minor if form.is_valid() else minor is None
        assert "115,00" in str(PaymentForm(GOOD | {"amount": "x"}).errors["amount"])


def test_in_french_amounts_and_numbers_are_shown_with_a_comma_and_the_symbol_after() -> None:
    with translation.override("fr"):
        shown = str(PaymentForm(initial={"amount": 20050})["amount"])
        assert 'value="200,50"' in shown
        assert "affix-after" in shown
        assert NumberField(places=3).prepare_value(Decimal("1.500")) == "1,5"
        assert NumberField(places=3).clean("1,5") == Decimal("1.5")


def test_in_english_a_comma_is_refused_since_it_could_group() -> None:
    assert not PaymentForm(GOOD | {"amount": "1,234"}).is_valid()


def test_two_forms_may_hold_two_currencies() -> None:
    one, other = PaymentForm(), PaymentForm()
    cast(AmountField, one.fields["amount"]).set_currency("EUR")
    assert "€" in str(one["amount"])
    assert "€" not in str(other["amount"])


def test_an_initial_amount_in_cents_is_shown_in_units() -> None:
    assert 'value="200.00"' in str(PaymentForm(initial={"amount": 20000})["amount"])


@pytest.mark.parametrize("typed", ["2026-02-31", "02/07/2026", "1899-01-01", "2026-7-2"])
def test_a_date_that_does_not_exist_is_refused(typed: str) -> None:
    assert not PaymentForm(GOOD | {"received_date": typed}).is_valid()


def test_text_with_control_characters_or_too_long_is_refused() -> None:
    assert not PaymentForm(GOOD | {"reference": "a\x00b"}).is_valid()
    assert not PaymentForm(GOOD | {"reference": "a" * 11}).is_valid()
    assert PaymentForm(GOOD | {"reference": " e\u0301t\u00e9 "}).data
    assert LineField(max_length=10).clean(" e\u0301t\u00e9 ") == "\u00e9t\u00e9"
    assert NoteField(max_length=20).clean("one\r\ntwo") == "one\ntwo"


def test_numbers_times_and_addresses_are_strict() -> None:
    assert NumberField(places=3).clean("1.5") == dt.timedelta(minutes=3) / dt.timedelta(minutes=2)
    assert ClockField().clean("09:30") == dt.time(9, 30)
    assert AddressField().clean("Ana@Bright.Example") == "Ana@bright.example"
    for field, typed in [
        (NumberField(places=3), "1.2345"),
        (NumberField(places=2, most=100), "100.01"),
        (ClockField(), "25:00"),
        (AddressField(), "a@[127.0.0.1]"),
    ]:
        with pytest.raises(forms.ValidationError):
            field.clean(typed)


def test_a_refused_number_shows_one_as_it_may_be_written() -> None:
    for places, example in ((0, "115"), (2, "115.00")):
        with pytest.raises(forms.ValidationError) as refused:
            NumberField(places=places).clean("two")
        assert refused.value.messages == [f"“two” is not a number. Write it like {example}."]


def test_recipients_are_split_checked_and_without_repeats() -> None:
    field = RecipientsField()
    assert field.clean("a@x.example; b@x.example\nA@x.example") == ["a@x.example", "b@x.example"]
    with pytest.raises(forms.ValidationError):
        field.clean("a@x.example, nobody")
    with pytest.raises(forms.ValidationError):
        field.clean(" , ")


def test_every_field_is_drawn_with_label_hint_and_error_tied_to_it() -> None:
    html = str(PaymentForm(GOOD | {"amount": "x"})["amount"].as_field_group())
    assert '<label class="field-label" for="id_amount">' in html
    assert 'aria-describedby="id_amount_helptext id_amount_error"' in html
    assert 'aria-invalid="true"' in html
    assert 'id="id_amount_helptext"' in html
    assert 'id="id_amount_error"' in html


def test_what_was_typed_comes_back_as_text_never_as_markup() -> None:
    html = str(PaymentForm(GOOD | {"amount": '"><script>', "recipients": "</textarea><b>"}))
    assert "<script>" not in html
    assert "</textarea><b>" not in html


def test_a_refusal_stands_beside_its_field_or_at_the_head() -> None:
    form = PaymentForm(GOOD)
    refuse(form, RuleBroken("too_much", "More than is due.", field="amount"))
    refuse(form, RuleBroken("locked", "The invoice is locked.", field="elsewhere"))
    assert form.errors["amount"] == ["More than is due."]
    assert form.non_field_errors() == ["The invoice is locked."]
    head = str(form.non_field_errors())
    assert 'role="alert"' in head
    assert "notice-error" in head


def test_a_refusal_in_a_form_links_to_what_it_names_and_nothing_else_of_it_is_markup() -> None:
    form = PaymentForm(GOOD)
    details = {"invoice_id": "01a221b3-a345-74b8-bbd9-544ff6955e39"}
    refuse(form, RuleBroken("locked", "<b>Maple</b> is locked.", details=details))
    head = str(form.non_field_errors())
    assert "&lt;b&gt;Maple&lt;/b&gt; is locked." in head
    assert (
        f'<a class="text-link" href="/payments/invoices/{details["invoice_id"]}">Open the invoice</a>' in head
    )
