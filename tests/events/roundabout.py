"""Rounds to test with: settings, subscribers of any kind, a round cut at every statement."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from engine.clock import FixedClock
from engine.config import Config, DatabaseConfig
from engine.database import Database
from engine.errors import DatabaseUnavailable
from engine.events.rounds import Rounds
from engine.events.settings import BonusesConfig, EventsConfig, NoticesConfig
from engine.hooks import WorkHooks
from engine.retry import run_unit
from tests.close.books import config
from tests.ledger.books import MOSCOW
from tests.ledger.cutting import CuttingDatabase, Mode, cutting

__all__ = ["MOSCOW", "add", "cut_everywhere", "recorded", "rounds", "settings"]


def settings(where: DatabaseConfig, **changes: Any) -> Config:
    """Events are on, notices go by `sms`, a birthday brings 100.00."""
    values: dict[str, Any] = {
        "events": EventsConfig(mode="on"),
        "notices": NoticesConfig(sms="sms"),
        "bonuses": BonusesConfig(birthday=100_00),
    }
    return replace(config(where), **{**values, **changes})


def rounds(database: Database, given: Config, now: int, hooks: WorkHooks | None = None) -> Rounds:
    """Rounds at a moment."""
    return Rounds(database, given, FixedClock(now), hooks or WorkHooks())


def add(database: Database, number: int, balance: int = 0, **columns: Any) -> None:
    """A subscriber with a phone; its login is its number."""
    values = {"id": number, "login": f"s{number}", "group_id": 1, "created_at": 0,
              "phone": "8 999 123-45-67", **columns}  # fmt: skip
    with database.transaction():
        database.execute("INSERT INTO account (id, balance) VALUES (?, ?)", (number, balance))
        database.execute(
            f"INSERT INTO subscriber ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",
            list(values.values()),
        )


def recorded(database: Database) -> list[tuple[Any, ...]]:
    """Keys, kinds of the actions and their payloads: all that a round leaves behind."""
    return [
        tuple(row)
        for row in database.rows(
            "SELECT e.event_key, e.amount, a.kind, a.channel, a.payload FROM event e"
            " LEFT JOIN action a ON a.event_id = e.id ORDER BY e.event_key, a.kind"
        )
    ]


def cut_everywhere(
    database: Database,
    where: DatabaseConfig,
    given: Config,
    now: int,
    mode: Mode,
    work: Callable[[Rounds], int],
) -> Sequence[tuple[Any, ...]]:
    """Cuts the round at its first, second, third statement ... until one passes whole. After each
    cut another round goes on, and what is there then must be what an undisturbed one leaves."""
    work(rounds(database, given, now))
    expected = recorded(database)
    connection: CuttingDatabase = cutting(where)

    def unit(piece: Callable[[], Any]) -> Any:
        return run_unit(connection, piece, 0, threading.Event())

    k = 0
    while True:
        k += 1
        with database.transaction():
            database.execute("DELETE FROM action")
            database.execute("DELETE FROM event")
        connection.arm(k, mode)
        try:
            work(rounds(connection, given, now, WorkHooks(unit=unit)))
        except DatabaseUnavailable:
            connection.arm(0, mode)
            work(rounds(database, given, now))
            assert recorded(database) == expected, f"cut {mode} statement {k}"
        else:
            break
    connection.close()
    assert k > 20
    return expected
