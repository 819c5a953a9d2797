"""Ids in addresses. What is not there, what is a stranger's and what is no id at all answer alike."""

from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from bookbill.lib.errors import NotFound
from bookbill.web.api.schema import UUID_TEXT

M = TypeVar("M", bound=Model)


def id_in_route(text: str) -> UUID:
    """The id written in an address, or NotFound."""
    if not UUID_TEXT.fullmatch(text):
        raise not_found()
    return UUID(text)


def find(rows: QuerySet[M], text: str) -> M:
    """The row with the id written in an address, or NotFound. ``rows`` is already scoped to the company."""
    row = rows.filter(pk=id_in_route(text)).first()
    if row is None:
        raise not_found()
    return row


def not_found() -> NotFound:
    return NotFound("not_found", _("There is nothing at this address."))
