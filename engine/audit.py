"""The audit: what a person changed, and the object before and after. Lines are only ever added."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from engine.database import Database
from engine.models.operations import Audit
from engine.retry import run_unit


class AuditLine(NamedTuple):
    """One change. `at` in epoch milliseconds; the states are JSON values, None without one."""

    at: int
    actor: str
    action: str
    object: str
    state_before: Any
    state_after: Any


def write_audit(database: Database, line: AuditLine) -> None:
    """Adds the line, in the transaction of the change."""
    database.write(Audit.insert(_columns(line)))


def audit_alone(database: Database, line: AuditLine, wait_seconds: float) -> None:
    """Adds a line for what changes nothing else, in a transaction of its own, once: a repeat after
    a lost answer finds it."""
    is_repeat = False

    def attempt() -> None:
        nonlocal is_repeat
        if is_repeat and is_audited(database, line):
            return
        is_repeat = True
        with database.transaction():
            write_audit(database, line)

    run_unit(database, attempt, wait_seconds)


def is_audited(database: Database, line: AuditLine) -> bool:
    """Whether just this line is there: a commit whose answer was lost had succeeded."""
    return bool(database.objects(Audit.select().filter(**_columns(line))))


def _columns(line: AuditLine) -> dict[str, Any]:
    before, after = (
        None if state is None else json.dumps(state, ensure_ascii=False) for state in line[-2:]
    )
    return line._replace(state_before=before, state_after=after)._asdict()
