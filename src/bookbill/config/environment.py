"""Everything Bookbill reads from its environment, and what it refuses to start with. No Django here.

`docs/settings.md` describes the same variables; a test holds the two equal.
"""

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
SECRET_KEY_LENGTH = 32
MAIL_SECRET_LENGTH = 16
SIGNING_MAIL_PROVIDERS = ("mailersend", "mailgun")
MAIL_PROVIDERS_WITH_LOGIN = ("brevo", "mailjet", "postmark", "sendgrid", "sparkpost")
KNOWN_BAD_KEYS = ("django-insecure", "insecure", "changeme", "change-me", "default", "example")

# Name and the default as docs/settings.md prints it.
VARIABLES: dict[str, str] = {
    "DATA_DIR": "none, must be set",
    "DATABASE_URL": "`sqlite:///DATA_DIR/bookbill.sqlite3`",
    "PUBLIC_BASE_URL": "`http://127.0.0.1:8000`",
    "SECRET_KEY": "made once, kept in `DATA_DIR/secret-key`",
    "ALLOWED_HOSTS": "none",
    "TRUSTED_PROXY_COUNT": "`0`",
    "WEB_THREADS": "`8`",
    "SMTP_HOST": "`localhost`",
    "SMTP_PORT": "`25`, `587` or `465`, by `SMTP_TLS`",
    "SMTP_USER": "none",
    "SMTP_PASSWORD": "none",
    "SMTP_TLS": "`none` on loopback, else `starttls`",
    "SMTP_TIMEOUT": "`20`",
    "MAIL_FROM": "`invoices@` the host of `PUBLIC_BASE_URL`",
    "MAILS_PER_DAY": "`10000`",
    "MAIL_PROVIDER": "none",
    "MAIL_PROVIDER_SECRET": "none",
    "STRIPE_API_BASE": "`https://api.stripe.com`",
    "STRIPE_API_KEY": "none",
    "STRIPE_WEBHOOK_SECRET": "none",
    "FONT_DIR": "none",
    "BOOKBILL_DEMO": "`0`",
    "DEBUG": "`0`",
}


class BadEnvironment(Exception):
    """The environment cannot be used; the message is one sentence that says what to change."""


@dataclass(frozen=True, slots=True)
class Database:
    """A SQLite file (``path``) or a PostgreSQL server (the rest)."""

    engine: str
    name: str
    user: str = ""
    password: str = ""
    host: str = ""
    port: str = ""
    options: tuple[tuple[str, str], ...] = ()

    @property
    def is_sqlite(self) -> bool:
        return self.engine == "sqlite"


@dataclass(frozen=True, slots=True)
class Smtp:
    host: str
    port: int
    user: str
    password: str
    tls: str
    timeout: int


@dataclass(frozen=True, slots=True)
class MailProvider:
    """The mail service whose events we take; no name: none."""

    name: str
    secret: str


@dataclass(frozen=True, slots=True)
class Stripe:
    api_base: str
    api_key: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class Environment:
    data_dir: Path
    database: Database
    public_base_url: str
    secret_key: str
    allowed_hosts: tuple[str, ...]
    trusted_proxy_count: int
    web_threads: int
    smtp: Smtp
    mail_from: str
    mails_per_day: int
    mail_provider: MailProvider
    stripe: Stripe
    font_dir: Path | None
    demo: bool
    debug: bool

    @property
    def is_https(self) -> bool:
        return self.public_base_url.startswith("https://")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the address that customers are given."""
        return (urlsplit(self.public_base_url).hostname or "") in LOOPBACK_HOSTS

    def refuse_unsafe(self) -> None:
        """Raise BadEnvironment for what must never serve real people. Called by every process that serves or works."""
        if self.debug:
            raise BadEnvironment(
                "DEBUG is on: it shows data and code to visitors; take it out (or use ./dev run)."
            )
        if not self.is_https and not self.is_local:
            raise BadEnvironment(
                f"PUBLIC_BASE_URL is {self.public_base_url}: use https, plain http is only for this machine itself."
            )
        if self.demo and not self.is_local:
            raise BadEnvironment(
                "BOOKBILL_DEMO signs visitors in without a password: it only runs on a loopback address."
            )


class Reader:
    """Reads variables that VARIABLES lists, trimmed; empty counts as not set."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.variables = variables

    def text(self, name: str, default: str = "") -> str:
        assert name in VARIABLES, name
        return self.variables.get(name, "").strip() or default

    def number(self, name: str, default: int, *, lowest: int, highest: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and lowest <= int(text) <= highest):
            raise BadEnvironment(f"{name} is “{text}”: it must be a whole number from {lowest} to {highest}.")
        return int(text)

    def switch(self, name: str) -> bool:
        text = self.text(name, "0").lower()
        if text not in ("0", "1", "false", "true", "no", "yes", "off", "on"):
            raise BadEnvironment(f"{name} is “{text}”: write 1 or 0.")
        return text in ("1", "true", "yes", "on")


