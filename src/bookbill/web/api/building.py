"""The API object itself; `config/api.py` fills it with the capabilities' routers."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from bookbill.lib.errors import BadInput
from bookbill.web.api.openapi import complete
from bookbill.web.api.problems import add_handlers
from bookbill.web.api.rendering import Renderer
from bookbill.web.api.strict_json import StrictParser

Around = Callable[[Callable[..., Any]], Callable[..., Any]]

DESCRIPTION = """The same actions as the pages. Amounts are integers in minor units (`*_minor`) beside a `currency`; unit prices,
quantities and rates are decimal strings; dates are `YYYY-MM-DD`, instants RFC 3339 in UTC. Unknown fields are refused.
Errors are `application/problem+json` with `code`, `message`, `field` and `request_id`."""


class BookbillAPI(NinjaAPI):
    """Ninja with operation ids that name the act instead of the Python module."""

    def get_openapi_operation_id(self, operation: Operation) -> str:
        return operation.view_func.__name__.rstrip("_")

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        schema = super().get_openapi_schema(**options)
        complete(schema)
        return schema


def make_api(*, auth: Callable[[HttpRequest], Any], around: Around) -> NinjaAPI:
    """An API whose every route asks ``auth`` and runs inside ``around`` (which opens the company's scope)."""
    api = BookbillAPI(
        title="Bookbill",
        version="1",
        description=DESCRIPTION,
        urls_namespace="api",
        openapi_url="/openapi.json",
        docs_url=None,
        auth=auth,
        parser=StrictParser(),
        renderer=Renderer(),
    )
    add_handlers(api)
    api.add_decorator(around, mode="operation")
    api.add_decorator(refuse_unknown_query, mode="operation")
    return api


def refuse_unknown_query(view: Callable[..., Any]) -> Callable[..., Any]:
    """A mistyped filter would silently list everything: names of the query that the route does not take are refused."""

    @wraps(view)
    def checked(request: HttpRequest, **values: Any) -> Any:
        operation: Operation = wrapped_operation(view)
        known: set[str] = set()
        for model in operation.models:
            if model.__ninja_param_source__ == "query":
                known.update(model.__ninja_flatten_map__)
        for name in request.GET:
            if name not in known:
                raise BadInput("unknown_field", _("There is no parameter with this name."), field=name[:100])
        return view(request, **values)

    return checked


def wrapped_operation(view: Callable[..., Any]) -> Operation:
    operation: Operation = view._ninja_operation  # type: ignore[attr-defined]  # ninja keeps it there
    return operation
