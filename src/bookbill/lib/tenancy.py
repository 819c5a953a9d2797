"""The one door to tenant tables: a manager that refuses to query outside `scope(company=…)`."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from django.db import models
from django_scopes import ScopedManager, scope, scopes_disabled
from django_scopes.state import state

__all__ = ["no_scope", "scope", "scopes_disabled", "tenant_manager"]

Q = TypeVar("Q", bound="models.QuerySet[Any]")


def tenant_manager(queryset: type[Q]) -> Q:
    """A manager with the queryset's methods, filtered by the company of the open scope; outside a scope it raises.

    Typed as the queryset itself, whose methods the manager offers, so that callers keep their model's type.
    """
    manager = cast(Any, models.Manager).from_queryset(queryset)
    return cast(Q, ScopedManager(company="company", _manager_class=manager))


@contextmanager
def no_scope() -> Iterator[None]:
    """As if none were open: what belongs to a company cannot be read here."""
    token = state.set({})
    try:
        yield
    finally:
        state.reset(token)