def read_environment(variables: Mapping[str, str] = os.environ) -> Environment:
    """The whole environment, checked. Makes DATA_DIR and, once, the secret key in it."""
    reader = Reader(variables)
    data_dir = read_data_dir(reader)
    public_base_url = read_public_base_url(reader)
    host = urlsplit(public_base_url).hostname or ""
    font_dir = reader.text("FONT_DIR")
    return Environment(
        data_dir=data_dir,
        database=read_database(reader, data_dir),
        public_base_url=public_base_url,
        secret_key=read_secret_key(reader, data_dir),
        allowed_hosts=read_allowed_hosts(reader, host),
        trusted_proxy_count=reader.number("TRUSTED_PROXY_COUNT", 0, lowest=0, highest=10),
        web_threads=reader.number("WEB_THREADS", 8, lowest=1, highest=200),
        smtp=read_smtp(reader),
        mail_from=read_mail_from(reader, host),
        mails_per_day=reader.number("MAILS_PER_DAY", 10_000, lowest=1, highest=1_000_000),
        mail_provider=read_mail_provider(reader),
        stripe=Stripe(
            api_base=reader.text("STRIPE_API_BASE", "https://api.stripe.com"),
            api_key=reader.text("STRIPE_API_KEY"),
            webhook_secret=reader.text("STRIPE_WEBHOOK_SECRET"),
        ),
        font_dir=Path(font_dir).expanduser().resolve() if font_dir else None,
        demo=reader.switch("BOOKBILL_DEMO"),
        debug=reader.switch("DEBUG"),
    )


def read_data_dir(reader: Reader) -> Path:
    text = reader.text("DATA_DIR")
    if not text:
        raise BadEnvironment("DATA_DIR is not set: name the folder where Bookbill keeps its data.")
    folder = Path(text).expanduser().resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as problem:
        raise BadEnvironment(f"DATA_DIR {folder} cannot be used: {problem.strerror}.") from problem
    if not os.access(folder, os.W_OK | os.X_OK):
        raise BadEnvironment(f"DATA_DIR {folder} cannot be written to.")
    return folder


def read_database(reader: Reader, data_dir: Path) -> Database:
    text = reader.text("DATABASE_URL")
    if not text:
        return Database(engine="sqlite", name=str(data_dir / "bookbill.sqlite3"))
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError as problem:
        raise BadEnvironment(
            "DATABASE_URL cannot be read: write postgresql://user:password@host:5432/name."
        ) from problem
    if url.scheme == "sqlite":
        path = unquote(url.path)
        if url.netloc or not path.strip("/"):
            raise BadEnvironment("DATABASE_URL names no file: write sqlite:////absolute/path.sqlite3.")
        # Three slashes: relative to where it is started; four: absolute.
        return Database(engine="sqlite", name=str(Path(path[1:]).resolve()))
    if url.scheme in ("postgres", "postgresql"):
        name = unquote(url.path.lstrip("/"))
        if not name:
            raise BadEnvironment(
                "DATABASE_URL names no database: write postgresql://user:password@host:5432/name."
            )
        options = dict(parse_qsl(url.query))
        return Database(
            engine="postgresql",
            name=name,
            user=unquote(url.username or ""),
            password=unquote(url.password or ""),
            host=unquote(options.pop("host", "") or url.hostname or ""),
            port=str(port or ""),
            options=tuple(sorted(options.items())),
        )
    raise BadEnvironment("DATABASE_URL must start with postgresql:// or sqlite:///.")


