"""A dry run of a close: the run itself, rolled back chunk by chunk, and what it would have done.

What each chunk decides is noted in a private SQLite file that vanishes with the process, so that a
million subscribers fit in little memory. The digest covers the whole period, chunks that are
closed already included; a confirmed run compares each chunk with the notes before it commits.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeVar

from engine.clock import Clock
from engine.close.catalogue import Catalogue, load_catalogue
from engine.close.chunk import ChunkResult
from engine.close.decide import Decision
from engine.close.hooks import Hooks
from engine.close.run import PeriodClose
from engine.config import Config
from engine.database import Database
from engine.errors import NeedsConfirmation
from engine.money import format_amount
from engine.period import Period
from engine.retry import run_unit
from engine.text import safe

T = TypeVar("T")

_LARGEST = 10

_CREATE = """CREATE TABLE note (
    subscriber_id INTEGER PRIMARY KEY, login TEXT NOT NULL, status TEXT NOT NULL,
    amount INTEGER NOT NULL, before INTEGER, plan TEXT NOT NULL, block INTEGER NOT NULL,
    line TEXT NOT NULL)"""


class PlanSum(NamedTuple):
    """Subscribers and minor units of a plan and status."""

    plan: str
    status: str
    subscribers: int
    amount: int


class Notable(NamedTuple):
    """A subscriber worth a look: the charge, and that of the month before (None: none)."""

    login: str
    amount: int
    before: int | None


class PreviewReport(NamedTuple):
    """What a close would do with a period; amounts in minor units. `digest` is SHA-256 (hex) over
    `login,status,amount,plan after,add-on after,carried 1 to 4` of all, in byte order of logins."""

    period: str
    sums: list[PlanSum]
    largest: list[Notable]
    changes: list[Notable]
    blocked: int
    digest: str

    @property
    def amount(self) -> int:
        return sum(one.amount for one in self.sums)

    def count(self, status: str) -> int:
        return sum(one.subscribers for one in self.sums if one.status == status)


class Preview:
    """Makes the dry run of a period, and later holds a real run against it."""

    def __init__(
        self, database: Database, config: Config, clock: Clock, actor: str, hooks: Hooks
    ) -> None:
        self._database = database
        self._config = config
        self._clock = clock
        self._actor = actor
        self._hooks = hooks
        self._period = Period(1970, 1)
        self._catalogue = Catalogue({}, {}, {}, {}, {})
        self._notes = sqlite3.connect("", isolation_level=None)

    def make(self, period: Period) -> PreviewReport:
        """Runs the close of `period` without keeping anything. Raises what the run raises."""
        self._period = period
        self._catalogue = self._unit(lambda: load_catalogue(self._database))
        self._notes.execute("DROP TABLE IF EXISTS note")
        self._notes.execute(_CREATE)
        hooks = Hooks(
            compare=self._see,
            progress=self._hooks.progress,
            note=self._hooks.note,
            stop=self._hooks.stop,
        )
        close = PeriodClose(self._database, self._config, self._clock, self._actor, period, hooks)
        close.run(keep=False)
        # Last, for a real run may go on beside this one: what it has closed was not seen above.
        self._unit(lambda: self._note(self._closed_already()))
        return self._report()

    def _unit(self, work: Callable[[], T]) -> T:
        hooks = self._hooks
        wait = self._config.database.wait_seconds
        return run_unit(self._database, work, wait, hooks.stop, hooks.note)

    def check(self, result: ChunkResult) -> None:
        """NeedsConfirmation if a chunk of the real run is not what the dry run said."""
        for one in result.decisions:
            found = self._notes.execute(
                "SELECT login, line FROM note WHERE subscriber_id = ?", (one.subscriber_id,)
            ).fetchone()
            if found is None or found[1] != self._line(one):
                who = safe(found[0]) if found else f"subscriber {one.subscriber_id}"
                raise NeedsConfirmation(
                    f"{who} would be closed in another way than the dry run said; somebody changed"
                    " the data meanwhile. This chunk was not closed, earlier ones are. Make a new"
                    " dry run and confirm its digest."
                )

    def _see(self, result: ChunkResult) -> None:
        decisions = result.decisions
        if not decisions:
            return
        facts = {
            row[0]: (row[1], row[2])
            for row in self._database.rows(
                "SELECT s.id, s.login, p.amount FROM subscriber s LEFT JOIN close_record p"
                " ON p.period = ? AND p.subscriber_id = s.id WHERE s.id >= ? AND s.id <= ?",
                (
                    str(self._period.previous()),
                    decisions[0].subscriber_id,
                    decisions[-1].subscriber_id,
                ),
            )
        }
        self._note(
            (
                one.subscriber_id,
                facts[one.subscriber_id][0],
                one.conditions.status,
                one.charge.amount,
                facts[one.subscriber_id][1],
                self._catalogue.plan_code(one.conditions.plan_id),
                int(one.charge.block),
                self._line(one),
            )
            for one in decisions
        )

    def _note(self, rows: Iterable[tuple[object, ...]]) -> None:
        # A chunk may be seen twice when the database made it run again.
        with self._notes:
            self._notes.execute("BEGIN")
            self._notes.executemany(
                "INSERT OR REPLACE INTO note VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
            )

    def _closed_already(self) -> Iterator[tuple[object, ...]]:
        catalogue = self._catalogue
        carried = ", ".join(f"COALESCE(n.bytes{number}, 0)" for number in (1, 2, 3, 4))
        for row in self._database.stream(
            "SELECT c.subscriber_id, s.login, c.status, c.amount, p.amount, c.plan_id, c.block,"
            f" c.plan_after, c.addon_after, {carried} FROM close_record c"
            " JOIN subscriber s ON s.id = c.subscriber_id"
            " LEFT JOIN close_record p ON p.period = ? AND p.subscriber_id = c.subscriber_id"
            " LEFT JOIN carried_usage n ON n.period = ? AND n.subscriber_id = c.subscriber_id"
            " WHERE c.period = ? AND c.status <> 'failed'",
            (str(self._period.previous()), str(self._period.next()), str(self._period)),
        ):
            subscriber_id, login, status, amount, before, plan_id, block, plan, addon = row[:9]
            line = _line(
                status, amount, catalogue.plan_code(plan), catalogue.addon_code(addon), row[9:]
            )
            code = catalogue.plan_code(plan_id)
            yield subscriber_id, login, status, amount, before, code, block, line

    def _line(self, one: Decision) -> str:
        return _line(
            one.conditions.status,
            one.charge.amount,
            self._catalogue.plan_code(one.conditions.plan_after),
            self._catalogue.addon_code(one.conditions.addon_after),
            one.charge.carried,
        )

    def _report(self) -> PreviewReport:
        ask = self._notes.execute
        digest = hashlib.sha256()
        for login, line in ask("SELECT login, line FROM note ORDER BY login"):
            digest.update(f"{login},{line}\n".encode())
        sums = ask(
            "SELECT plan, status, COUNT(*), SUM(amount) FROM note"
            " GROUP BY plan, status ORDER BY SUM(amount) DESC, plan, status"
        )
        report = [PlanSum(*row) for row in sums]
        largest = ask(
            "SELECT login, amount, before FROM note WHERE status = 'charged'"
            " ORDER BY amount DESC, login LIMIT ?",
            (_LARGEST,),
        )
        notable = [Notable(*row) for row in largest]
        changes = ask(
            "SELECT login, amount, before FROM note WHERE before IS NOT NULL AND amount <> before"
            " ORDER BY ABS(amount - before) DESC, login LIMIT ?",
            (_LARGEST,),
        )
        changed = [Notable(*row) for row in changes]
        blocked = ask("SELECT SUM(block) FROM note").fetchone()[0] or 0
        return PreviewReport(
            str(self._period), report, notable, changed, blocked, digest.hexdigest()
        )


def _line(status: str, amount: int, plan: str, addon: str, carried: Iterable[int]) -> str:
    fields = [status, format_amount(amount), plan, addon, *(str(number) for number in carried)]
    return ",".join(fields)
