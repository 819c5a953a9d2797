"""The command line: `bookbill …`. Exit status 0 on success; otherwise one sentence on standard error."""

import argparse
import os
import sys
from collections.abc import Sequence

from bookbill.config.environment import BadEnvironment
from bookbill.config.server import REFUSED_STATUS
from bookbill.lib.errors import RuleBroken

LONG_RUNNING = ("serve", "web", "worker")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options, rest = build_parser().parse_known_args(given)
    if options.command == "django":
        options.arguments = given[given.index("django") + 1 :]
    elif rest:
        build_parser().error(f"unknown: {' '.join(rest)}")
    # verify: 1 says that something is wrong, so 2 is left for "could not run".
    failed = 2 if options.command == "verify" else 1
    try:
        return run(options)
    except (BadEnvironment, RuleBroken) as refused:
        return say(str(refused), REFUSED_STATUS if getattr(options, "supervised", False) else failed)
    except KeyboardInterrupt:
        return 130
    except Exception as problem:
        sentence = sentence_of(problem)
        if sentence is None:
            raise
        return say(sentence, failed)


def run(options: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bookbill.config.settings")
    os.umask(0o077)  # what we write is for the account that runs us
    if options.command in ("serve", "web"):
        # Known only here: where people reach a server that nobody put behind a name.
        os.environ.setdefault("PUBLIC_BASE_URL", f"http://127.0.0.1:{options.port}")
    if options.command in LONG_RUNNING:
        from bookbill.config.environment import read_environment

        environment = read_environment()
        environment.refuse_unsafe()
    if options.command == "serve":
        from bookbill.config import server

        return server.serve(host=options.host, port=options.port)

    import django
    from django.conf import settings

    if options.command not in LONG_RUNNING:
        # One connection is enough, and a pool would hide for ten seconds why there is none.
        settings.DATABASES["default"]["OPTIONS"].pop("pool", None)
    django.setup()
    from bookbill.config import commands

    return commands.run(options)


def sentence_of(problem: Exception) -> str | None:
    """What a person needs to hear about trouble from outside; None for what should crash loudly."""
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError
    from django.db import OperationalError

    if isinstance(problem, OperationalError):
        return f"The database cannot be used: {str(problem).strip().splitlines()[0]}."
    if isinstance(problem, OSError) and problem.filename:
        return f"{problem.filename}: {problem.strerror}."
    if isinstance(problem, (CommandError, ImproperlyConfigured, FileNotFoundError, PermissionError)):
        return str(problem)
    return None


def say(sentence: str, status: int) -> int:
    print(sentence, file=sys.stderr)
    return status


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bookbill", description="Invoicing from a booking to a paid invoice."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    add("migrate", "Bring the database up to date. Safe to repeat.")

    command = add("serve", "Serve pages and do the background work, in one command.")
    add_address(command)
    command = add("web", "Serve pages and the API only.")
    add_address(command)
    command.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    command = add("worker", "Do the background work only.")
    command.add_argument("--once", action="store_true", help="do what is due, then end")
    command.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)

    command = add("create-company", "Make a company and its owner.")
    command.add_argument("name")
    command.add_argument("--owner", required=True, metavar="EMAIL")
    command.add_argument("--currency", default="CAD")
    command.add_argument("--time-zone", default="America/Toronto")
    command.add_argument("--plan", default="grow")

    command = add("create-api-key", "Make a key for the API; prints it, once.")
    command.add_argument("--company", required=True, metavar="NAME")
    command.add_argument("--member", required=True, metavar="EMAIL")
    command.add_argument(
        "--name", default="Command line", help="the program that will use it, as history names it"
    )

    command = add("import-bookings", "Import bookings from a CSV file.")
    command.add_argument("file")
    command.add_argument("--company", required=True, metavar="NAME")
    command.add_argument("--mapping", required=True, metavar="MAP.toml")
    command.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    command = add("seed", "Fill the database with invented data, for trials of its size.")
    for name in ("companies", "customers", "bookings", "seed"):
        command.add_argument(f"--{name}", type=int, required=name != "seed", default=1, metavar="N")

    add("seed-demo", "Fill a demo with a small company's month. Safe to repeat.")

    command = add("verify", "Check everything that must always hold. Changes nothing.")
    command.add_argument("--json", action="store_true")
    command.add_argument("--company", metavar="NAME")

    command = add("django", "Any management command of Django.")
    command.add_argument("arguments", nargs="*")
    return parser


def add_address(command: argparse.ArgumentParser) -> None:
    command.add_argument("--port", type=int, default=8000, metavar="N")
    command.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="0.0.0.0 to be reached from outside"
    )


if __name__ == "__main__":
    sys.exit(main())
