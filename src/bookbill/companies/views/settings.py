"""Settings → the overview, Company, Invoicing, Plan."""

from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from bookbill.companies.actions import change_plan, choose_first_number, update_company
from bookbill.companies.clock import now, today
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.forms import CompanyForm, InvoicingForm
from bookbill.companies.models import AfterSending, ApiKey, Company, Member
from bookbill.companies.number_formats import check_number_format
from bookbill.companies.numbers import NextNumber, next_invoice_number
from bookbill.companies.rights import PLAN_NAMES, Right, may, plan_sentence, require
from bookbill.companies.rules import PLANS, Plan
from bookbill.companies.views.frame import posted, revision_in, settings_page
from bookbill.companies.words import AFTER_SENDING, COMING, FEATURES
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.formatting import payment_terms
from bookbill.web.forms import refuse
from bookbill.web.htmx import see_other, toast


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def overview(request: CompanyRequest) -> HttpResponse:
    """Every page of settings with what it says now."""
    company = request.company
    context: dict[str, Any] = {
        "next_number": saved_next_number(company),
        "terms": payment_terms(company.payment_terms_days),
        "plan_name": PLAN_NAMES[Plan(company.plan)],
    }
    if may(request.actor, Right.MANAGE_MEMBERS):
        context["members_count"] = Member.objects.active().count()
    if may(request.actor, Right.MANAGE_API_KEYS):
        context["keys_count"] = ApiKey.objects.live().count()
    return settings_page(request, "overview", context)


@staff_view(Right.VIEW_SETTINGS)
def company_page(request: CompanyRequest) -> HttpResponse:
    readable_only = not may(request.actor, Right.EDIT_SETTINGS)
    form = CompanyForm(posted(request), company=request.company, readable_only=readable_only)
    if request.method == "POST":
        require(request.actor, Right.EDIT_SETTINGS)
        if form.is_valid() and saved(request, form, form.changes()):
            return see_other(request, reverse("companies:company"))
    return form_page(request, "company", form)


@staff_view(Right.VIEW_SETTINGS)
def invoicing_page(request: CompanyRequest) -> HttpResponse:
    upcoming = saved_next_number(request.company)
    form = InvoicingForm(
        posted(request),
        company=request.company,
        next_n=upcoming.n if upcoming.is_open else None,
        readable_only=not may(request.actor, Right.EDIT_SETTINGS),
    )
    if request.method == "POST":
        require(request.actor, Right.EDIT_SETTINGS)
        if form.is_valid() and saved(
            request, form, form.changes(), first_number=form.cleaned_data.get("first_number")
        ):
            return see_other(request, reverse("companies:invoicing"))
    policies = [(radio, *AFTER_SENDING[AfterSending(radio.data["value"])]) for radio in form["after_sending"]]
    example = typed_example(request.company, request.POST) if form.is_bound else {"next": upcoming}
    return form_page(request, "invoicing", form, {"policies": policies, **example})


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def number_example(request: CompanyRequest) -> HttpResponse:
    """The next number in a format that is being typed."""
    return settings_page(request, "example", typed_example(request.company, request.GET))


@staff_view(Right.VIEW_SETTINGS)
def plan_page(request: CompanyRequest) -> HttpResponse:
    """What each plan has. A self-hosted company chooses for itself."""
    if request.method == "POST":
        wanted = request.POST.get("plan", "")
        plan = transact(lambda: change_plan(wanted, by=request.actor, now=now(request.company))).plan
        toast(request, _("The company is on the %(plan)s plan now.") % {"plan": PLAN_NAMES[Plan(plan)]})
        return see_other(request, reverse("companies:plan"))
    plans = [shown_plan(plan, request.company) for plan in Plan]
    return settings_page(request, "plan", {"plans": plans})


def shown_plan(plan: Plan, company: Company) -> dict[str, Any]:
    return {
        "value": plan.value,
        "name": PLAN_NAMES[plan],
        "is_current": plan == company.plan,
        "features": [
            {
                "name": name,
                "note": note,
                "is_in": feature in PLANS[plan],
                "is_coming": feature in COMING,
                "reason": plan_sentence(feature),
            }
            for feature, (name, note) in FEATURES.items()
        ],
    }


def saved(
    request: CompanyRequest,
    form: CompanyForm | InvoicingForm,
    changes: dict[str, Any],
    *,
    first_number: Any = None,
) -> bool:
    """Save and say so, or put the refusal into the form."""
    revision = revision_in(request)

    def act() -> None:
        at = now(request.company)
        company = update_company(changes, by=request.actor, now=at, expected_revision=revision)
        upcoming = saved_next_number(company)
        if first_number is not None and int(first_number) != upcoming.n:
            choose_first_number(int(first_number), by=request.actor, now=at)

    try:
        transact(act)
    except RuleBroken as refused:
        refuse(form, refused)
        return False
    toast(request, _("Saved."))
    return True


def form_page(
    request: CompanyRequest,
    template: str,
    form: CompanyForm | InvoicingForm,
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    shown = {"form": form, "revision": request.POST.get("revision") or request.company.revision}
    status = 422 if form.is_bound else 200
    return settings_page(request, template, shown | (context or {}), status=status)


def saved_next_number(company: Company) -> NextNumber:
    return upcoming_number(company, company.number_format, company.number_restarts_yearly)


def typed_example(company: Company, typed: QueryDict) -> dict[str, Any]:
    """The number in what was typed so far, or why it cannot be one."""
    number_format, first = typed.get("number_format", ""), typed.get("first_number", "")
    restarts = typed.get("number_restarts_yearly") == "on"
    try:
        check_number_format(number_format, restarts_yearly=restarts)
    except BadInput as refused:
        return {"problem": refused.message}
    chosen = int(first) if first.isascii() and first.isdigit() and len(first) < 10 else None
    return {"next": upcoming_number(company, number_format, restarts, first_n=chosen)}


def upcoming_number(
    company: Company, number_format: str, restarts: bool, *, first_n: int | None = None
) -> NextNumber:
    """``first_n``: heeded where the first number may still be chosen."""
    return next_invoice_number(
        company,
        today=today(company),
        number_format=number_format,
        restarts_yearly=restarts,
        first_n=first_n,
    )
