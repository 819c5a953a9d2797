"""Database triggers that guard append-only and frozen rows, for SQLite and PostgreSQL from one declaration.

Each capability lists its own as ``TRIGGERS`` in ``<capability>/triggers.py``. `bookbill migrate` takes ours off
first and puts all back afterwards, because Django rebuilds SQLite tables by copying, which loses their triggers.
Rows of a sandbox company may be deleted. Everything a trigger says starts with "bookbill:" and arrives as an
IntegrityError.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from django.apps import apps
from django.db import connection, transaction
from django.utils.module_loading import module_has_submodule

PREFIX = "bookbill_"
OURS = "bookbill!_%"  # the prefix as a LIKE pattern


@dataclass(frozen=True, slots=True)
class Trigger:
    """What may still happen to the rows of ``table``: everything not named here is refused."""

    table: str
    rule: str  # said in the refusal: "is append-only", "is frozen"
    editable: tuple[str, ...] = ()
    settable_once: tuple[str, ...] = ()
    erasable: bool = False


def append_only(table: str, *, but: Sequence[str] = (), erasable: bool = False) -> Trigger:
    """Rows are added and stay as they are, except the columns in ``but``. ``erasable`` rows may be deleted by anybody."""
    return Trigger(table, "is append-only", editable=tuple(but), erasable=erasable)


def frozen(table: str, *, but_once: Sequence[str] = (), but: Sequence[str] = ()) -> Trigger:
    """Rows stay as they are, except the columns in ``but_once``, which may go from NULL to a value and then stay."""
    return Trigger(table, "is frozen", editable=tuple(but), settable_once=tuple(but_once))


def all_triggers() -> list[Trigger]:
    """What the installed capabilities declare."""
    found: list[Trigger] = []
    for app in apps.get_app_configs():
        if app.module and app.name.startswith("bookbill.") and module_has_submodule(app.module, "triggers"):
            found += import_module(f"{app.name}.triggers").TRIGGERS
    return found


def apply_all() -> None:
    """Take ours off and put all back, in one transaction."""
    with transaction.atomic():
        remove_all()
        install(all_triggers())


def install(triggers: Iterable[Trigger]) -> None:
    """Create the triggers. Their tables must exist and must not have them yet."""
    triggers = list(triggers)
    with transaction.atomic(), connection.cursor() as cursor:
        columns = _columns()
        for trigger in triggers:
            if unknown := {*trigger.editable, *trigger.settable_once} - set(columns.get(trigger.table, ())):
                raise ValueError(f"{trigger.table} has no column {', '.join(sorted(unknown))}")
        for body in _bodies(triggers, columns):
            for statement in body.statements():
                cursor.execute(statement)


def remove_all() -> None:
    """Drop every trigger of ours, whatever made it."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT proname FROM pg_proc WHERE proname LIKE %s ESCAPE '!' AND pg_function_is_visible(oid)",
                [OURS],
            )
            drops = [f"DROP FUNCTION {_quoted(name)}() CASCADE" for (name,) in cursor.fetchall()]
        else:
            drops = [f"DROP TRIGGER {_quoted(name)}" for name in installed()]
        for statement in drops:
            cursor.execute(statement)


def installed() -> set[str]:
    """Names of our triggers that the database has and obeys."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
                " WHERE tgname LIKE %s ESCAPE '!' AND tgenabled <> 'D' AND pg_table_is_visible(tgrelid)",
                [OURS],
            )
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s ESCAPE '!'", [OURS]
            )
        return {name for (name,) in cursor.fetchall()}


def missing(triggers: Iterable[Trigger]) -> set[str]:
    """Names of what should guard and does not: never installed, dropped, disabled, or made from another text."""
    return {body.name for body in _bodies(triggers, _columns())} - installed()


def unexpected(triggers: Iterable[Trigger]) -> set[str]:
    """Names of ours that no declaration asks for: left over from another version."""
    return installed() - {body.name for body in _bodies(triggers, _columns())}


@dataclass(frozen=True, slots=True)
class _Body:
    """One trigger of the database: refuses ``event`` on ``table`` where ``condition`` holds."""

    table: str
    event: Literal["UPDATE", "DELETE"]
    condition: str
    refusal: str

    @property
    def name(self) -> str:
        """Carries a hash of the text, so that one made from another text is not taken for this one."""
        digest = hashlib.sha256(
            f"{self.table}\n{self.event}\n{self.condition}\n{self.refusal}".encode()
        ).hexdigest()
        return f"{PREFIX}{self.table[:34]}_{self.event.lower()}_{digest[:10]}"

    def statements(self) -> list[str]:
        name, table = _quoted(self.name), _quoted(self.table)
        if connection.vendor == "postgresql":
            result = "NEW" if self.event == "UPDATE" else "OLD"
            function = (
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {self.condition} THEN"
                f" RAISE EXCEPTION '{self.refusal}' USING ERRCODE = 'integrity_constraint_violation';"
                f" END IF; RETURN {result}; END $$"
            )
            return [
                function,
                f"CREATE TRIGGER {name} BEFORE {self.event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
            ]
        trigger = (
            f"CREATE TRIGGER {name} BEFORE {self.event} ON {table} FOR EACH ROW WHEN {self.condition}"
            f" BEGIN SELECT RAISE(ABORT, '{self.refusal}'); END"
        )
        return [trigger]


def _bodies(triggers: Iterable[Trigger], columns: dict[str, list[str]]) -> list[_Body]:
    bodies: list[_Body] = []
    for trigger in triggers:
        bodies.append(_update_body(trigger, columns.get(trigger.table, [])))
        if not trigger.erasable:
            bodies.append(
                _Body(
                    trigger.table,
                    "DELETE",
                    "NOT EXISTS (SELECT 1 FROM companies_company WHERE id = OLD.company_id AND is_sandbox)",
                    f"bookbill: {trigger.table} {trigger.rule}; its rows cannot be deleted",
                )
            )
    return bodies


def _update_body(trigger: Trigger, columns: Sequence[str]) -> _Body:
    differs = "IS DISTINCT FROM" if connection.vendor == "postgresql" else "IS NOT"
    kept = [name for name in columns if name not in trigger.editable and name not in trigger.settable_once]
    changes = [f"OLD.{_quoted(name)} {differs} NEW.{_quoted(name)}" for name in kept]
    changes += [
        f"(OLD.{_quoted(name)} IS NOT NULL AND OLD.{_quoted(name)} {differs} NEW.{_quoted(name)})"
        for name in trigger.settable_once
    ]
    return _Body(
        trigger.table,
        "UPDATE",
        " OR ".join(changes),
        f"bookbill: {trigger.table} {trigger.rule}; its rows cannot be changed",
    )


def _columns() -> dict[str, list[str]]:
    """Every table's columns in alphabetical order, asked of the database: a trigger must cover what is really there."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ANY (current_schemas(false))"
            )
        else:
            cursor.execute(
                "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table'"
            )
        found: dict[str, list[str]] = {}
        for table, column in sorted(cursor.fetchall()):
            found.setdefault(table, []).append(column)
    return found


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)
