"""One kept SMTP connection, step by step, so that we know at which step it broke.

Django's and smtplib's own sending hide a refused recipient of several, and tell a connection that was lost before
the data from one lost after it only by accident. Here one mail has one recipient, and only a lost answer to the
final dot is *unknown*.
"""

import smtplib
import socket
import ssl
import time
from contextlib import suppress
from typing import Protocol

from bookbill.delivery.rules import Outcome, State, clean_answer, outcome_of

IDLE_BEFORE_CHECK, IDLE_BEFORE_LEAVING = 5.0, 30.0  # seconds
SERVICE_CLOSING = 421


class SmtpSettings(Protocol):
    """What settings.SMTP is."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def tls(self) -> str: ...
    @property
    def timeout(self) -> int: ...


class ConnectionTroubleError(Exception):
    """No usable connection; no mail is the worse for it. The message is for a person."""


class Connection:
    """Opened when needed, checked after a rest, closed on any doubt. Used by one thread."""

    def __init__(self, config: SmtpSettings, *, own_name: str) -> None:
        self.config = config
        self.own_name = own_name
        self.smtp: smtplib.SMTP | None = None
        self.used_at = 0.0

    def open(self) -> None:
        """Make sure the connection stands: greeted, encrypted and signed in as configured. Raises ConnectionTroubleError."""
        if self.smtp and time.monotonic() - self.used_at > IDLE_BEFORE_CHECK:
            try:
                still_there = self.smtp.noop()[0] == 250
            except OSError:
                still_there = False
            if not still_there:
                self.close()
        if self.smtp is None:
            try:
                self.smtp = self.connect()
            except OSError as problem:  # smtplib's errors are OSErrors too
                raise ConnectionTroubleError(describe(problem)) from problem
        self.used_at = time.monotonic()

    def connect(self) -> smtplib.SMTP:
        config = self.config
        context = ssl.create_default_context()
        if config.tls == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                config.host, config.port, self.own_name, timeout=config.timeout, context=context
            )
        else:
            smtp = smtplib.SMTP(config.host, config.port, self.own_name, timeout=config.timeout)
        try:
            smtp.ehlo_or_helo_if_needed()
            if config.tls == "starttls":
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
            if config.user:
                smtp.login(config.user, config.password)
            if smtp.sock:
                smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def address(self, *, sender: str, recipient: str, size: int) -> Outcome | None:
        """Name sender and recipient; None when the server will take the data, else its refusal.

        Raises ConnectionTroubleError when the connection broke or the server closes it: nothing was sent.
        """
        smtp = self.standing()
        options = [f"size={size}"] if smtp.has_extn("size") else []
        try:
            code, words = smtp.mail(sender, options)
            if code == 250:
                code, words = smtp.rcpt(recipient)
        except OSError as problem:
            self.close()
            raise ConnectionTroubleError(describe(problem)) from problem
        if code in (250, 251):
            return None
        if code == SERVICE_CLOSING:
            self.close()
            raise ConnectionTroubleError(clean_answer(f"{code} {words!r}"))
        self.forget()
        return outcome_of(code, words, data_was_sent=False)

    def transmit(self, mail: bytes) -> Outcome:
        """Send the data of the mail that was addressed, and say what became of it. Never raises for the network."""
        smtp = self.standing()
        try:
            code, words = smtp.docmd("DATA")
        except OSError as problem:
            self.close()
            return Outcome(State.DEFERRED, describe(problem))
        if code != 354:
            self.forget()
            return outcome_of(code, words, data_was_sent=False)
        try:
            smtp.send(mail.replace(b"\r\n.", b"\r\n.."))
        except OSError as problem:
            # Without the final dot the server has no mail, however much of it went out (RFC 5321 §4.1.1.4).
            self.close()
            return Outcome(State.DEFERRED, describe(problem))
        try:
            smtp.send(b".\r\n")
            code, words = smtp.getreply()
        except OSError as problem:
            self.close()
            return Outcome(State.UNKNOWN, describe(problem))
        self.used_at = time.monotonic()
        outcome = outcome_of(code, words, data_was_sent=True)
        if code == SERVICE_CLOSING or outcome.state == State.UNKNOWN:
            self.close()
        return outcome

    def forget(self) -> None:
        """Take back what was addressed, so that the next mail can begin."""
        try:
            if self.smtp and self.smtp.rset()[0] != 250:
                self.close()
        except OSError:
            self.close()

    def leave_when_idle(self) -> None:
        """Give the server its place back when there was nothing to send for a while."""
        if self.smtp and time.monotonic() - self.used_at > IDLE_BEFORE_LEAVING:
            with suppress(OSError):
                self.smtp.quit()
            self.close()

    def close(self) -> None:
        smtp, self.smtp = self.smtp, None
        if smtp:
            smtp.close()

    def standing(self) -> smtplib.SMTP:
        if self.smtp is None:
            raise ConnectionTroubleError("the connection was closed")
        return self.smtp


def describe(problem: OSError) -> str:
    """The server's words where it said some, else the system's."""
    if isinstance(problem, smtplib.SMTPResponseException):
        words = problem.smtp_error
        return clean_answer(
            f"{problem.smtp_code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
        )
    return clean_answer(f"{problem.strerror or problem}" or type(problem).__name__)
