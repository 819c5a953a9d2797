"""Lists by keyset: a page starts after the last row of the one before, whatever was inserted meanwhile."""

from collections.abc import Sequence
from typing import Annotated, Any, TypeVar, cast

from django.core import signing
from django.db.models import Field as Column
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _
from pydantic import Field

from bookbill.lib.errors import BadInput
from bookbill.web.api.schema import Body, FromText

M = TypeVar("M", bound=Model)

LIMIT_DEFAULT, LIMIT_MAX, CURSOR_MAX = 50, 200, 1000


def _limit(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 3 and 1 <= int(value) <= LIMIT_MAX):
        raise BadInput("bad_limit", _("The limit is a whole number from 1 to %(max)d.") % {"max": LIMIT_MAX})
    return int(value)


Limit = Annotated[int, FromText(_limit, {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX})]


class PageQuery(Body):
    """``?limit=&cursor=`` of every list. Subclass it for a list's filters."""

    limit: Limit = LIMIT_DEFAULT
    cursor: Annotated[str, Field(json_schema_extra={"maxLength": CURSOR_MAX})] | None = None


def keyset(
    rows: QuerySet[M], page: PageQuery, *, by: Sequence[str] = ("id",), descending: bool = True
) -> tuple[list[M], str | None]:
    """One page of ``rows`` and the cursor of the next, in two-way stable order of ``by``.

    ``by`` are columns without nulls, the last one unique (``id``); an index must start with company and go on with them.
    Raises BadInput ``bad_cursor`` for a cursor of another list or a changed one.
    """
    name = f"{rows.model._meta.label}:{','.join(by)}:{descending}"
    if page.cursor:
        rows = rows.filter(_after(rows.model, by, _opened(page.cursor, name), descending=descending))
    ordered = rows.order_by(*(f"-{column}" if descending else column for column in by))
    found = list(ordered[: page.limit + 1])
    if len(found) <= page.limit:
        return found, None
    last = found[page.limit - 1]
    return found[: page.limit], _sealed([str(getattr(last, column)) for column in by], name)


def _after(model: type[Model], by: Sequence[str], values: Sequence[str], *, descending: bool) -> Q:
    """(a, b) < (x, y) written as a < x or (a = x and b < y), so that both databases use the index on its first column."""
    fields = [cast("Column[Any, Any]", model._meta.get_field(column)) for column in by]
    typed = [column.to_python(value) for column, value in zip(fields, values, strict=True)]
    side = "lt" if descending else "gt"
    beyond = Q(pk__in=[])
    for depth, column in enumerate(by):
        equal = {by[place]: typed[place] for place in range(depth)}
        beyond |= Q(**equal, **{f"{column}__{side}": typed[depth]})
    if len(by) > 1:
        beyond &= Q(**{f"{by[0]}__{side}e": typed[0]})
    return beyond


def _sealed(values: list[str], name: str) -> str:
    return signing.dumps(values, salt=f"cursor:{name}", compress=False)


def _opened(cursor: str, name: str) -> list[str]:
    try:
        if len(cursor) > CURSOR_MAX:
            raise ValueError
        values: list[str] = signing.loads(cursor, salt=f"cursor:{name}")
    except (signing.BadSignature, ValueError):
        raise BadInput(
            "bad_cursor", _("This cursor is not one of this list. Start again without it."), field="cursor"
        ) from None
    return values
