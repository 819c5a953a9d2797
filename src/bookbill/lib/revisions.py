"""Optimistic editing: an edit says which revision it read, and is refused when another edit came first."""

from django.utils.translation import gettext as _

from bookbill.lib.errors import RuleBroken


def typed_revision(text: str) -> int:
    """The revision (or amount) a form was made from. What is missing or no number is nobody's, so that edit counts as stale."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def refuse_stale(current: int, expected: int | None) -> None:
    """Raise RuleBroken `stale` unless ``expected`` is the row's revision, read under the lock. None: nobody asked."""
    if expected is not None and expected != current:
        raise RuleBroken("stale", _("Somebody changed this meanwhile. Reload it, check, and try again."))
