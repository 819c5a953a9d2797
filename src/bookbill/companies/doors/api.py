"""The API's door: a key opens its company, with its member's rights."""

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.http import HttpRequest
from django.utils import timezone
from ninja.security import HttpBearer

from bookbill.companies.actors import api_key_actor
from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.keys import key_of, note_use
from bookbill.companies.rights import refuse_sign_in
from bookbill.lib.actor import Actor
from bookbill.lib.tenancy import scope


class ApiKeyAuth(HttpBearer):
    """`Authorization: Bearer <key>`; sets `request.company`, `.member` and `.actor`."""

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        key = key_of(token)
        if key is None:
            return None
        opened = cast(CompanyRequest, request)
        opened.company, opened.member = key.company, key.member
        opened.actor = api_key_actor(key.company, key, key.member)
        refuse_sign_in(opened.actor)
        note_use(key, timezone.now())
        return opened.actor


def in_company(view: Callable[..., Any]) -> Callable[..., Any]:
    """Run a route inside the scope of the key's company."""

    @wraps(view)
    def scoped(request: CompanyRequest, **values: Any) -> Any:
        with scope(company=request.company):
            return view(request, **values)

    return scoped
