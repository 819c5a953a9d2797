"""The senders: each lane is a thread with one kept connection that claims a few messages and sends them one by one.

    claim ── MAIL, RCPT ── commit "sending" ── DATA … final dot ── commit the outcome (with the next "sending")
      │           │                                  │
      │      4xx → deferred, 5xx → failed            └ no answer → unknown, never sent again by itself
      └ no connection → nothing is claimed, the lane rests for a moment

Nothing is claimed before the connection stands, so a dead server costs no message an attempt.
"""

import datetime as dt
import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.db import connection

from bookbill.delivery import claims, mailbox
from bookbill.delivery.claims import FIRST, Settlement
from bookbill.delivery.composing import Bodies, MailCause
from bookbill.delivery.echoes import echo_header
from bookbill.delivery.mime import Built, addressed
from bookbill.delivery.models import Attempt, Message, Outbox
from bookbill.delivery.rules import Outcome, State, lane_pause, pause_before_composing
from bookbill.delivery.smtp import Connection, ConnectionTroubleError
from bookbill.lib.tenancy import scope, scopes_disabled
from bookbill.work.clock import process_clock

log = logging.getLogger(__name__)

LAPSED_CHECK_EVERY = 5.0  # seconds
CHOOSING_SECONDS = (
    0.2  # a lane waits so long for the others to choose; one may be calling a server that does not answer
)
TURN_SECONDS = (
    10.0  # then what is left of a batch goes back, so that a slow server delays neither others nor a stop
)
NOT_MADE = "This mail could not be made:"

_bodies = Bodies()
_lanes = threading.local()
_choosing = threading.Lock()


def lane_count() -> int:
    """How many lanes a worker runs: on SQLite more, because there they share commits (`commits`)."""
    return 8 if connection.vendor == "sqlite" else 4


def run_once() -> int:
    """One turn of the calling thread's lane: how many messages it took up, 0 when there is nothing to do now."""
    lane: Lane | None = getattr(_lanes, "lane", None)
    if lane is None:
        lane = _lanes.lane = Lane()
    with scopes_disabled():
        return lane.run_once()


class SandboxLeakError(Exception):
    """A sandbox's message came as far as the socket: a mistake of ours that must not become a mail."""


