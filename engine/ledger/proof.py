"""The proof of the ledger: that it adds up, and where it does not.

All checks read one snapshot, each in one statement that walks its table in the order of an index;
memory does not grow with the ledger. Nothing is written and no writer is held up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from engine.database import Database
from engine.ledger.proof_checks import (
    AMOUNT_CHECKS,
    BONUS_CHECKS,
    CHECKS,
    CLOSE_CHECKS,
    Check,
    Finding,
)
from engine.ledger.proof_close import entry_findings

__all__ = ["Finding", "prove"]

NAMED_AT_MOST = 100


@dataclass
class _Report:
    """Findings of one kind: the first are kept, all are counted."""

    findings: list[Finding]

    def add(self, found: Iterable[Finding]) -> None:
        total = 0
        last: Finding | None = None
        for finding in found:
            total += 1
            last = finding
            if total <= NAMED_AT_MOST:
                self.findings.append(finding)
        if last is not None and total > NAMED_AT_MOST:
            text = f"{total} findings of this kind in all; the first {NAMED_AT_MOST} are named"
            self.findings.append(Finding(last.kind, "ledger", text))


def prove(database: Database) -> list[Finding]:
    """Everything that is wrong with the ledger, in the order of the checks; empty when it is sound.

    Of each kind the first 100 are named; if there are more, a last finding of that kind says how
    many in all. Do not call it inside a transaction.
    """
    report = _Report([])
    with database.snapshot():
        for check in AMOUNT_CHECKS:
            report.add(_run(database, check))
        if report.findings:
            # Sums over amounts out of range could overflow, and would say nothing new.
            return report.findings
        for check in (*CHECKS, *CLOSE_CHECKS, *BONUS_CHECKS):
            report.add(_run(database, check))
        report.add(entry_findings(database))
    return report.findings


def _run(database: Database, check: Check) -> Iterator[Finding]:
    for row in database.stream(check.sql, check.parameters):
        subject, detail = check.describe(row)
        yield Finding(check.kind, subject, detail)
