"""The one kind of expected refusal. Each edge (page, API, command) maps it once."""

from collections.abc import Mapping
from typing import Any


class RuleBroken(Exception):
    """A request that a rule refuses: nothing was changed, and the sentence says what to do.

    ``code`` is stable and machine-readable (``booking_already_invoiced``), ``message`` is already in the
    reader's language, ``field`` names the input at fault, ``status`` is the HTTP answer of the API.
    """

    status = 409

    def __init__(
        self,
        code: str,
        message: str,
        *,
        field: str | None = None,
        status: int | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.details = dict(details or {})
        if status is not None:
            self.status = status


class BadInput(RuleBroken):
    """Input that no rule could accept: out of bounds, unreadable, unknown."""

    status = 422


class Forbidden(RuleBroken):
    """The actor may not do this, whatever the state."""

    status = 403


class NotFound(RuleBroken):
    """Not there, or a stranger's: the answers are alike on purpose."""

    status = 404


class Busy(RuleBroken):
    """The database did not let us through in time; the same request may be sent again."""

    status = 503