class Lane:
    """What one sending thread remembers between its turns."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.troubles = 0  # failed connections in a row
        self.resting_until = 0.0  # monotonic
        self.after: UUID = FIRST  # the company served last
        self.unwritten: list[Settlement] = []  # outcomes that the database has not taken yet
        self.looks_for_lapsed_at = 0.0  # monotonic

    def run_once(self) -> int:
        self.write_down()
        if Outbox.objects.filter(held_at__isnull=False).exists():
            return 0
        gave_up = self.look_for_lapsed()
        if not Message.objects.due(process_clock()).exists():
            if self.connection:
                self.connection.leave_when_idle()
            return gave_up
        # One lane after another, so that one mail does not make every lane call the server.
        if not _choosing.acquire(timeout=CHOOSING_SECONDS):
            return gave_up
        try:
            messages, connection = self.choose()
        finally:
            _choosing.release()
        self.keep([message for message in messages if mailbox.is_kept(message)])
        if connection:
            self.send_all(connection, [message for message in messages if not mailbox.is_kept(message)])
        self.write_down()
        return gave_up + len(messages)

    def choose(self) -> tuple[list[Message], Connection | None]:
        """Claim what can leave now: all that is due when the server can be reached, else only what needs none."""
        due = Message.objects.due(process_clock())
        connection = None
        if not settings.DEMO and due.filter(company__is_sandbox=False).exists():
            connection = self.connected()
        only_sandboxes = connection is None and not settings.DEMO
        if only_sandboxes and not due.filter(company__is_sandbox=True).exists():
            return [], None
        messages = claims.claim(only_sandboxes=only_sandboxes, after=self.after)
        if messages:
            self.after = messages[-1].company_id
        return messages, connection

    def look_for_lapsed(self) -> int:
        if time.monotonic() < self.looks_for_lapsed_at:
            return 0
        self.looks_for_lapsed_at = time.monotonic() + LAPSED_CHECK_EVERY
        return claims.give_up_lapsed() if Message.objects.lapsed(process_clock()).exists() else 0

    def write_down(self) -> None:
        claims.settle(self.unwritten)
        self.unwritten = []

    def keep(self, messages: Sequence[Message]) -> None:
        mails = [(message, built) for message in messages if (built := self.built(message))]
        if mails:
            mailbox.keep(mails)

    def send_all(self, connection: Connection, messages: Sequence[Message]) -> None:
        waiting, ends_at = deque(messages), time.monotonic() + TURN_SECONDS
        try:
            while waiting and time.monotonic() < ends_at:
                if connection.smtp is None:
                    connection.open()
                self.send(connection, waiting.popleft())
        except ConnectionTroubleError as trouble:
            self.rest(trouble)
        except BaseException:
            connection.close()
            raise
        claims.hand_back(waiting)

    def send(self, connection: Connection, message: Message) -> None:
        """Send one message as far as it goes. Raises ConnectionTroubleError when the lane should rest."""
        built = self.built(message)
        if built is None:
            return
        mail = addressed(
            built,
            recipient=message.recipient,
            message_id=message.message_id,
            at=process_clock(),
            echo=echo_header(settings.MAIL_PROVIDER, message.message_id),
        )
        refusal = self.address(connection, message, built, len(mail))
        if refusal:
            self.note(message, refusal)
            return
        # Long enough for every step of the data to take its whole timeout.
        lease = dt.timedelta(seconds=3 * settings.SMTP.timeout + 10)
        is_ours = claims.begin(message, lease=lease, settle_too=self.unwritten)
        self.unwritten = []
        if is_ours:
            self.note(message, transmit(connection, message, mail))
        else:
            connection.forget()

    def address(self, connection: Connection, message: Message, built: Built, size: int) -> Outcome | None:
        """Twice if need be: servers close connections after a number of mails or a time, without meaning this one."""
        try:
            return connection.address(sender=built.from_address, recipient=message.recipient, size=size)
        except ConnectionTroubleError:
            connection.open()
        try:
            return connection.address(sender=built.from_address, recipient=message.recipient, size=size)
        except ConnectionTroubleError as trouble:
            return Outcome(State.DEFERRED, str(trouble))

    def built(self, message: Message) -> Built | None:
        """The message's mail without its recipient; None when composing failed, which is written down and tried again."""
        try:
            with scope(company=message.company):
                return _bodies.of(MailCause.of(message))
        except Exception as problem:
            # Whatever is wrong with one mail must not stop the others.
            log.exception("The mail of message %s could not be composed", message.id)
            pause = pause_before_composing(
                Attempt.objects.filter(message_id=message.id, answer__startswith=NOT_MADE).count()
            )
            state = State.DEFERRED if pause else State.FAILED
            self.note(message, Outcome(state, f"{NOT_MADE} {type(problem).__name__}", pause=pause))
            return None

    def note(self, message: Message, outcome: Outcome) -> None:
        self.unwritten.append(Settlement(message, outcome, process_clock()))

    def connected(self) -> Connection | None:
        """The lane's connection, standing; None while it rests or cannot be made."""
        if time.monotonic() < self.resting_until or not settings.SMTP.host:
            return None
        if self.connection is None or self.connection.config is not settings.SMTP:
            self.connection = Connection(settings.SMTP, own_name=own_name())
        try:
            self.connection.open()
        except ConnectionTroubleError as trouble:
            self.rest(trouble)
            return None
        if self.troubles:
            self.troubles = 0
            Outbox.objects.filter(trouble_at__isnull=False).update(trouble="", trouble_at=None)
        return self.connection

    def rest(self, trouble: ConnectionTroubleError) -> None:
        self.troubles += 1
        self.resting_until = time.monotonic() + lane_pause(self.troubles)
        log.warning("No mail can leave at the moment: %s", trouble)
        if self.troubles == 1:
            Outbox.objects.update_or_create(
                id=1, defaults={"trouble": str(trouble), "trouble_at": process_clock()}
            )


def transmit(connection: Connection, message: Message, mail: bytes) -> Outcome:
    """The only way to the socket, where it is asked once more whether this message may use it."""
    # Not by mailbox.is_kept: two checks are only two while neither leans on the other.
    if settings.DEMO or message.company.is_sandbox:
        raise SandboxLeakError(str(message.id))
    return connection.transmit(mail)


def own_name() -> str:
    """What we call ourselves to the server."""
    host = urlsplit(settings.PUBLIC_BASE_URL).hostname or ""
    return host if "." in host and not host.replace(".", "").isdigit() else "localhost"
