"""Two pages for members and an open one, beside the product's own sign-in."""

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from bookbill.companies.actions import add_member
from bookbill.companies.clock import now
from bookbill.companies.doors.once import act_once
from bookbill.companies.doors.pages import staff_view
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Member
from bookbill.companies.rights import Feature, Right
from bookbill.lib.errors import RuleBroken
from bookbill.web.htmx import see_other


@staff_view(Right.VIEW_SETTINGS, methods=("GET", "HEAD"))
def read(request: CompanyRequest) -> HttpResponse:
    return HttpResponse(f"{request.company.name}: {', '.join(Member.objects.values_list('name', flat=True))}")


@staff_view(Right.MANAGE_MEMBERS, methods=("POST",))
def add(request: CompanyRequest) -> HttpResponse:
    def act() -> str:
        made = add_member(
            email=request.POST["email"], name="", role="office", by=request.actor, now=now(request.company)
        )
        return f"/members/{made.pk}"

    return see_other(request, act_once(request, act))


@staff_view(Right.EDIT_INVOICES, feature=Feature.BATCH)
def batch(request: CompanyRequest) -> HttpResponse:
    return HttpResponse("batch")


def public(request: HttpRequest) -> HttpResponse:
    if "refuse" in request.GET:
        raise RuleBroken("no", "Not like this.")
    return HttpResponse("open")


urlpatterns = [
    path("read", read),
    path("add", add),
    path("batch", batch),
    path("public", public),
    path("accounts/", include("allauth.urls")),
    path("", include("bookbill.companies.urls")),
    path("", include("bookbill.web.urls")),
]
handler404 = "bookbill.web.problems.not_found"
