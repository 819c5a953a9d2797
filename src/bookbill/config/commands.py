"""What each command does, once Django is up: a door like a page, it opens the scope and the transaction."""

import argparse
import sys
from pathlib import Path

from django.conf import settings
from django.core.management import call_command, execute_from_command_line

from bookbill.bookings.commands import import_bookings_command
from bookbill.companies.commands import create_api_key_command, create_company_command
from bookbill.config import server
from bookbill.lib import triggers
from bookbill.lib.sqlite import start_checkpointer
from bookbill.operations.seeding import seed_command
from bookbill.operations.verify.command import verify_command
from bookbill.tour.commands import seed_demo_command
from bookbill.work.worker import run_worker, stop_on_signals


def run(options: argparse.Namespace) -> int:
    """The exit status of the named command."""
    return COMMANDS[options.command](options)


def migrate(options: argparse.Namespace) -> int:
    with server.lock(settings.DATA_DIR / "migrate.lock"):
        # SQLite tables are altered by copying, which loses triggers; so ours go first and all come back.
        triggers.remove_all()
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        triggers.apply_all()
    print("The database is up to date.")
    return 0


def web(options: argparse.Namespace) -> int:
    if not options.supervised:  # there, one that was just killed may hold the port a moment longer
        server.require_free(options.host, options.port)
    server.run_web(settings.ENVIRONMENT, host=options.host, port=options.port)
    return 0


def worker(options: argparse.Namespace) -> int:
    server.require_migrated()
    if settings.ENVIRONMENT.database.is_sqlite and not options.once:
        start_checkpointer(Path(settings.ENVIRONMENT.database.name))
    run_worker(stop_on_signals(), once=options.once)
    return 0


def create_company(options: argparse.Namespace) -> int:
    print(
        create_company_command(
            name=options.name,
            owner=options.owner,
            currency=options.currency,
            time_zone=options.time_zone,
            plan=options.plan,
        )
    )
    return 0


def create_api_key(options: argparse.Namespace) -> int:
    print(create_api_key_command(company=options.company, member=options.member, name=options.name))
    return 0


def django(options: argparse.Namespace) -> int:
    execute_from_command_line(["bookbill django", *options.arguments])
    return 0


def verify(options: argparse.Namespace) -> int:
    server.require_migrated()
    text, status = verify_command(company_name=options.company, as_json=options.json)
    print(text)
    return status


def import_bookings(options: argparse.Namespace) -> int:
    server.require_migrated()
    text, status = import_bookings_command(
        file=options.file, company=options.company, mapping=options.mapping, dry_run=options.dry_run
    )
    print(text, file=sys.stderr if status else sys.stdout)
    return status


def seed(options: argparse.Namespace) -> int:
    server.require_migrated()
    print(
        seed_command(
            companies=options.companies,
            customers=options.customers,
            bookings=options.bookings,
            seed=options.seed,
        )
    )
    return 0


def seed_demo(options: argparse.Namespace) -> int:
    server.require_migrated()
    print(seed_demo_command())
    return 0


COMMANDS = {
    "migrate": migrate,
    "web": web,
    "worker": worker,
    "django": django,
    "create-company": create_company,
    "create-api-key": create_api_key,
    "import-bookings": import_bookings,
    "seed": seed,
    "seed-demo": seed_demo,
    "verify": verify,
}
