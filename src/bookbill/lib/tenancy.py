"""The one door to tenant tables: a manager that refuses to query outside `scope(company=…)`."""

from typing import Any, TypeVar, cast

from django.db import models
from django_scopes import ScopedManager, scope, scopes_disabled

__all__ = ["scope", "scopes_disabled", "tenant_manager"]

M = TypeVar("M", bound=models.Model)


def tenant_manager(queryset: type["models.QuerySet[M]"]) -> "models.Manager[M]":
    """A manager with the queryset's methods, filtered by the company of the open scope.

    Outside a scope every query raises. Typed as a plain manager so that callers keep their model's type.
    """
    manager = cast(Any, models.Manager).from_queryset(queryset)
    return cast("models.Manager[M]", ScopedManager(company="company", _manager_class=manager))
