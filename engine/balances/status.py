"""The balance status of numbers, worked out from the database, set by set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo

from engine.balances.trend import Status, TrendRules, status_of
from engine.clock import Clock
from engine.database import Database, Row
from engine.hooks import WorkHooks
from engine.period import hour_and_date

CHUNK = 2_000
"""Numbers that the nightly pass looks at in one transaction."""


@dataclass(frozen=True)
class StatusBook:
    """The rules and the present. `zones` are the time zones of operators by their name in small
    letters; `zone` is that of all others."""

    database: Database
    rules: TrendRules
    zones: Mapping[str, tzinfo]
    zone: tzinfo

    def statuses(self, operators: Mapping[int, int], now: int) -> dict[int, Status | None]:
        """The status of each number, from a number's id and its operator's. Three queries for each
        operator among them, however many numbers there are."""
        by_operator: dict[int, list[int]] = defaultdict(list)
        for number, operator in operators.items():
            by_operator[operator].append(number)
        names: dict[int, str] = dict(self.database.rows("SELECT id, name FROM operator"))
        found: dict[int, Status | None] = {}
        for operator, numbers in sorted(by_operator.items()):
            zone = self.zones.get(names[operator].casefold(), self.zone)
            found |= self._of_operator(operator, numbers, *hour_and_date(now, zone))
        return found

    def _of_operator(
        self, operator: int, numbers: list[int], hour: int, today: date
    ) -> dict[int, Status | None]:
        database, rules = self.database, self.rules
        # One more than the window, for today's may have to be left out.
        reports = database.rows(
            "SELECT id, day FROM balance_report WHERE operator_id = ? AND day <= ?"
            " ORDER BY day DESC LIMIT ?",
            (operator, str(today), rules.window + 1),
        )
        places = {int(report): place for place, (report, _) in enumerate(reports)}
        first_counts = not reports or reports[0][1] != str(today) or hour >= rules.today_from
        marks = ", ".join("?" * len(numbers))
        rows: dict[int, list[int | None]] = {number: [None] * len(reports) for number in numbers}
        if reports:
            for number, report, balance in database.rows(
                "SELECT number_id, report_id, balance FROM number_balance"
                f" WHERE number_id IN ({marks}) AND day >= ?",
                (*numbers, reports[-1][1]),
            ):
                if report in places:
                    rows[number][places[report]] = balance
        ever = {
            number: 0 if last is None else 1 if first == last else 2
            for number, first, last in database.rows(
                "SELECT n.id, (SELECT MIN(b.day) FROM number_balance b WHERE b.number_id = n.id),"
                " (SELECT MAX(b.day) FROM number_balance b WHERE b.number_id = n.id"
                f" AND b.day <= ?) FROM number n WHERE n.id IN ({marks})",
                (str(today), *numbers),
            )
        }
        return {
            number: status_of(balances, ever[number], rules, first_counts=first_counts)
            for number, balances in rows.items()
        }


def keep_statuses(
    database: Database, changes: Sequence[tuple[int, str | None, str | None]], now: int
) -> None:
    """Keeps changed statuses (number's id, before, after) with the moment of the change and a line
    in each number's history, in the caller's transaction; at most one statement for each status."""
    by_status: dict[str | None, list[int]] = defaultdict(list)
    for number, _, after in changes:
        by_status[after].append(number)
    for after, numbers in by_status.items():
        marks = ", ".join("?" * len(numbers))
        database.execute(
            f"UPDATE number SET status = ?, status_since = ? WHERE id IN ({marks})",
            (after, now, *numbers),
        )
    if changes:
        database.write_many(
            "INSERT INTO number_history (number_id, at, what, value_before, value_after)"
            " VALUES (?, ?, 'status', ?, ?)",
            [(number, now, before, after) for number, before, after in changes],
        )


def refresh_statuses(book: StatusBook, clock: Clock, hooks: WorkHooks) -> tuple[int, int]:
    """Works out the status of every number, as time alone changes it: a number that no mail
    mentions has no data some day. One transaction for each range of ids; returns how many numbers
    were looked at and how many changed. Stops at a range's end when asked to."""
    database = book.database
    total = database.integer("SELECT COUNT(*) FROM number")
    done = changed = last = 0
    while not hooks.stop.is_set():

        def unit(after: int = last) -> tuple[int, int, int]:
            with database.transaction():
                hooks.prove()
                return _refresh_range(book, after, clock.now_ms())

        last, seen, moved = hooks.unit(unit)
        if not seen:
            break
        done += seen
        changed += moved
        hooks.progress(done, max(total, done))
    return done, changed


def _refresh_range(book: StatusBook, after: int, now: int) -> tuple[int, int, int]:
    """The last id, how many numbers there were, and how many of them changed."""
    rows: list[Row] = book.database.rows(
        "SELECT id, operator_id, status FROM number WHERE id > ? ORDER BY id LIMIT ?",
        (after, CHUNK),
    )
    if not rows:
        return after, 0, 0
    found = book.statuses({number: operator for number, operator, _ in rows}, now)
    changes = [
        (number, before, found[number]) for number, _, before in rows if found[number] != before
    ]
    keep_statuses(book.database, changes, now)
    return int(rows[-1][0]), len(rows), len(changes)
