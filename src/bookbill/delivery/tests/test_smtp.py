"""Encryption and sign-in, against servers that ask for them."""

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bookbill.delivery.rules import State
from bookbill.delivery.smtp import Connection, ConnectionTroubleError
from tests.support.smtp_server import free_port

MAIL = b"Subject: x\r\n\r\n.dot first\r\nbody\r\n"
PASSWORD = "correct horse"


class Sink:
    """Keeps what it is given."""

    def __init__(self) -> None:
        self.mails: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content)
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that nobody trusts unless told to, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


def check(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    right = data.login == b"bookbill" and data.password == PASSWORD.encode()
    return AuthResult(success=right, handled=False)  # not handled: the server itself answers 235 or 535


@contextmanager
def listening(**how: Any) -> Iterator[tuple[Sink, Callable[..., Connection]]]:
    """A server, and a maker of connections to it."""
    sink, port = Sink(), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port, **how)
    controller.start()
    made: list[Connection] = []

    def connect(**facts: Any) -> Connection:
        told = {
            "host": "127.0.0.1",
            "port": port,
            "user": "",
            "password": "",
            "tls": "none",
            "timeout": 5,
            **facts,
        }
        made.append(Connection(SimpleNamespace(**told), own_name="localhost"))
        return made[-1]

    try:
        yield sink, connect
    finally:
        for connection in made:
            connection.close()
        controller.stop()


def send(connection: Connection) -> State:
    connection.open()
    assert connection.address(sender="a@x.example", recipient="b@x.example", size=len(MAIL)) is None
    return connection.transmit(MAIL).state


def test_starttls_and_a_password(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    how = {"tls_context": server_context(certificate), "require_starttls": True}
    with listening(**how, authenticator=check, auth_required=True) as (sink, connect):
        assert send(connect(tls="starttls", user="bookbill", password=PASSWORD)) == State.ACCEPTED
        assert sink.mails == [MAIL]
        with pytest.raises(ConnectionTroubleError, match="535"):
            connect(tls="starttls", user="bookbill", password="wrong").open()


def test_encryption_from_the_first_byte(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with listening(ssl_context=server_context(certificate)) as (sink, connect):
        assert send(connect(tls="tls")) == State.ACCEPTED
        assert sink.mails == [MAIL]


def test_a_certificate_that_nobody_trusts_gets_no_mail(certificate: Path) -> None:
    with listening(tls_context=server_context(certificate)) as (sink, connect):
        with pytest.raises(ConnectionTroubleError, match="certificate"):
            connect(tls="starttls").open()
        assert sink.mails == []


def test_a_server_without_encryption_gets_no_mail_when_it_was_asked_for() -> None:
    with listening() as (sink, connect):
        with pytest.raises(ConnectionTroubleError, match="STARTTLS"):
            connect(tls="starttls").open()
        assert sink.mails == []


def test_a_rested_connection_is_looked_at_before_it_is_used() -> None:
    with listening() as (sink, connect):
        connection = connect()
        assert send(connection) == State.ACCEPTED
        first = connection.smtp
        assert first is not None
        assert first.sock is not None
        first.sock.shutdown(socket.SHUT_RDWR)
        connection.used_at -= 60
        assert send(connection) == State.ACCEPTED
        assert connection.smtp is not first
        connection.used_at -= 60
        connection.leave_when_idle()
        assert connection.smtp is None
        assert len(sink.mails) == 2
