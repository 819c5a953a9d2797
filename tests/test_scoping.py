"""Only these modules look beyond one company or write SQL by hand, each for the reason given here."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "src" / "bookbill"

BEYOND_ONE_COMPANY = {
    "companies/keys.py": "a key says whose it is, before there is a company",
    "companies/middleware.py": "whoever signs in may belong to several companies",
    "companies/people.py": "whether a person belongs to another company too",
    "companies/tasks.py": "housekeeping of all companies",
    "delivery/sender.py": "the mail lane serves all companies",
    "mail_events/actions.py": "the mail service's events name no company",
    "operations/queues.py": "how the queues of the whole house stand, for the operator",
    "operations/verify/money.py": "reads every table of a company, by a model that is not known beforehand",
    "operations/verify/promises.py": "the same",
    "portal/doors.py": "a customer's link says whose it is",
    "tour/commands.py": "makes and finds the demo company",
}  # fmt: skip
SQL_BY_HAND = {
    "activity/models.py": "asks PostgreSQL which transactions are open: no tenant's table",
    "companies/doors/once.py": "how long to wait for a twin: no table",
    "delivery/claims.py": "two updates of messages by key, measured; each names the company",
    "lib/transactions.py": "lets PostgreSQL check deferred keys early: names no table",
    "lib/triggers.py": "guards are SQL",
    "operations/readiness.py": "whether the database answers: no table",
    "operations/verify/command.py": "which database this is, and one state for all reads: no table",
}  # fmt: skip
UNSCOPED = {"scopes_disabled", "_base_manager", "_default_manager", "with_scopes_disabled"}
BY_HAND = {"cursor", "raw", "RawSQL", "extra"}


def called_or_named(path: Path) -> tuple[set[str], set[str]]:
    """The names that the module calls, and all that it uses."""
    called, used = set(), set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.Name, ast.Attribute)):
            used.add(node.id if isinstance(node, ast.Name) else node.attr)
        if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
            called.add(node.func.id if isinstance(node.func, ast.Name) else node.func.attr)
    return called, used


MODULES = {
    str(path.relative_to(ROOT)): called_or_named(path)
    for path in ROOT.rglob("*.py")
    if not {"tests", "migrations"} & set(path.parts)
}


def test_only_the_listed_modules_look_beyond_one_company() -> None:
    assert {name for name, (_called, used) in MODULES.items() if used & UNSCOPED} == set(BEYOND_ONE_COMPANY)


def test_only_the_listed_modules_write_sql_by_hand() -> None:
    assert {name for name, (called, _used) in MODULES.items() if called & BY_HAND} == set(SQL_BY_HAND)
