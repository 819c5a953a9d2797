"""Doing something once, however often it is asked: `Idempotency-Key` of programs, operation ids of forms."""

import datetime as dt
import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import OperationalError, connection
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from bookbill.companies.doors.requests import CompanyRequest
from bookbill.companies.models import IdempotentAnswer
from bookbill.lib.errors import BadInput, RuleBroken
from bookbill.lib.transactions import transact
from bookbill.web.api.rendering import CONTENT_TYPE, as_json
from bookbill.web.api.schema import Answer

WAIT_SECONDS = 5
KEPT_FOR = dt.timedelta(hours=72)
KEY_MAX = 255


@dataclass(frozen=True, slots=True)
class Claim:
    """What a key means: this act, of this holder, on this route, with this body."""

    request: CompanyRequest
    holder: str
    route: str
    key: str
    body_hash: str

    @property
    def address(self) -> tuple[str, ...]:
        return (str(self.request.company.pk), self.holder, self.route, self.key)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an answer and given to every repetition."""

    status: int
    body: str = ""
    location: str = ""


def answer_once(request: CompanyRequest, act: Callable[[], Answer], *, status: int = 201) -> HttpResponse:
    """The door of every POST of the API: ``act`` in one transaction, its answer kept with it if there is a key.

    ``act`` calls the action and builds the answer. The same key and body again give the same bytes without acting;
    another body is refused (422 `idempotency_key_reused`). A twin waits at most five seconds for the first, then
    409 `in_progress`. A refused act leaves nothing, so the same key may be used again.
    """

    def done() -> Kept:
        return Kept(status=status, body=as_json(act()))

    key = request.headers.get("Idempotency-Key")
    if key is None:
        kept = transact(done)
    else:
        holder = f"api_key:{request.actor.reference}"
        route = f"{request.method} {request.path}"
        body_hash = hashlib.sha256(request.body).hexdigest()
        kept = _once(Claim(request, holder, route, _checked(key), body_hash), done)
    return HttpResponse(kept.body, status=kept.status, content_type=CONTENT_TYPE)


def act_once(request: CompanyRequest, act: Callable[[], str]) -> str:
    """The door of a form: ``act`` in one transaction; it returns the address to go to afterwards.

    With an `operation_id` in the form (`{% operation_id %}`) a double click or a second tab acts once and both go
    to the same place. A repeated id with other fields is refused: `form_already_sent`.
    """

    def done() -> Kept:
        return Kept(status=303, location=act())

    operation_id = request.POST.get("operation_id", "")
    if not operation_id:
        return transact(done).location
    fields = sorted((name, values) for name, values in request.POST.lists() if name != "csrfmiddlewaretoken")
    body_hash = hashlib.sha256(repr(fields).encode("utf-8", "backslashreplace")).hexdigest()
    claim = Claim(
        request,
        f"member:{request.member.pk}",
        f"FORM {request.path}"[:255],
        _checked(operation_id),
        body_hash,
    )
    return _once(claim, done).location


def _once(claim: Claim, act: Callable[[], Kept]) -> Kept:
    with _alone(claim.address):
        return transact(lambda: _kept_or_done(claim, act))


def _kept_or_done(claim: Claim, act: Callable[[], Kept]) -> Kept:
    at = timezone.now()
    mine = IdempotentAnswer(
        company=claim.request.company,
        holder=claim.holder,
        route=claim.route,
        key=claim.key,
        body_hash=claim.body_hash,
        created_at=at,
    )
    found = _inserted_or_found(mine)
    if found.pk != mine.pk and at - found.created_at > KEPT_FOR:
        found.delete()
        found = _inserted_or_found(mine)
    if found.pk == mine.pk:
        kept = act()
        IdempotentAnswer.objects.filter(pk=mine.pk).update(
            status=kept.status, body=kept.body, headers={"Location": kept.location} if kept.location else {}
        )
        return kept
    if found.body_hash != claim.body_hash:
        raise _reused(claim)
    return Kept(status=found.status, body=found.body, location=found.headers.get("Location", ""))


def _inserted_or_found(mine: IdempotentAnswer) -> IdempotentAnswer:
    """The row of this key: mine, or the one that was there first. Waits for a twin's transaction, not for ever."""
    is_postgresql = connection.vendor == "postgresql"
    try:
        with connection.cursor() as cursor:
            if is_postgresql:
                cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{WAIT_SECONDS}s"])
            IdempotentAnswer.objects.bulk_create([mine], ignore_conflicts=True)
            if is_postgresql:
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
    except OperationalError as problem:
        if getattr(problem.__cause__, "sqlstate", None) == "55P03":
            raise _in_progress() from problem
        raise
    return IdempotentAnswer.objects.get(holder=mine.holder, route=mine.route, key=mine.key)


_busy: set[tuple[str, ...]] = set()
_changed = threading.Condition()


@contextmanager
def _alone(address: tuple[str, ...]) -> Iterator[None]:
    """Twins in this process wait here, holding no connection and no lock of the database; SQLite has no better place."""
    with _changed:
        if not _changed.wait_for(lambda: address not in _busy, timeout=WAIT_SECONDS):
            raise _in_progress()
        _busy.add(address)
    try:
        yield
    finally:
        with _changed:
            _busy.discard(address)
            _changed.notify_all()


def _checked(key: str) -> str:
    if not (0 < len(key) <= KEY_MAX and key.isascii() and key.isprintable()):
        raise BadInput(
            "bad_idempotency_key",
            _("An Idempotency-Key has 1 to %(max)d printable ASCII characters.") % {"max": KEY_MAX},
            field="Idempotency-Key",
        )
    return key


def _reused(claim: Claim) -> RuleBroken:
    if claim.holder.startswith("member:"):
        return RuleBroken(
            "form_already_sent", _("This form was already sent. Reload the page to send it again.")
        )
    return BadInput(
        "idempotency_key_reused",
        _("This Idempotency-Key was used with another body. Use a new key."),
        field="Idempotency-Key",
    )


def _in_progress() -> RuleBroken:
    return RuleBroken(
        "in_progress", _("The first request with this key is still running. Ask again in a moment.")
    )
