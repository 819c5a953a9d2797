"""A mail server for tests: its own process, real sockets, and told how to misbehave.

Standard library only, because it runs as a script of its own (`python smtp_server.py FOLDER PORT`). Rules are read
from a file at every decision, so a test may change them at any time; every mail taken is appended to a file before
the server says so, so any process can read what arrived, also after the server was killed.
"""

import asyncio
import fcntl
import fnmatch
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

STEPS = ("connect", "mail", "rcpt", "data", "end")


@dataclass(frozen=True)
class Received:
    """One mail as the server took it."""

    sender: str
    recipient: str
    raw: bytes
    connection: int


@dataclass(frozen=True)
class Rule:
    """What to do at a step, for recipients like ``recipient`` (known from *rcpt* on), at most ``times`` times.

    ``answer`` replies it ("550 5.1.1 No such user"); ``drop`` closes without a word, at *end* after taking the mail
    when ``take``; ``delay`` waits first, in seconds.
    """

    at: str
    recipient: str = "*"
    answer: str = ""
    drop: bool = False
    take: bool = False
    delay: float = 0
    times: int = 1_000_000
    key: int = 0


class SmtpServer:
    """The test's side: starts and kills the process, sets rules, reads what arrived."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.host, self.port = "127.0.0.1", free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.clear()

    def start(self) -> None:
        """Begin to listen, on the same port as before."""
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(self.folder), str(self.port)], stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"listening\n"

    def kill(self) -> None:
        """End it at once, whatever it was doing."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def renew(self) -> None:
        """Running, without mails and rules; a new process where rules may have left something under way."""
        if self.rules:
            self.kill()
        self.clear()
        if not self.is_running():
            self.start()

    def clear(self) -> None:
        """Forget all mails and rules."""
        self.rules: list[Rule] = []
        (self.folder / "mails").write_bytes(b"")
        self.write_rules()

    def rule(self, at: str, **what: Any) -> None:
        """Add a rule; the first one that matches and is not used up counts."""
        assert at in STEPS
        self.rules.append(Rule(at=at, key=time.monotonic_ns(), **what))
        self.write_rules()

    def forget_rules(self) -> None:
        self.rules = []
        self.write_rules()

    def write_rules(self) -> None:
        draft = self.folder / "rules.draft"
        draft.write_text(json.dumps([asdict(rule) for rule in self.rules]))
        draft.replace(self.folder / "rules")

    def messages(self) -> list[Received]:
        """All mails the server took, in order."""
        found = []
        with (self.folder / "mails").open("rb") as mails:
            fcntl.flock(mails, fcntl.LOCK_SH)  # or half of a mail that is being kept would be read
            data = mails.read()
        while data:
            head, _, data = data.partition(b"\n")
            facts = json.loads(head)
            size = facts.pop("size")
            found.append(Received(raw=data[:size], **facts))
            data = data[size:]
        return found

    def recipients(self) -> list[str]:
        return [message.recipient for message in self.messages()]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def running_smtp_server() -> Iterator[SmtpServer]:
    """For a session-wide fixture: one process, reused by the tests of a test process."""
    folder = Path(tempfile.mkdtemp(prefix="smtp-"))
    server = SmtpServer(folder)
    try:
        yield server
    finally:
        server.kill()
        shutil.rmtree(folder)


# From here on: the process itself.


class Session:
    """One connection, from greeting to goodbye."""

    def __init__(
        self, server: "Server", reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> None:
        self.server, self.reader, self.writer, self.number = server, reader, writer, number
        self.sender = self.recipient = ""

    async def run(self) -> None:
        if not await self.follow_rule("connect"):
            await self.say("220 test ESMTP")
        while line := await self.reader.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            await self.obey(verb.upper(), rest)

    async def obey(self, verb: str, rest: str) -> None:
        match verb:
            case "EHLO":
                await self.say("250-test\r\n250-SIZE 30000000\r\n250-PIPELINING\r\n250 8BITMIME")
            case "HELO" | "NOOP":
                await self.say("250 OK")
            case "RSET":
                self.sender = self.recipient = ""
                await self.say("250 OK")
            case "MAIL":
                self.sender, self.recipient = address_in(rest), ""
                if not await self.follow_rule("mail"):
                    await self.say("250 OK")
            case "RCPT":
                if self.recipient:
                    await self.say("452 4.5.3 One recipient only")
                    return
                self.recipient = address_in(rest)
                if await self.follow_rule("rcpt"):
                    self.recipient = ""
                else:
                    await self.say("250 OK")
            case "DATA":
                await self.take_data()
            case "QUIT":
                await self.say("221 Bye")
                raise ConnectionResetError
            case _:
                await self.say("502 Not implemented")

    async def take_data(self) -> None:
        if not self.recipient:
            await self.say("503 Need RCPT")
            return
        if await self.follow_rule("data"):
            return
        await self.say("354 Go ahead")
        lines = []
        while (line := await self.reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            lines.append(line[1:] if line.startswith(b".") else line)
        raw = b"".join(lines)
        if not await self.follow_rule("end", raw):
            self.server.keep(self, raw)
            await self.say("250 2.0.0 OK taken")
        self.sender = self.recipient = ""

    async def follow_rule(self, step: str, raw: bytes = b"") -> bool:
        """Do what a rule says at this step. True when it has answered."""
        rule = self.server.rule_for(step, self.recipient)
        if rule is None:
            return False
        await asyncio.sleep(rule["delay"])
        if rule["drop"]:
            if rule["take"]:
                self.server.keep(self, raw)
            raise ConnectionResetError
        if rule["answer"]:
            await self.say(rule["answer"])
            return True
        return False

    async def say(self, words: str) -> None:
        self.writer.write(words.encode() + b"\r\n")
        await self.writer.drain()


class Server:
    """Keeps mails and counts how often each rule was used."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.mails = os.open(folder / "mails", os.O_WRONLY | os.O_APPEND)
        self.used: dict[int, int] = {}
        self.connections = 0
        self.rules_as_of = -1
        self.rules: list[dict[str, Any]] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with suppress(OSError, asyncio.IncompleteReadError):
            await Session(self, reader, writer, self.connections).run()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    def rule_for(self, step: str, recipient: str) -> dict[str, Any] | None:
        changed = (self.folder / "rules").stat().st_mtime_ns
        if changed != self.rules_as_of:
            self.rules, self.rules_as_of = json.loads((self.folder / "rules").read_text()), changed
        for rule in self.rules:
            if (
                rule["at"] == step
                and fnmatch.fnmatch(recipient, rule["recipient"])
                and self.used.get(rule["key"], 0) < rule["times"]
            ):
                self.used[rule["key"]] = self.used.get(rule["key"], 0) + 1
                return rule
        return None

    def keep(self, session: Session, raw: bytes) -> None:
        facts = {
            "sender": session.sender,
            "recipient": session.recipient,
            "connection": session.number,
            "size": len(raw),
        }
        fcntl.flock(self.mails, fcntl.LOCK_EX)
        os.write(self.mails, json.dumps(facts).encode() + b"\n" + raw)
        fcntl.flock(self.mails, fcntl.LOCK_UN)
        os.fsync(self.mails)


def address_in(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]


async def main(folder: str, port: str) -> None:
    server = Server(Path(folder))
    async with await asyncio.start_server(server.serve, "127.0.0.1", int(port), limit=2**20) as listening:
        sys.stdout.write("listening\n")
        sys.stdout.flush()
        await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:3]))
