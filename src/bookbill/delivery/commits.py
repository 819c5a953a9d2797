"""Lanes that write at the same moment share one commit on SQLite, where a worker commits only every 20 ms.

A lane needs one commit per mail, so alone it sends at most 50 a second; eight lanes sharing them send eight times
that, and pages still get their turn. PostgreSQL lets everybody commit at once.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db import connection

from bookbill.lib.transactions import transact
from bookbill.work.pace import paced

T = TypeVar("T")


class Ticket:
    """One act waiting for a commit, then what it returned or why the commit failed."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act
        self.is_done = False
        self.result: Any = None
        self.problem: BaseException | None = None


_waiting: list[Ticket] = []
_list = threading.Lock()
_lead = threading.Lock()


def commit(act: Callable[[], T]) -> T:
    """``transact(act)``, on SQLite together with the acts of all lanes that wait for a commit.

    A commit that fails fails for all of them: like `transact`, the act is only an address and may run again.
    """
    if connection.vendor != "sqlite":
        return transact(act)
    ticket = Ticket(act)
    with _list:
        _waiting.append(ticket)
    with _lead:
        # Whoever comes first commits for all; the others find their ticket done.
        if not ticket.is_done:
            commit_waiting()
    if ticket.problem:
        raise ticket.problem
    return cast(T, ticket.result)


def commit_waiting() -> None:
    tickets: list[Ticket] = []

    def take() -> list[Ticket]:
        with _list:
            tickets.extend(_waiting)
            _waiting.clear()
        return tickets

    try:
        # Taken inside the transaction: who came while this one waited for its turn still gets in.
        results = paced(lambda: [ticket.act() for ticket in take()])
    except BaseException as problem:  # noqa: BLE001 - raised again in every lane it concerns
        for ticket in take():
            ticket.is_done, ticket.problem = True, problem
    else:
        for ticket, result in zip(tickets, results, strict=True):
            ticket.is_done, ticket.result = True, result
