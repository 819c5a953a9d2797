"""An API with a few small routes, to try the doors with, and the company's own."""

import threading
import uuid
from datetime import datetime
from typing import Annotated, Literal

from django.http import HttpResponse
from django.urls import include, path
from ninja import Query, Router
from pydantic import Field

from bookbill.companies.actions import add_member
from bookbill.companies.api import router as companies
from bookbill.companies.clock import now
from bookbill.companies.doors.api import ApiKeyAuth, in_company
from bookbill.companies.doors.once import answer_once
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import Member
from bookbill.companies.rights import Right, require
from bookbill.web.api.building import make_api
from bookbill.web.api.cursors import PageQuery, keyset
from bookbill.web.api.rendering import answered
from bookbill.web.api.routes import find
from bookbill.web.api.schema import NOTHING, Answer, Body, Email, Empty, Name, Page

router = Router(tags=["Toy"])
hold = threading.Event()  # cleared by a test that wants the first request to take its time
hold.set()


class MemberIn(Body):
    email: Email
    name: Name
    role: Literal["owner", "office", "accountant"] = "office"
    tags: Annotated[list[Name], Field(max_length=2)] = []


class MemberOut(Answer):
    id: uuid.UUID
    created_at: datetime
    name: str
    role: str

    @classmethod
    def of(cls, member: Member) -> "MemberOut":
        return cls(id=member.pk, created_at=member.created_at, name=member.name, role=member.role)


class MemberQuery(PageQuery):
    role: Literal["owner", "office", "accountant"] | None = None


@router.post("/members", response={201: MemberOut})
def create_member(request: CompanyRequest, body: MemberIn) -> HttpResponse:
    def act() -> MemberOut:
        hold.wait(20)
        return MemberOut.of(
            add_member(
                email=body.email, name=body.name, role=body.role, by=request.actor, now=now(request.company)
            )
        )

    return answer_once(request, act)


@router.get("/members", response=Page[MemberOut])
def list_members(request: CompanyRequest, page: Query[MemberQuery]) -> Page[MemberOut]:
    rows = Member.objects.all()
    if page.role:
        rows = rows.filter(role=page.role)
    members, next_cursor = keyset(rows, page, by=("name", "id"), descending=False)
    return Page[MemberOut](items=[MemberOut.of(member) for member in members], next_cursor=next_cursor)


@router.get("/members/{member_id}", response=MemberOut)
def read_member(request: CompanyRequest, member_id: str) -> HttpResponse:
    require(request.actor, Right.MANAGE_MEMBERS)
    return answered(MemberOut.of(find(Member.objects.all(), member_id)))


@router.post("/members/{member_id}/greeting", response={201: MemberOut})
def greet(request: CompanyRequest, member_id: str, body: Empty = NOTHING) -> HttpResponse:
    return answer_once(request, lambda: MemberOut.of(find(Member.objects.all(), member_id)))


@router.get("/crash")
def crash(request: CompanyRequest) -> HttpResponse:
    raise ZeroDivisionError("a secret detail")


api = make_api(auth=ApiKeyAuth(), around=in_company)
api.add_router("", router)
api.add_router("", companies)
urlpatterns = [path("api/v1/", api.urls), path("accounts/", include("allauth.urls"))]
