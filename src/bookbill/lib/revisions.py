"""Optimistic editing: an edit says which revision it read, and is refused when another edit came first."""

from django.utils.translation import gettext as _

from bookbill.lib.errors import RuleBroken


def refuse_stale(current: int, expected: int | None) -> None:
    """Raise RuleBroken `stale` unless ``expected`` is the row's revision, read under the lock. None: nobody asked."""
    if expected is not None and expected != current:
        raise RuleBroken("stale", _("Somebody changed this meanwhile. Reload it, check, and try again."))
