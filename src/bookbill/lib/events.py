"""Reactions that run upward, in the same transaction, in the order `config/wiring.py` lists them."""

from collections.abc import Callable
from typing import Any, TypeVar

E = TypeVar("E")

_reactions: dict[type[Any], list[Callable[[Any], None]]] = {}


def react(event_type: type[E], *handlers: Callable[[E], None]) -> None:
    """Say once, at start, who reacts to an event. Saying it again replaces the list."""
    _reactions[event_type] = list(handlers)


def publish(event: object) -> None:
    """Run the reactions now. A refusal in one of them refuses the whole act."""
    for handler in _reactions.get(type(event), ()):
        handler(event)