def read_public_base_url(reader: Reader) -> str:
    text = reader.text("PUBLIC_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
    try:
        url = urlsplit(text)
        right = url.scheme in ("http", "https") and bool(url.hostname) and url.port != 0
        right = right and not (url.path or url.query or url.fragment or url.username)
    except ValueError:
        right = False
    if not right:
        raise BadEnvironment(
            f"PUBLIC_BASE_URL is “{text}”: write only scheme and host, like https://bills.example.com."
        )
    return text


def read_secret_key(reader: Reader, data_dir: Path) -> str:
    key = reader.text("SECRET_KEY")
    if not key:
        key = kept_secret_key(data_dir / "secret-key")
        if len(key) < SECRET_KEY_LENGTH:
            raise BadEnvironment(
                f"The key in {data_dir / 'secret-key'} is damaged: restore it from a backup or delete the file."
            )
        return key
    if len(key) < SECRET_KEY_LENGTH or len(set(key)) < 8 or key.lower().startswith(KNOWN_BAD_KEYS):
        raise BadEnvironment(
            f"SECRET_KEY is too short or a well-known one: use at least {SECRET_KEY_LENGTH} random characters, or leave it unset."
        )
    return key


def kept_secret_key(path: Path) -> str:
    """The key in the file; the first process to come makes it, whole or not at all."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass  # another process was first; its key is the one
        finally:
            draft.unlink()
    return path.read_text().strip()


def read_allowed_hosts(reader: Reader, host: str) -> tuple[str, ...]:
    extra = [piece.strip() for piece in reader.text("ALLOWED_HOSTS").split(",") if piece.strip()]
    if any("*" in piece or piece.startswith(".") for piece in extra):
        raise BadEnvironment("ALLOWED_HOSTS may not contain * or a leading dot: name each host.")
    local = [f"[{name}]" if ":" in name else name for name in LOOPBACK_HOSTS]
    return tuple(dict.fromkeys([f"[{host}]" if ":" in host else host, *local, *extra]))


def read_smtp(reader: Reader) -> Smtp:
    host = reader.text("SMTP_HOST", "localhost")
    tls = reader.text("SMTP_TLS", "none" if host in LOOPBACK_HOSTS else "starttls")
    if tls not in ("none", "starttls", "tls"):
        raise BadEnvironment(f"SMTP_TLS is “{tls}”: write none, starttls or tls.")
    user, password = reader.text("SMTP_USER"), reader.text("SMTP_PASSWORD")
    if bool(user) != bool(password):
        raise BadEnvironment("SMTP_USER and SMTP_PASSWORD belong together: set both or none.")
    if user and tls == "none" and host not in LOOPBACK_HOSTS:
        raise BadEnvironment(
            "SMTP_TLS is none: the password would cross the network readable; use starttls or tls."
        )
    port = reader.number("SMTP_PORT", {"none": 25, "starttls": 587, "tls": 465}[tls], lowest=1, highest=65535)
    timeout = reader.number("SMTP_TIMEOUT", 20, lowest=1, highest=300)
    return Smtp(host=host, port=port, user=user, password=password, tls=tls, timeout=timeout)


def read_mail_provider(reader: Reader) -> MailProvider:
    name, secret = reader.text("MAIL_PROVIDER").lower(), reader.text("MAIL_PROVIDER_SECRET")
    if bool(name) != bool(secret):
        raise BadEnvironment("MAIL_PROVIDER and MAIL_PROVIDER_SECRET belong together: set both or none.")
    known = (*SIGNING_MAIL_PROVIDERS, *MAIL_PROVIDERS_WITH_LOGIN)
    if name and name not in known:
        raise BadEnvironment(f"MAIL_PROVIDER is “{name}”: write one of {', '.join(sorted(known))}.")
    if name and len(secret) < MAIL_SECRET_LENGTH:
        raise BadEnvironment(
            f"MAIL_PROVIDER_SECRET is too short to keep forged events out: use at least {MAIL_SECRET_LENGTH} characters."
        )
    if name in MAIL_PROVIDERS_WITH_LOGIN and not all(secret.partition(":")):
        raise BadEnvironment(
            f"MAIL_PROVIDER_SECRET must be user:password for {name}, as it stands in the address entered there."
        )
    return MailProvider(name, secret)


def read_mail_from(reader: Reader, host: str) -> str:
    is_name = any(character.isalpha() for character in host) and ":" not in host
    address = reader.text("MAIL_FROM", f"invoices@{host if is_name else 'localhost'}")
    local, at, domain = address.rpartition("@")
    if not (local and at and domain) or any(character in address for character in "\r\n <>,;"):
        raise BadEnvironment(f"MAIL_FROM is “{address}”: write one plain address, like invoices@example.com.")
    return address
