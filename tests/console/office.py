"""A small operator for the tests of the overview and the jobs: subscribers, payments, runs, at a
fixed time; and a console that shows the real screens, driven without a terminal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from engine.clock import FixedClock
from engine.config import Config
from engine.database import Database, open_database
from tests.console import driving
from tui.app import Console
from tui.screens import SCREENS

DAY = 86_400_000
_REAL = {
    "overview": "tui.screens.overview:OverviewScreen",
    "jobs": "tui.screens.jobs:JobsScreen",
}

told: list[str] = []
"""What the console told the person in the test that runs."""

Fill = Callable[[Database], None]


@pytest.fixture(autouse=True)
def real_screens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real screens, whatever other tests put in their place; a latency that does not depend on
    the machine; and `told`."""
    told.clear()
    monkeypatch.setattr(Console, "tell", lambda self, text, *how: told.append(text))
    for mode, screen in _REAL.items():
        monkeypatch.setitem(SCREENS, mode, screen)
    monkeypatch.setattr("tui.app.latency_words", lambda shown, measured: (1.0, "db <1 ms"))


def open_books(config: Config) -> Database:
    """The database of a console's configuration, to write to behind its back."""
    return open_database(config.database)


def drive(
    folder: Path,
    fill: Fill,
    steps: driving.Steps,
    size: tuple[int, int] = (80, 24),
    **console: str,
) -> None:
    """Fills the database, opens a console on it and runs `steps`."""
    config = driving.config(folder, **console)
    database = open_books(config)
    with database.transaction():
        fill(database)
    database.close()
    app = Console(config, "olga", "admin", FixedClock(driving.NOW), {"TERM": "xterm-256color"})

    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await driving.until(pilot, lambda: "daemon" in driving.text(app))
            await steps(pilot)

    asyncio.run(run())


def shows(pilot: Pilot[int], *words: str) -> Callable[[], bool]:
    """Whether all of this stands on the screen."""
    return lambda: all(word in driving.text(pilot.app) for word in words)


def period(database: Database, name: str, state: str = "open") -> None:
    """A billing period."""
    database.execute("INSERT INTO billing_period (period, state) VALUES (?, ?)", (name, state))


def subscribers(database: Database, *states: str) -> None:
    """One of each state given, numbered from 1000."""
    database.execute("INSERT INTO subscriber_group VALUES (1, 'main', 'Main', 1)")
    for number, state in enumerate(states, 1000):
        database.execute("INSERT INTO account (id, balance) VALUES (?, 0)", (number,))
        database.execute(
            "INSERT INTO subscriber (id, login, group_id, state, created_at)"
            " VALUES (?, ?, 1, ?, 0)",
            (number, f"u{number}", state),
        )


def payment(database: Database, days_ago: int, amount: int) -> None:
    """A payment of the subscriber 1000, at the time of day that it is now."""
    when = driving.NOW - days_ago * DAY
    number = database.integer("SELECT COUNT(*) FROM journal_entry")
    entry = database.insert(
        "INSERT INTO journal_entry (kind, entry_key, content_hash, effective_at, recorded_at,"
        " actor) VALUES ('payment', ?, '', ?, ?, 'test')",
        (f"p{number}", when, when),
    )
    database.write_many(
        "INSERT INTO posting (entry_id, line, account_id, amount) VALUES (?, ?, ?, ?)",
        [(entry, 1, 1000, amount), (entry, 2, 1, -amount)],
    )


def job_run(database: Database, state: str, **facts: object) -> int:
    """A run of the month close, begun 20 seconds ago; its number."""
    now = driving.NOW
    row: dict[str, object] = {
        "job": "month-close",
        "subject": "2026-08",
        "state": state,
        "holder": "host 41 7",
        "actor": "anna",
        "asked_at": now - 20_000,
        "started_at": now - 20_000,
        "heartbeat_at": now - 10_000,
        "finished_at": None if state == "running" else now - 5_000,
        "done": 500,
        "total": 2000,
        "note": "",
        **facts,
    }
    marks = ", ".join("?" * len(row))
    return database.insert(
        f"INSERT INTO job_run ({', '.join(row)}) VALUES ({marks})", list(row.values())
    )
