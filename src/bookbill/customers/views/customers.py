"""The list of customers, the customer's billing information, and the acts on it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.rights import Right
from bookbill.customers.actions import archive_customer, create_customer, edit_customer
from bookbill.customers.forms import (
    TAX_IDS_SHOWN,
    AddressForm,
    CustomerForm,
    as_initial,
    values_of,
)
from bookbill.customers.models import Customer
from bookbill.customers.reading import clean_search, listed
from bookbill.customers.views.frame import LIST, PAGE, customer_page
from bookbill.lib.errors import RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.formatting import payment_terms, postal_lines
from bookbill.web.forms import refuse
from bookbill.web.htmx import render_page, safe_next, see_other, toast
from bookbill.web.tabs import figures_of, tabs_of


@staff_view(Right.VIEW_CUSTOMERS, methods=("GET", "HEAD"))
def list_page(request: CompanyRequest) -> HttpResponse:
    """Customers, the newest first, with what they owe."""
    archived = request.GET.get("tab") == "archived"
    search = clean_search(request.GET.get("q", ""))
    page = PageQuery(cursor=request.GET.get("cursor") or None)
    found, next_cursor = keyset(listed(archived=archived, search=search), page)
    figures = figures_of(LIST, request, [customer.pk for customer in found])
    rows = [(customer, figures[customer.pk]) for customer in found]
    return render_page(
        request,
        "customers/list.html",
        {
            "rows": rows,
            "columns": [figure.label for figure in rows[0][1]] if rows else [],
            "active": not archived,
            "archived": archived,
            "search": search,
            "next_cursor": next_cursor,
        },
    )


@staff_view(Right.VIEW_CUSTOMERS, methods=("GET", "HEAD"))
def detail_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """A customer's address without a tab leads to the first tab."""
    customer = get_object_or_404(Customer, pk=pk)
    tabs = tabs_of(PAGE, request, customer.pk)
    return redirect(tabs[0].url if tabs else reverse("customers:billing", args=[pk]))


@staff_view(Right.VIEW_CUSTOMERS, methods=("GET", "HEAD"))
def billing_tab(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Who is billed, where it goes, on which terms."""
    customer = get_object_or_404(Customer, pk=pk)
    context = {
        "billing_lines": postal_lines(customer.billing_address),
        "service_lines": postal_lines(customer.service_address),
        "recipients": customer.billing_recipients(),
        "terms": payment_terms(customer.terms_days(request.company)),
        "has_own_terms": customer.payment_terms_days is not None,
    }
    return customer_page(request, customer, "customers/billing.html", context, current="customers:billing")


@staff_view(Right.VIEW_CUSTOMERS, methods=("GET", "HEAD"))
def menu_part(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """The items of a list row's menu."""
    customer = get_object_or_404(Customer, pk=pk)
    return render_page(request, "customers/menu.html", {"customer": customer})


@staff_view(Right.EDIT_CUSTOMERS)
def create_page(request: CompanyRequest) -> HttpResponse:
    """A new customer; only the name is needed."""
    forms = CustomerForms(request, None)
    if request.method == "POST" and forms.are_valid():

        def act() -> str:
            made = create_customer(forms.fields(), by=request.actor, now=now(request.company))
            toast(request, _("%(customer)s is added.") % {"customer": made})
            return safe_next(request, reverse("customers:detail", args=[made.pk]))

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(forms.customer, refused)
    return forms.page()


@staff_view(Right.EDIT_CUSTOMERS)
def edit_page(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Change a customer. Invoices show it at once; what was sent stays as it was."""
    customer = get_object_or_404(Customer, pk=pk)
    forms = CustomerForms(request, customer)
    if request.method == "POST" and forms.are_valid():

        def act() -> str:
            seen = forms.customer.cleaned_data["revision"]
            edit_customer(pk, forms.fields(), revision=seen, by=request.actor, now=now(request.company))
            toast(request, _("Saved."))
            return reverse("customers:billing", args=[pk])

        try:
            return see_other(request, act_once(request, act))
        except RuleBroken as refused:
            refuse(forms.customer, refused)
    return forms.page()


@staff_view(Right.EDIT_CUSTOMERS, methods=("POST",))
def archive(request: CompanyRequest, pk: UUID) -> HttpResponse:
    """Hide a customer from daily lists, or bring it back."""
    archived = request.GET.get("archived", request.POST.get("archived", "yes")) == "yes"
    customer = transact(
        lambda: archive_customer(pk, archived=archived, by=request.actor, now=now(request.company))
    )
    words = _("%(customer)s is archived.") if archived else _("%(customer)s is back in the list.")
    undo = f"{reverse('customers:archive', args=[pk])}?archived={'no' if archived else 'yes'}"
    toast(request, words % {"customer": customer}, undo_url=undo)
    return see_other(request, safe_next(request, reverse("customers:billing", args=[pk])))


class CustomerForms:
    """The customer's form with its two addresses, as one page shows and reads them."""

    def __init__(self, request: CompanyRequest, existing: Customer | None) -> None:
        self.request, self.existing = request, existing
        data = request.POST if request.method == "POST" else None
        self.customer = CustomerForm(
            data,
            initial=values_of(existing) if existing else None,
            terms_days=request.company.payment_terms_days,
            customer=existing,
        )
        addresses = (existing.billing_address, existing.service_address) if existing else ({}, {})
        self.billing = AddressForm(data, prefix="billing", initial=as_initial(addresses[0]))
        self.service = AddressForm(data, prefix="service", initial=as_initial(addresses[1]))

    def are_valid(self) -> bool:
        """Asks each of them, so that all mistakes show at once."""
        asked = [form.is_valid() for form in (self.customer, self.billing, self.service)]
        return all(asked)

    def fields(self) -> dict[str, object]:
        kept = self.existing.tax_ids[TAX_IDS_SHOWN:] if self.existing else []
        return {
            **self.customer.customer_fields(kept_tax_ids=kept),
            "billing_address": self.billing.address(),
            "service_address": self.service.address(),
        }

    def page(self) -> HttpResponse:
        refused = any(form.errors for form in (self.customer, self.billing, self.service))
        context = {
            "form": self.customer,
            "billing": self.billing,
            "service": self.service,
            "customer": self.existing,
            "next": safe_next(self.request, ""),
        }
        return render_page(self.request, "customers/form.html", context, status=422 if refused else 200)
